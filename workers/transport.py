"""Kombu's Redis transport, patient about the note of a message that it has already popped."""

from __future__ import annotations

from typing import Any

from kombu.transport import redis
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential

NOTED_WITHIN_S = 60.0


class PatientQoS(redis.QoS):
    """Notes what was popped until Redis takes the note.

    A message leaves its queue when it is popped, and is noted as unacknowledged in a second
    command. A Redis that is killed between the two forgets it, and the worker, which still has
    it, gave it up with the connection. At the Celery door the message is the event itself.
    """

    def append(self, message: Any, delivery_tag: str) -> None:  # Any: kombu's own message
        again = Retrying(
            retry=retry_if_exception_type(self.channel.connection_errors),
            stop=stop_after_delay(NOTED_WITHIN_S),
            wait=wait_exponential(0.05, max=1),
            reraise=True,
        )
        again(super().append, message, delivery_tag)


class Channel(redis.Channel):
    QoS = PatientQoS


class Transport(redis.Transport):
    Channel = Channel
