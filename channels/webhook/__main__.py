"""`python -m channels.webhook ADDRESS`: the keys of one receiver, from the lender's on standard
input (`whsec_… whsec_…`, newest first), where an account says `own_keys`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from channels.errors import ChannelSettingsError
from channels.webhook.signing import key_of, own_key, secret_of


def main(arguments: Sequence[str], secrets: str) -> int:
    """0, or 2 with one line that says what is wrong."""
    if len(arguments) != 1 or not secrets.split():
        sys.stderr.write("want one ADDRESS, and whsec_ keys on standard input\n")
        return 2
    try:
        keys = [key_of(each) for each in secrets.split()]
    except ChannelSettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(" ".join(secret_of(own_key(key, arguments[0])) for key in keys) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], sys.stdin.read()))
