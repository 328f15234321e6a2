"""Invents the people: where they live, how they can be reached, and what will happen to them.

Carriers behave by number and by domain (`channels.sandbox.scripts`); the shares below say how
many people each script and each happening gets, and at least one where there are enough people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import NamedTuple

from reminders.services.demo.card_rows import CardRow
from reminders.services.demo.chance import Chance
from reminders.services.demo.more_channels import Receivers, more_contacts
from reminders.services.demo.places import place_of
from reminders.services.demo.portfolio import DemoCustomer
from reminders.services.demo.statements import customer_id

_SMS_SHARES = (
    ("02", 0.03),  # unknown number
    ("01", 0.03),  # silent
    ("03", 0.02),  # 429, then taken
    ("04", 0.02),  # 5xx, then taken
    ("06", 0.02),  # doubled receipts, out of order
    ("08", 0.02),  # undelivered
    ("10", 0.01),  # the receipt comes hours later
    ("09", 0.005),  # down
    ("07", 0.005),  # slow
)
_EMAIL_SHARES = (
    ("bounce", 0.02),
    ("reject", 0.02),
    ("greylist", 0.02),
    ("silent", 0.01),
    ("opens", 0.05),
    ("full", 0.02),
    ("complains", 0.03),
    ("down", 0.005),
    ("slow", 0.005),
)
_CONTACT_SHARES = (("unreachable", 0.005), ("no_app", 0.06), ("no_sms", 0.02), ("no_email", 0.03))
_ROLE_SHARES = (
    ("opt_out_all", 0.02),
    ("opt_out_sms", 0.05),
    ("opt_out_email", 0.03),
    ("opt_out_overdue", 0.01),
    ("opt_back_in", 0.01),
    ("no_consent", 0.02),
    ("reversal", 0.04),
    ("dispute", 0.03),
    ("open_dispute", 0.01),
    ("hardship", 0.02),
    ("deceased", 0.003),
    ("failed_payment", 0.04),
    ("moved_due", 0.02),
    ("email_withdrawn", 0.01),
    ("moved_house", 0.02),
    ("promise_kept", 0.02),
    ("promise_broken", 0.02),
    ("observed", 0.02),
    ("offsets_chosen", 0.03),
    ("agent_called", 0.02),
    ("two_zones", 0.01),
    ("ordered_by_law", 0.005),
)
_PRODUCT_SHARES = (("lowered", 0.01), ("cancelled", 0.01), ("instalment", 0.06))
_ENGLISH_SHARE = 0.2
_TWIN_SHARE = 0.005

# Each hang costs the client a whole time-out of machine time, so few people have such a carrier
# however large the portfolio is.
_MOST_HANGING = 6
_MOST_LOST = 2  # every try of theirs hangs, and is tried again
_MOST_HANGING_MAIL = 2


@dataclass(frozen=True, slots=True)
class Dealt:
    """Who has which carrier, gap, role and product: what is dealt out among all the people."""

    people: int
    sms: Mapping[int, str]
    email: Mapping[int, str]
    gaps: Mapping[int, str]
    roles: Mapping[int, str]
    products: Mapping[int, str]
    twins: Mapping[int, int]  # who has the number of whom

    def person(self, client: int, chance: Chance) -> DemoCustomer:
        """The person behind one client."""
        contacts = _contacts(
            client, self.sms.get(client), self.email.get(client), self.gaps.get(client)
        )
        if client in self.twins:
            contacts["sms"] = number(self.twins[client], "00")
        roles = [name for dealt in (self.roles, self.products) if (name := dealt.get(client))]
        return _person(client, chance, contacts, roles)


def invent(
    rows: Sequence[CardRow], chance: Chance, receivers: Receivers | None = None
) -> list[DemoCustomer]:
    """One person per row, in the rows' order. With `receivers` they can be reached in further
    ways."""
    dealt = deal(rows, chance)
    people = [dealt.person(row.client, chance) for row in rows]
    if receivers is None:
        return people
    return [
        replace(
            each,
            contacts={**each.contacts, **more_contacts(row.client, each, receivers, chance)},
        )
        for row, each in zip(rows, people, strict=True)
    ]


def deal(rows: Iterable[CardRow], chance: Chance) -> Dealt:
    """What is dealt out among the people of `rows`, which are read once and not kept."""
    clients = _Clients([], [])
    for row in rows:
        (clients.lively if row.bills[-1] > 0 else clients.others).append(row.client)
    people = len(clients.lively) + len(clients.others)
    hanging = min(_MOST_HANGING, max(1, people // 100))
    silent_mail = min(_MOST_HANGING_MAIL, max(1, people // 200))
    sms = chance.deal(
        _order(clients, chance, "sms"),
        [("05", hanging), ("11", min(_MOST_LOST, hanging)), *_counts(_SMS_SHARES, people)],
    )
    hung = {client for client, script in sms.items() if script in ("05", "11")}
    email = chance.deal(
        _order(clients, chance, "email"),
        [("hang", silent_mail), *_counts(_EMAIL_SHARES, people)],
    )
    gaps = chance.deal(_order(clients, chance, "gaps", hung), _counts(_CONTACT_SHARES, people))
    roles = chance.deal(_order(clients, chance, "roles", hung), _counts(_ROLE_SHARES, people))
    pairs = max(1, round(_TWIN_SHARE * people))
    plain = islice(_order(clients, chance, "twins", {*sms, *gaps, *roles}), 2 * pairs)
    return Dealt(
        people=people,
        sms=sms,
        email=email,
        gaps=gaps,
        roles=roles,
        products=chance.deal(_order(clients, chance, "products"), _counts(_PRODUCT_SHARES, people)),
        twins=_pairs(plain),
    )


def _pairs(people: Iterable[int]) -> dict[int, int]:
    """Every second one with the one before."""
    ordered = list(people)
    return dict(zip(ordered[1::2], ordered[::2], strict=False))


def number(client: int, script: str) -> str:
    return f"+861{script}{client % 100_000_000:08}"


def new_number(client: int) -> str:
    """Another number of the same person, one that is delivered to."""
    return number(90_000_000 + client, "00")


def address(client: int, script: str) -> str:
    return f"client{client}@{script}.example.com"


def _counts(shares: Iterable[tuple[str, float]], people: int) -> list[tuple[str, int]]:
    return [(name, max(1, round(share * people))) for name, share in shares]


class _Clients(NamedTuple):
    """Clients by whether their last statement is open, each in the order of their rows."""

    lively: list[int]
    others: list[int]


def _order(clients: _Clients, chance: Chance, about: str, but: Iterable[int] = ()) -> list[int]:
    """Clients with an open last statement first: they surely hear of it."""
    left_out = set(but)
    groups = ([client for client in group if client not in left_out] for group in clients)
    return list(chain.from_iterable(chance.shuffled(group, about) for group in groups))


def _contacts(client: int, sms: str | None, email: str | None, gap: str | None) -> dict[str, str]:
    if gap == "unreachable":
        return {"sms": number(client, "02"), "email": address(client, "reject")}
    contacts = {
        "sms": number(client, sms or "00"),
        "email": address(client, email or "deliver"),
        "in_app": "",
    }
    contacts.pop({"no_app": "in_app", "no_sms": "sms", "no_email": "email"}.get(gap or "", ""), "")
    return contacts


def _person(
    client: int, chance: Chance, contacts: dict[str, str], roles: list[str]
) -> DemoCustomer:
    if contacts.get("sms", "")[4:6] in ("01", "02") and chance.share("renewed", client) < 0.5:
        roles.append("number_renewed")
    home = place_of(client, roles, chance)
    if home.jurisdiction == "US":
        roles.append("confirmed")
    chinese = home.chinese and chance.share("language", client) >= _ENGLISH_SHARE
    return DemoCustomer(
        customer_id=customer_id(client),
        language="zh-CN" if chinese else "en",
        time_zone=home.time_zone,
        contacts=contacts,
        roles=tuple(roles),
        jurisdiction=home.jurisdiction,
        other_time_zones=("America/Los_Angeles",) if "two_zones" in roles else (),
    )
