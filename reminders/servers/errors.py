"""The one error of the embedded servers: its message is the line a user reads."""


class ServerError(Exception):
    """A server cannot be found, started or shared; the message says what to do."""
