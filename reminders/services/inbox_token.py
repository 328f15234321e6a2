"""The pass to one customer's inbox: signed, expiring, worth nothing for anybody else's."""

from __future__ import annotations

from datetime import UTC, datetime

from itsdangerous import BadData, URLSafeSerializer

_SALT = "reminders.inbox"


def inbox_token(customer_id: str, key: str, expires_at: datetime) -> str:
    """A token for `customer_id` that the inbox takes until `expires_at` of the machine clock."""
    token = URLSafeSerializer(key, salt=_SALT).dumps([customer_id, int(expires_at.timestamp())])
    return token if isinstance(token, str) else token.decode()


def customer_of(token: str, key: str, now: datetime | None = None) -> str | None:
    """Whose inbox `token` opens at `now` (default: the machine clock); None if nobody's."""
    try:
        customer_id, expires = URLSafeSerializer(key, salt=_SALT).loads(token)
    except (BadData, ValueError, TypeError):
        return None
    moment = datetime.now(UTC) if now is None else now
    fresh = isinstance(expires, int) and moment.timestamp() < expires
    return customer_id if fresh and isinstance(customer_id, str) else None
