"""What providers sign and nobody can use: a dead letter, and what is true beside it counts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from channels.accounts import accounts_of
from channels.contract import Channel
from channels.fleet import Fleet
from channels.registry import build
from reminders.services import receipts
from reminders.services.callbacks import Callback
from reminders.services.hearing import Applied
from tests.contract.garbage import BODY, spoilt
from tests.contract.posters import entries, posters
from tests.contract.true_posts import content_type, query, trees, write
from tests.scenario.world import START, Free, World

NAMES = tuple(each.name for each in posters())
FEW = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
# The first and the last instants that a post can name; nothing of ours was sent in those years.
ENDS = (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))


@pytest.fixture(scope="module")
def channels() -> Mapping[str, Channel]:
    return build(accounts_of(entries()))


@pytest.fixture
def played(world: World, channels: Mapping[str, Channel]) -> World:
    """A customer with a bill and a message under way; an account of every provider listens."""
    world.customer()
    world.bill()
    world.run_until(START + timedelta(days=8))
    own = world.resources.fleet.by_name.values()
    fleet = Fleet((*own, *channels.values()), Free())
    world.resources = replace(world.resources, fleet=fleet)
    return world


def _callback(name: str, body: bytes, attempt: str, number: int = 0) -> Callback:
    kind = content_type(name)
    called = query(name, attempt)
    return Callback(
        f"{number}-0",
        name,
        body,
        {"content-type": kind} if kind else {},
        f"/v1/receipts/{name}?{called}" if called else "",
    )


def _apply(world: World, *callbacks: Callback) -> Applied:
    return receipts.apply(world.resources, callbacks)


def _carried_by(world: World, name: str) -> None:
    """The last message went by this provider."""
    with world.engine.begin() as connection:
        values = {"name": name, "attempt": world.last_attempt()}
        connection.execute(
            text("UPDATE attempt SET provider = :name WHERE attempt_id = :attempt"), values
        )


def _arrived(attempt: str) -> Callback:
    """What the gateway says of it, beyond doubt."""
    said = trees("gateway", attempt, "ref-1")[0]
    return _callback("gateway", write("gateway", said), attempt, 99)


@FEW
@given(data=st.data())
def test_garbage_of_every_provider_is_dead_letters_and_the_good_receipt_counts(
    played: World, data: st.DataObject
) -> None:
    """In one batch, as the stream gives them."""
    attempt = str(played.last_attempt())
    _carried_by(played, "gateway")
    posted = []
    for number, name in enumerate(NAMES):
        told = trees(name, "99999999-9999-9999-9999-999999999999", "ref-0")
        spoils = [write(name, data.draw(spoilt(tree))) for tree in told[:1]]
        posted += [_callback(name, body, "", number) for body in (data.draw(BODY), *spoils)]
    before = len(played.dead())
    applied = _apply(played, *posted, _arrived(attempt))
    assert applied.receipts >= 1
    assert applied.dead >= len(NAMES)
    assert len(played.dead()) > before
    assert {fault for fault, _ in played.dead()} == {"receipt"}
    assert played.attempts()[-1].endswith("delivered")
    again = _apply(played, *posted, _arrived(attempt))
    assert again.changed == 0


def test_what_each_provider_says_is_applied_or_waits_for_its_message(played: World) -> None:
    """Nothing of it is dead: it names the attempt, or the provider's own id of a message."""
    attempt = str(played.last_attempt())
    for name in NAMES:
        _carried_by(played, name)
        said = trees(name, attempt, f"ref-of-{name}")
        before = _waiting(played)
        applied = _apply(played, *(_callback(name, write(name, each), attempt) for each in said))
        waiting = _waiting(played) - before
        assert applied.receipts + applied.inbound + waiting >= len(said), name
        assert applied.dead == 0, name


def _waiting(world: World) -> int:
    found: int = world.rows("SELECT count(*) FROM parked_receipt")[0][0]
    return found


@pytest.mark.parametrize("at", ENDS)
def test_the_ends_of_the_calendar_stop_nobody(played: World, at: datetime) -> None:
    """A receipt, a letter and a STOP of those years, from the customer's own addresses."""
    attempt = str(played.last_attempt())
    receipt = {"reference": attempt, "status": "DELIVRD", "at": at.isoformat()}
    opened = receipt | {"status": "opened"}
    sms = {"nationcode": "86", "mobile": "16100000001", "time": int(at.timestamp())}
    letter = {"From": "customer.1@example.com", "In-Reply-To": f"<{attempt}@lender.example.com>"}
    dated = {**letter, "Date": format_datetime(at), "words": "who is this?"}
    posted = [
        _callback("gateway", json.dumps(receipt).encode(), attempt, 1),
        _callback("tencent", json.dumps([sms | {"text": "who is this?"}]).encode(), attempt, 2),
        _callback("mail", json.dumps(opened).encode(), attempt, 3),
        _callback("letters", write("letters", dated), attempt, 4),
        _callback("tencent", json.dumps([sms | {"text": "TD"}]).encode(), attempt, 5),
    ]
    for each in posted:
        _carried_by(played, each.provider)
        assert _apply(played, each) != Applied()
    _carried_by(played, "gateway")
    _apply(played, *posted, _arrived(attempt))
    assert played.attempts()[-1].split()[-1] in ("delivered", "read", "acted")
    assert played.facts().customer.opted_out("sms", "due_soon")


def test_a_clock_that_is_ahead_does_not_have_the_last_word(played: World) -> None:
    """The receipt is kept as it was said; what follows from it is of today at the latest."""
    attempt = str(played.last_attempt())
    said = {"reference": attempt, "status": "bounced", "code": "5.1.1", "at": ENDS[1].isoformat()}
    _carried_by(played, "mail")
    _apply(played, _callback("mail", json.dumps(said).encode(), attempt))
    assert played.rows("SELECT max(at) FROM receipt") == [(ENDS[1],)]
    assert played.rows("SELECT max(at) FROM attempt_event") == [(played.clock.now(),)]
