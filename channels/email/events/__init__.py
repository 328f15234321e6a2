"""Mail events that a provider posts: our own form, Mailgun's and SendGrid's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from channels import signature
from channels.contract import Post, Told
from channels.email.events import mailgun, own, sendgrid


class Events(StrEnum):
    """Whose mail events are posted to us."""

    OWN = "own"
    MAILGUN = "mailgun"
    SENDGRID = "sendgrid"


@dataclass(frozen=True, slots=True)
class Reader:
    """`verify` is given the account's `receipts_secret`; `read` raises `ReceiptError`. `headers`:
    what a mail carries so that its events name its attempt."""

    read: Callable[[bytes], Told]
    verify: Callable[[str, Post], bool]
    headers: Callable[[str], Mapping[str, str]] | None = None


def _our_own(secret: str, post: Post) -> bool:
    return signature.verify(secret, post.body, post.headers)


READERS: Mapping[Events, Reader] = {
    Events.OWN: Reader(own.read, _our_own),
    Events.MAILGUN: Reader(mailgun.read, mailgun.verify),
    Events.SENDGRID: Reader(sendgrid.read, sendgrid.verify, sendgrid.headers),
}

__all__ = ["READERS", "Events", "Reader"]
