"""The mailbox that bounces, complaints and answers come back to."""

from channels.email.mailbox.box import Place
from channels.email.mailbox.listening import listen

__all__ = ["Place", "listen"]
