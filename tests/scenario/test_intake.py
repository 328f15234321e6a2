"""Events of any order, number and quality: one derived state, and nothing stops the rest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from reminders.domain.bill import Phase
from reminders.domain.identity import customer_id
from reminders.services.judging import judge
from tests.scenario.world import PROFILE, START, World, bill_data, profile

State = tuple[object, ...]


def state(world: World) -> State:
    """Everything that is derived: balances, phases, tier, addresses, and the plan ahead."""
    known = world.facts()
    now = world.clock.now()
    bills = {
        name: (bill.balance, bill.minimum_left, bill.phase(now.date()), bill.closed, bill.terms)
        for name, bill in known.bills.items()
    }
    plan = world.rows(
        "SELECT bill_id, stage, epoch, due_at, expires_at, state FROM reminder"
        " WHERE due_at > :now AND state IN ('planned', 'contacting') ORDER BY 1, 2, 3",
        now=now,
    )
    points = {name: point.mask for name, point in known.customer.contacts.items()}
    barred = sorted((each.channel, each.kind) for each in known.customer.preferences)
    held = known.customer.hold_on("B-1", now) is not None
    tier = judge(known, world.resources.book.active, now).tier
    return bills, plan, points, barred, held, tier, known.customer.time_zone


_kinds = st.sampled_from(
    [
        "bill",
        "bill 2",
        "adjust",
        "move",
        "cancel",
        "pay",
        "pay all",
        "fail",
        "reverse",
        "opt out",
        "opt in",
        "hold",
        "lift",
        "contact",
        "zone",
    ]
)


def story(world: World, kinds: Sequence[str], random: Random) -> list[bytes]:
    """The events of these kinds, in order of the time at which they say they happened."""
    bodies = [world.event("customer.updated", profile(1))]
    for number, kind in enumerate(kinds, 1):
        at = START + timedelta(minutes=number)
        name, data = _event(kind, number, at.isoformat(), random)
        bodies.append(world.event(name, data, at=at))
    return bodies


Made = tuple[str, dict[str, Any]]  # Any: JSON


def _event(kind: str, number: int, at: str, random: Random) -> Made:
    if kind in {"bill", "bill 2", "adjust", "move", "cancel"}:
        return _of_bill(kind, number, at, random)
    if kind in {"pay", "pay all", "fail", "reverse"}:
        return _of_money(kind, number, at)
    return _of_customer(kind, number, at, random)


def _of_bill(kind: str, number: int, at: str, random: Random) -> Made:
    bill = bill_data() | {"version": number}
    match kind:
        case "bill":
            return "bill.issued", bill
        case "bill 2":
            issued = bill_data("B-2") | {"supersedes": "B-1", "due_on": "2026-04-11"}
            return "bill.issued", issued | {"version": number, "issued_at": at}
        case "adjust":
            return "bill.adjusted", bill | {"amount_due_minor": random.choice([50_000, 200_000])}
        case "move":
            return "bill.adjusted", bill | {"due_on": f"2026-03-{random.randint(12, 20)}"}
        case _:
            bill_id = random.choice(["B-1", "B-2"])
            return "bill.cancelled", {"bill_id": bill_id, "version": number}


def _of_money(kind: str, number: int, at: str) -> Made:
    if kind == "reverse":
        return "payment.reversed", {"payment_id": f"P-{number - 1}", "reversed_at": at}
    amount = {"pay": 30_000, "pay all": 100_000, "fail": 1}[kind]
    money: dict[str, Any] = {"payment_id": f"P-{number}", "bill_id": "B-1", "currency": "TWD"}
    money["amount_minor"] = amount
    if kind == "fail":
        return "payment.failed", money | {"failed_at": at, "reason": "insufficient_funds"}
    return "payment.received", money | {"paid_at": at}


def _of_customer(kind: str, number: int, at: str, random: Random) -> Made:
    match kind:
        case "opt out" | "opt in":
            choice = {"actor": "customer", "channel": "sms", "message_kind": "*"}
            return "preference.changed", choice | {"allowed": kind == "opt in"}
        case "hold":
            hold = {"hold_id": f"H-{number}", "kind": "dispute", "bill_id": "B-1", "from_at": at}
            return "hold.placed", hold
        case "lift":
            return "hold.lifted", {"hold_id": f"H-{number - 1}", "lifted_at": at}
        case "contact":
            return "contact.changed", {"channel": "sms", "address": f"+86161{number:08}"}
        case _:
            zone = random.choice(["Asia/Taipei", "America/New_York", "Europe/Berlin"])
            return "customer.updated", profile(1) | {"time_zone": zone}


@settings(PROFILE)
@given(kinds=st.lists(_kinds, max_size=10), random=st.randoms(use_true_random=False))
def test_the_same_events_in_any_order_and_number_give_one_state(
    world: World, kinds: list[str], random: Random
) -> None:
    world.start_again()
    bodies = story(world, kinds, random)
    world.take(*bodies)
    world.clock.set(START + timedelta(hours=1))
    world.evaluate()
    expected = state(world)

    world.start_again()
    shuffled = [*bodies, *random.choices(bodies, k=3)]
    random.shuffle(shuffled)
    new = 0
    while shuffled:
        size = random.randint(1, 4)
        batch, shuffled = shuffled[:size], shuffled[size:]
        taken = world.take(*batch)
        new += taken.new
        assert (taken.conflicts, taken.dead) == (0, 0)
        if random.random() < 0.5:
            world.evaluate()
    assert new == len(bodies)
    world.clock.set(START + timedelta(hours=1))
    world.tell("contact.changed", {"channel": "in_app", "address": "app"})
    world.evaluate()
    found = state(world)
    _same(expected, found)


def _same(expected: State, found: State) -> None:
    """Equal but for the contact point that woke the evaluation up."""
    for one, other in zip(expected, found, strict=True):
        if isinstance(one, dict) and "in_app" in one and isinstance(other, dict):
            one, other = dict(one, in_app=""), dict(other, in_app="")
        assert one == other


def test_the_same_id_with_other_content_is_refused_and_kept(world: World) -> None:
    world.customer()
    world.tell("bill.issued", bill_data(), event_id="x")
    other = bill_data() | {"amount_due_minor": 1_000_000}
    taken = world.tell("bill.issued", other, event_id="x")
    assert (taken.new, taken.conflicts) == (0, 1)
    assert world.dead() == [("conflict", "the same source and id came with other content")]
    assert world.position().balance == 100_000


def test_a_conflict_within_one_batch_lets_the_first_win(world: World) -> None:
    bodies = [
        world.event("bill.issued", bill_data() | {"amount_due_minor": amount}, event_id="x")
        for amount in (100_000, 200_000)
    ]
    taken = world.take(*bodies, bodies[0])
    assert (taken.new, taken.duplicates, taken.conflicts) == (1, 1, 1)
    assert world.position().balance == 100_000


def test_a_refused_batch_is_halved_to_the_one_event(world: World) -> None:
    """The database itself refuses: an amount that it has been told not to hold."""
    with world.engine.begin() as connection:
        connection.execute(text("ALTER TABLE payment ADD CONSTRAINT odd CHECK (amount <> 13)"))
    try:
        bodies = [
            world.event(
                "payment.received",
                {
                    "payment_id": f"P-{amount}",
                    "bill_id": "B-1",
                    "amount_minor": amount,
                    "currency": "TWD",
                    "paid_at": START.isoformat(),
                },
                who=f"C-{amount}",
            )
            for amount in range(1, 21)
        ]
        taken = world.take(*bodies, b"{", b"")
    finally:
        with world.engine.begin() as connection:
            connection.execute(text("ALTER TABLE payment DROP CONSTRAINT odd"))
    assert (taken.new, taken.dead) == (19, 3)
    faults = dict(world.dead())
    assert "violates check constraint" in faults["refused"]
    assert world.rows("SELECT count(*) FROM payment") == [(19,)]


_NESTED = b"[" * 10_000 + b"]" * 10_000


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the body is empty"),
        (b" " * 1_000_000, "1000000 bytes are more than the 262144 of an event"),
        (b"\xff\xfe\x00", "is not UTF-8: byte 0xff at offset 0"),
        (b"null", "Input should be an object"),
        (b'{"a": ' + _NESTED + b"}", ""),
        (_NESTED, ""),
        ({"type": "bill.exploded"}, "unknown type bill.exploded"),
        ({"type": None}, ""),
        ({"id": ""}, "id: "),
        ({"id": "a\x00b"}, "id: holds a control character"),
        ({"source": "\ud800"}, ""),
        ({"amount_due_minor": -1}, "amount_due_minor: "),
        ({"amount_due_minor": 2**63}, "amount_due_minor: "),
        ({"amount_due_minor": 10**400}, ""),
        ({"amount_due_minor": 1.0}, "amount_due_minor: "),
        ({"amount_due_minor": "100"}, "amount_due_minor: "),
        ({"product": "a\x00b"}, "product: holds a control character"),
        ({"due_on": "2027-02-29"}, "due_on: "),
        ({"due_on": "10000-01-01"}, "due_on: "),
        ({"due_on": 20260311}, "due_on: "),
        ({"version": 2**31}, "version: "),
        ({"currency": "money"}, "currency: is not an ISO 4217 code such as TWD"),
        ({"supersedes": "B-1"}, "a bill cannot supersede itself"),
        ({"surprise": 1}, "surprise: "),
    ],
)
def test_what_cannot_be_read_is_kept_with_its_reason(
    world: World, body: bytes | dict[str, object], reason: str
) -> None:
    raw = body if isinstance(body, bytes) else _spoilt(world, body)
    good = world.event("bill.issued", bill_data("B-9"))
    taken = world.take(raw, good)
    assert (taken.new, taken.dead) == (1, 1)
    ((fault, said),) = world.dead()
    assert fault == "malformed"
    assert reason in said


def _spoilt(world: World, changed: dict[str, object]) -> bytes:
    event = json.loads(world.event("bill.issued", bill_data()))
    for name, value in changed.items():
        (event if name in event else event["data"])[name] = value
    return json.dumps(event).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    "changed",
    [
        {"due_on": "2028-02-29"},
        {"due_on": "9999-12-31"},
        {"due_on": "0001-01-01"},
        {"amount_due_minor": 2**63 - 1, "minimum_due_minor": 2**63 - 1},
        {"amount_due_minor": 0, "minimum_due_minor": 0},
        {"issued_at": "0001-01-01T00:00:00+00:00"},
        {"product": "信用卡 💳"},
        {"version": 2**31 - 1},
    ],
)
def test_what_is_odd_and_legal_is_taken_evaluated_and_paid(
    world: World, changed: dict[str, object]
) -> None:
    world.customer()
    taken = world.tell("bill.issued", bill_data() | changed)
    assert (taken.new, taken.dead) == (1, 0)
    world.evaluate()
    world.deliver()
    for number in range(2):
        world.pay(f"P-{number}", 2**63 - 1)
    world.evaluate()
    bill = world.facts().bills.get("B-1")
    # One that was due two thousand years ago is history, and nobody is reminded of it.
    assert bill is None or bill.phase(START.date()) is Phase.SETTLED
    assert world.rows("SELECT 1 FROM reminder WHERE state IN ('planned', 'contacting')") == []


def test_an_unknown_zone_is_refused(world: World) -> None:
    taken = world.tell("customer.updated", profile(1) | {"time_zone": "Mars/Olympus"})
    assert taken.dead == 1
    assert "time_zone: is not a time zone" in world.dead()[0][1]


def test_a_thousand_events_for_one_customer(world: World) -> None:
    world.customer()
    world.bill()
    paid = {"bill_id": "B-1", "amount_minor": 10, "currency": "TWD", "paid_at": START.isoformat()}
    bodies = [world.event("payment.received", paid | {"payment_id": f"P-{n}"}) for n in range(1000)]
    assert world.take(*bodies).new == 1000
    assert world.position().balance == 90_000


def test_the_same_rubbish_twice_is_one_dead_letter(world: World) -> None:
    for _ in range(2):
        world.take(b"rubbish", b"rubbish")
    assert len(world.dead()) == 1


def test_dead_letters_that_the_database_refuses_do_not_turn_in_a_circle(world: World) -> None:
    with world.engine.begin() as connection:
        connection.execute(
            text("ALTER TABLE dead_letter ADD CONSTRAINT odd CHECK (reason NOT LIKE '%empty%')")
        )
    try:
        with pytest.raises(Exception, match="violates check constraint"):
            world.take(b"", b"rubbish", b"more")
    finally:
        with world.engine.begin() as connection:
            connection.execute(text("ALTER TABLE dead_letter DROP CONSTRAINT odd"))


def test_a_payment_counts_however_long_ago_it_says_it_was_made(world: World) -> None:
    world.customer()
    world.bill()
    paid = {"payment_id": "P-1", "bill_id": "B-1", "amount_minor": 100_000, "currency": "TWD"}
    world.tell("payment.received", paid | {"paid_at": "2001-01-01T00:00:00+00:00"})
    assert world.position().settled


def test_a_bill_put_off_for_years_keeps_its_epoch(world: World) -> None:
    world.customer()
    world.bill(due_on="2025-02-01", issued_at="2025-01-01T00:00:00+00:00")
    world.bill(version=2, due_on="2026-06-01", issued_at="2025-01-01T00:00:00+00:00")
    assert world.position().epoch == 1
    world.clock.set(START + timedelta(days=60))
    assert world.position().epoch == 1


def test_a_correction_of_a_payment_is_told_by_time_in_any_century(world: World) -> None:
    """One payment id, two statements of it: the later one counts, in one batch or in two."""
    paid = {"payment_id": "P-1", "bill_id": "B-1", "currency": "TWD", "paid_at": START.isoformat()}
    early = json.loads(world.event("payment.received", paid | {"amount_minor": 99}))
    early["time"] = "0999-01-01T00:00:00+00:00"
    world.bill()
    world.tell("payment.received", paid | {"amount_minor": 40_000})
    world.take(json.dumps(early).encode())
    assert world.position().balance == 60_000


def test_two_references_with_one_number_are_refused_loudly(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.customer()
    monkeypatch.setattr("reminders.services.intake.customer_id", lambda ref: _number_of("C-1"))
    taken = world.tell("customer.updated", profile(2), who="C-2")
    assert taken.dead == 1
    assert world.dead() == [("refused", "another customer has the same number")]


def _number_of(ref: str) -> int:
    return customer_id(ref)
