"""What an SMTP relay account needs to be told, and what the planner may expect of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from channels.contract import Capabilities, Confirms, WhenUncertain


@dataclass(frozen=True, slots=True)
class EmailSettings:
    """One relay. `sender` is the bare address of both envelope and From.

    `message_id_domain` defaults to the sender's. A password is only ever sent over TLS unless
    `password_without_tls` says that the way to the relay is safe by other means. `ca_file` names
    the authority of a relay whose certificate the system's own do not vouch for.
    """

    host: str
    port: int
    sender: str
    receipts_secret: str = field(repr=False)
    sender_name: str = ""
    message_id_domain: str = ""
    name: str = "email"
    username: str = ""
    password: str = field(default="", repr=False)
    starttls: bool = False
    ca_file: str = ""
    password_without_tls: bool = False
    rate_per_s: float = 100.0
    concurrency: int = 10
    timeout: timedelta = timedelta(seconds=20)
    cost_minor: int = 1


def capabilities(settings: EmailSettings) -> Capabilities:
    """An accepted mail may still bounce, and a relay knows no idempotency key: wait and see."""
    return Capabilities(
        channel="email",
        confirms=Confirms.ACCEPTED,
        idempotent=False,
        when_uncertain=WhenUncertain.WAIT,
        rate_per_s=settings.rate_per_s,
        concurrency=settings.concurrency,
        timeout=settings.timeout,
        max_chars=None,
        cost_minor=settings.cost_minor,
    )
