"""Mails that came back: reports, complaints and the free-form zoo."""

from channels.email.bounces.bounce import Bounce, Kind
from channels.email.bounces.read import read_bounce

__all__ = ["Bounce", "Kind", "read_bounce"]
