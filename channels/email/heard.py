"""What a mail in our mailbox says: a bounce, a complaint, or what a customer answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote
from uuid import UUID

from channels.called import field_of
from channels.contract import Post, Told
from channels.email.bounces import Bounce, Kind, read_bounce
from channels.email.bounces.letter import open_letter
from channels.email.bounces.traces import date_of, message_ids, return_paths
from channels.email.letters import asks_to_stop, written
from channels.email.verp import Verp
from channels.errors import ReceiptError
from reminders.domain.outcome import Receipt, ReceiptStatus

MAIL_TYPE = "message/rfc822"


def mail_post(raw: bytes, delivered_at: datetime) -> Post:
    """A mail as it goes onto the stream. The instant is our mailbox's own: a mail that is taken a
    second time must say the same, and not every mail has a date."""
    stamp = quote(delivered_at.astimezone(UTC).isoformat())
    return Post(raw, {"content-type": MAIL_TYPE}, f"/mailbox?delivered_at={stamp}")


def is_mail(post: Post) -> bool:
    """This post is a mail, and no provider's event."""
    kind = post.headers.get("content-type", "")
    return kind.partition(";")[0].strip().lower() == MAIL_TYPE


def hear_mail(post: Post, verp: Verp | None, now: Callable[[], datetime]) -> Told:
    """What it says. With `verp` only a signed return path names an attempt: Message-IDs are seen
    by whoever reads a mail, and could be copied. Raises `ReceiptError` if it names none of ours.
    """
    letter = open_letter(post.body)
    attempt = _attempt(return_paths(letter), message_ids(letter), verp)
    at = date_of(letter) or _delivered_at(post) or now()
    bounce = read_bounce(post.body)
    if bounce is None or (bounce.kind is Kind.AUTO_REPLY and asks_to_stop(letter)):
        return Told(inbound=[written(letter, attempt, at)])
    if bounce.kind in (Kind.NOTICE, Kind.AUTO_REPLY):
        return Told()
    if not attempt:
        raise ReceiptError(f"a {bounce.kind} that names no attempt of ours")
    return Told([_receipt(bounce, attempt, at)])


def _attempt(paths: tuple[str, ...], ids: tuple[str, ...], verp: Verp | None) -> str:
    if verp is not None:
        return next((found for path in paths if (found := verp.read(path))), "")
    return next((each.lower() for each in ids if _is_id(each)), "")


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def _receipt(bounce: Bounce, attempt: str, at: datetime) -> Receipt:
    complaint = bounce.kind is Kind.COMPLAINT
    return Receipt(
        attempt_id=attempt,
        # "This is spam" is said of a mail that arrived.
        status=ReceiptStatus.DELIVERED if complaint else ReceiptStatus.UNDELIVERED,
        at=at,
        reason=bounce.reason,
        dead_contact=bounce.dead_contact,
    )


def _delivered_at(post: Post) -> datetime | None:
    try:
        at = datetime.fromisoformat(field_of(post.url, "delivered_at"))
        return at.astimezone(UTC) if at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
