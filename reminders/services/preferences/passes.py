"""The pass to one customer's preference page: signed, expiring, and no pass to anything else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from itsdangerous import BadData, URLSafeSerializer

PATH = "/v1/preferences/"
LINK_LASTS = timedelta(days=90)  # a statement is looked up again in the next one or two cycles
_PASS = "reminders.preferences"  # noqa: S105  (a salt: the key is passed in)
_SEEN = "reminders.disclosure"


def preference_pass(customer_ref: str, key: str, expires_at: datetime) -> str:
    """A pass for this customer, good until `expires_at` of the machine clock."""
    return _text(_PASS, key, [customer_ref, int(expires_at.timestamp())])


@dataclass(frozen=True, slots=True)
class PreferenceLinks:
    """Makes the address of a customer's own page, for their messages."""

    base_url: str  # of the console, as customers reach it; without a slash at its end
    key: str

    def of(self, customer_ref: str) -> str:
        """The page of this customer, good for `LINK_LASTS` from now."""
        token = preference_pass(customer_ref, self.key, datetime.now(UTC) + LINK_LASTS)
        return f"{self.base_url}{PATH}{token}"


def customer_of_pass(token: str, key: str, now: datetime | None = None) -> str | None:
    """Whose page `token` opens at `now` (default: the machine clock); None if nobody's."""
    match _read(_PASS, key, token):
        case [str() as ref, int() as expires]:
            moment = datetime.now(UTC) if now is None else now
            return ref if moment.timestamp() < expires else None
    return None


def shown_disclosure(change_no: str, version: str, language: str, key: str) -> str:
    """What the form of a disclosure carries, so that only what was shown is acknowledged."""
    return _text(_SEEN, key, [change_no, version, language])


def disclosure_shown(token: str, key: str) -> tuple[str, str, str] | None:
    """Change, version and language of a disclosure that was shown; None if it never was."""
    match _read(_SEEN, key, token):
        case [str() as change_no, str() as version, str() as language]:
            return change_no, version, language
    return None


def _text(salt: str, key: str, value: list[object]) -> str:
    token = URLSafeSerializer(key, salt=salt).dumps(value)
    return token if isinstance(token, str) else token.decode()


def _read(salt: str, key: str, token: str) -> object:
    try:
        return URLSafeSerializer(key, salt=salt).loads(token)
    except (BadData, ValueError, TypeError):
        return None
