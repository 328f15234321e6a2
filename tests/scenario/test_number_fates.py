"""Numbers whose provider keeps a STOP, that are suspended, changed or given to somebody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from channels.sms.aliyun.errors import fault as aliyun_fault
from channels.sms.mainland import CARRIER_FAULTS
from channels.sms.smpp.settings import SmppSettings
from channels.sms.twilio.errors import fault as twilio_fault
from reminders.domain.outcome import Permanent, ReceiptStatus, Word
from reminders.ledger.contact_points import SUSPECT_FOR
from reminders.services import maintain, provider_opt_outs
from tests.scenario.test_inbound import opted_out, says
from tests.scenario.test_ledger import due
from tests.scenario.world import World
from tests.unit.channels.smpp.test_receipts import ACCOUNT, TEXT
from tests.unit.channels.smpp.test_receipts import receipt as smpp_receipt

HEALTH = "SELECT health FROM contact_point WHERE channel = 'sms'"
SOURCES = "SELECT source FROM preference_change"


def undelivered(world: World, reason: str) -> None:
    attempt = str(world.last_attempt())
    world.posts({"reference": attempt, "status": "undelivered", "reason": reason})


def test_tables_name_a_providers_opt_out_and_a_suspended_number() -> None:
    """Twilio 21610; Aliyun 用户已退订; China Mobile 停机 beside 空号."""
    assert twilio_fault(21610).reason == Word.OPTED_OUT
    assert aliyun_fault("isv.CUSTOMER_REFUSED").reason == Word.OPTED_OUT
    for code in ("MK:0005", "MK:0013"):
        assert (CARRIER_FAULTS[code].reason, CARRIER_FAULTS[code].dead_contact) == (
            Word.SUSPENDED,
            False,
        )
    assert CARRIER_FAULTS["MK:0001"].dead_contact
    assert twilio_fault(30005).dead_contact
    assert not twilio_fault(30003).dead_contact


def test_an_smpp_carriers_own_code_of_suspension_is_a_setting() -> None:
    account: SmppSettings = ACCOUNT
    text = TEXT.format("UNDELIV", "011")
    assert smpp_receipt(text, account).reason == "err_011"
    found = smpp_receipt(text, _with(account, ("011",)))
    assert (found.status, found.reason) == (ReceiptStatus.UNDELIVERED, Word.SUSPENDED)
    assert not found.dead_contact


def _with(account: SmppSettings, codes: tuple[str, ...]) -> SmppSettings:
    return replace(account, suspended_errors=codes)


@pytest.mark.parametrize("by_receipt", [False, True])
def test_a_stop_that_the_provider_keeps_is_our_opt_out(world: World, by_receipt: bool) -> None:
    """S1.19: the customer stopped it there, and is not written to there again."""
    due(world)
    if by_receipt:
        world.deliver()
        undelivered(world, Word.OPTED_OUT)
    else:
        world.sms.script = lambda _: Permanent(Word.OPTED_OUT)
        world.deliver()
    assert opted_out(world)
    assert world.rows(SOURCES) == [("provider-list",)]
    assert world.rows(HEALTH) == [("unknown",)]  # the number lives
    world.run_until(world.clock.now() + timedelta(days=5))
    assert len(world.sms.sent) == 1
    assert world.rows(SOURCES) == [("provider-list",)]


def test_a_customer_who_cannot_be_read_holds_up_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_: object) -> None:
        raise ValueError("no such zone")

    due(world)
    world.sms.script = lambda _: Permanent(Word.OPTED_OUT)
    with monkeypatch.context() as odd:
        odd.setattr(provider_opt_outs, "known", unreadable)
        world.deliver()
    assert world.attempts()[-1].startswith("email")  # the run went on to the next channel


def test_who_said_start_since_the_message_stays_with_us(world: World) -> None:
    due(world)
    world.deliver()
    world.clock.set(world.clock.now() + timedelta(minutes=5))
    says(world, "STOP", "m-1")
    says(world, "START", "m-2")
    undelivered(world, Word.OPTED_OUT)
    assert not opted_out(world)


def test_any_other_refusal_opts_nobody_out(world: World) -> None:
    world.sms.script = lambda _: Permanent("blocked")
    due(world)
    world.deliver()
    assert not opted_out(world)


def test_a_suspended_number_is_in_doubt_at_once_and_probed_again(world: World) -> None:
    due(world)
    world.deliver()
    undelivered(world, Word.SUSPENDED)
    assert world.rows(HEALTH) == [("suspect",)]
    world.clock.set(world.clock.now() + SUSPECT_FOR + timedelta(days=1))
    assert maintain.probe(world.resources) == 1
    assert world.rows(HEALTH) == [("unknown",)]


def test_a_number_that_is_off_once_is_not_in_doubt(world: World) -> None:
    due(world)
    world.deliver()
    undelivered(world, "unreachable")
    assert world.rows(HEALTH) == [("unknown",)]


def test_what_is_said_of_a_number_that_was_given_away_says_nothing_of_the_new_one(
    world: World,
) -> None:
    due(world)
    world.deliver()
    world.tell("contact.changed", {"channel": "sms", "address": "+8616100000077"})
    dead = {"reference": str(world.last_attempt()), "status": "undelivered", "dead_contact": True}
    world.posts(dead)
    assert world.rows(HEALTH) == [("unknown",)]
    world.tell("contact.changed", {"channel": "sms", "address": None})
    world.run_until(world.clock.now() + timedelta(days=2))
    assert len(world.sms.sent) == 1
