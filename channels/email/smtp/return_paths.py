"""Which address a mail leaves from."""

from __future__ import annotations

from channels.email.smtp.mime import is_address
from channels.email.smtp.settings import EmailSettings
from channels.email.verp import Verp
from channels.errors import ChannelSettingsError


def verp_of(settings: EmailSettings) -> Verp | None:
    """The signed return paths of this account, if it has them."""
    if not settings.verp_key:
        return None
    domain = settings.bounce_domain or settings.sender_domain
    if not is_address(f"x@{domain}"):
        raise ChannelSettingsError("bounce_domain is no mail domain")
    return Verp(domain, settings.verp_key)


def return_path(verp: Verp | None, sender: str, attempt_id: str) -> str:
    """Where a bounce of this attempt is to come back to."""
    if verp is None:
        return sender
    try:
        return verp.make(attempt_id)
    except ValueError:
        return sender  # no attempt: a mail that somebody sends by hand
