"""What an SMTP relay account needs to be told, and what the planner may expect of it."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from datetime import timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from channels.contract import Capabilities, Confirms, WhenUncertain
from channels.email.events import Events
from channels.errors import ChannelSettingsError
from channels.provider_settings import ProviderSettings


class Tls(StrEnum):
    """How the line to the relay is made private."""

    NONE = "none"
    STARTTLS = "starttls"  # RFC 3207, usually port 587
    IMPLICIT = "implicit"  # RFC 8314 §3.3, usually port 465


@dataclass(frozen=True, slots=True)
class EmailSettings(ProviderSettings):
    """One relay. `sender` is the bare address of From, and of the envelope unless `verp_key` is
    set: then each mail leaves from a signed return path of its own under `bounce_domain` (default:
    the sender's domain).

    `message_id_domain` defaults to the sender's. A password is only ever sent over TLS unless
    `password_without_tls` says that the way to the relay is safe by other means. `ca_file` names
    the authority of a relay, or mailbox, whose certificate the system's own do not vouch for.

    `mailbox` is where bounces and complaints come back: `imaps://host:993/INBOX`, `imap://…`
    (STARTTLS unless `mailbox_without_tls`), or `maildir:/path`.
    `receipts_secret` checks the posts of `events`: our own secret, Mailgun's webhook signing key,
    or SendGrid's verification key.
    """

    host: str
    port: int
    sender: str
    receipts_secret: str = field(repr=False)
    _: KW_ONLY
    name: str = "email"
    concurrency: int = 10
    timeout: timedelta = timedelta(seconds=20)
    cost_minor: int = 1
    sender_name: str = ""
    message_id_domain: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    tls: Tls = Tls.NONE
    ca_file: str = ""
    password_without_tls: bool = False
    verp_key: str = field(default="", repr=False)
    bounce_domain: str = ""
    mailbox: str = ""
    mailbox_user: str = ""
    mailbox_password: str = field(default="", repr=False)
    mailbox_without_tls: bool = False
    mailbox_every: timedelta = timedelta(seconds=30)
    events: Events = Events.OWN

    @property
    def sender_domain(self) -> str:
        return self.sender.rpartition("@")[2]


def check(settings: EmailSettings) -> None:
    """Raise `ChannelSettingsError` for what cannot work."""
    if settings.bounce_domain and not settings.verp_key:
        raise ChannelSettingsError("bounce_domain wants a verp_key to sign return paths with")
    if not settings.mailbox:
        return
    place = urlsplit(settings.mailbox)
    if place.scheme == "maildir":
        fine = place.path.startswith("/") and not place.netloc
    else:
        fine = place.scheme in ("imap", "imaps") and bool(place.hostname)
    if not fine:
        raise ChannelSettingsError("mailbox is imaps://host/folder, imap://… or maildir:/path")


def capabilities(settings: EmailSettings) -> Capabilities:
    """An accepted mail may still bounce, and a relay knows no idempotency key: wait and see."""
    return Capabilities(
        channel="email",
        confirms=Confirms.ACCEPTED,
        idempotent=False,
        when_uncertain=WhenUncertain.WAIT,
        max_chars=None,
        **settings.shared(),
    )
