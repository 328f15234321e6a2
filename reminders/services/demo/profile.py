"""A person as `customer.updated` tells of them."""

from __future__ import annotations

from collections.abc import Mapping

from reminders.services.demo.portfolio import DemoCustomer

_SURNAMES = "王李张刘陈杨黄赵吴周"


def profile(
    person: DemoCustomer,
    language: str | None = None,
    contacts: Mapping[str, str] | None = None,
) -> dict[str, object]:
    """The event's data; everyone without the role `no_consent` agreed to every channel."""
    points = person.contacts if contacts is None else contacts
    return {
        "customer_id": person.customer_id,
        "name": _name(person.customer_id),
        "language": language or person.language,
        "time_zone": person.time_zone,
        **({"other_time_zones": list(person.other_time_zones)} if person.other_time_zones else {}),
        "jurisdiction": person.jurisdiction,
        "contact_points": [_point(channel, points[channel]) for channel in points],
        "consent": {
            channel: not (channel == "email" and "no_consent" in person.roles)
            for channel in dict.fromkeys(("sms", "email", "in_app", *points))
        },
    }


def _name(customer_id: str) -> str:
    number = int(customer_id.rpartition("-")[2])
    return f"{_SURNAMES[number % len(_SURNAMES)]}示例{number}"


def _point(channel: str, address: str) -> dict[str, str]:
    return {"channel": channel, "address": address} if address else {"channel": channel}
