"""`reminders timeline` and `explain` tell what really happened, and `status` how far behind."""

from __future__ import annotations

import json
import sys

import pytest
from sqlalchemy import text

from reminders.cli import backlog, main
from reminders.domain.errors import PolicyError
from reminders.domain.outcome import Accepted
from tests.integration.cli.conftest import Command, World


@pytest.fixture
def told(world: World) -> World:
    """SMS silent on d-3, then e-mail; paid in full before d-1."""
    world.customer("C-1")
    world.bill("C-1", "B-1")
    world.work()
    world.sms.answers = [Accepted("r")]
    world.at("2026-03-22T10:00:00")
    world.at("2026-03-22T12:00:00")
    world.at("2026-03-22T18:00:00")
    world.at("2026-03-23T09:00:00")
    world.pay("C-1", "B-1", 123_400)
    world.work()
    return world


STORY = """\
Bill B-1 of C-1: 1,234.00 TWD, due 2026-03-25, settled, nothing left to pay
(local time, Asia/Taipei; tier R1)
  2026-03-15  10:00:00  issued: 1,234.00 TWD (minimum 200.00 TWD), due 2026-03-25
              10:00:00  planned by default@5: d-7 03-18 10:00, d-3 03-22 10:00, d-1 03-24 10:00, \
d0 03-25 10:00, d+1 03-26 10:00, d+3 03-28 10:00, d+7 04-01 10:00
  2026-03-22  10:00:00  d-7: not sent: the policy wants none at this tier
              10:00:00  d-3: SMS first to +86161****0001 — handed to sms-gateway
              12:00:00  d-3: SMS not confirmed in 2 h → e-mail to p***@example.com — \
handed to smtp-relay
              18:00:00  d-3: done: e-mail confirmed
  2026-03-23  09:00:00  payment of 1,234.00 TWD received
              09:00:00  d-1, d0, d+1, d+3, d+7: cancelled: paid in full
Nothing is ahead.
"""


def test_the_timeline_reads_like_a_story(told: World, reminders: Command) -> None:
    assert reminders("timeline", "B-1").stdout == STORY


def test_the_same_story_for_a_program(told: World, reminders: Command) -> None:
    (story,) = json.loads(reminders("timeline", "B-1", "--json").stdout)
    assert story["customer"] == "C-1"
    assert story["entries"][-1] == {
        "at": "2026-03-23T01:00:00+00:00",
        "local": "2026-03-23 09:00:00",
        "kind": "end",
        "stage": "d-1, d0, d+1, d+3, d+7",
        "text": "cancelled: paid in full",
    }


def test_what_is_ahead_is_what_the_brain_would_decide(world: World, reminders: Command) -> None:
    world.customer("C-1")
    world.bill("C-1", "B-1")
    world.publish(
        "preference.changed",
        customer_id="C-1",
        actor="customer",
        channel="sms",
        message_kind="*",
        allowed=False,
    )
    world.work()
    output = reminders("timeline", "B-1").stdout
    assert "customer opted out of SMS" in output
    assert "d-7: not sent: the policy wants none at this tier" in output
    assert "d-3: e-mail, to be accepted within 6 h" in output


ANEW = "d-1 03-24 10:00, d0 03-25 10:00, d+1 03-26 10:00, d+3 03-28 10:00, d+7 04-01 10:00"


def test_holds_and_statements_that_come_and_go(world: World, reminders: Command) -> None:
    world.customer("C-1")
    world.bill("C-1", "B-1")
    whole = {"customer_id": "C-1", "hold_id": "H-1"}
    placed = {"kind": "dispute", "from_at": "2026-03-20T00:00:00Z"}
    world.publish("hold.placed", **whole, **placed)
    world.at("2026-03-22T10:00:00")
    world.at("2026-03-22T20:00:00")
    world.publish("hold.lifted", lifted_at="2026-03-22T12:00:00Z", **whole)
    world.at("2026-03-22T21:30:00")
    world.at("2026-03-22T22:00:00")
    world.bill("C-1", "B-2", "2026-04-25", supersedes="B-1")
    world.work()
    world.publish("bill.cancelled", customer_id="C-1", bill_id="B-2", version=2)
    world.work()
    output = reminders("timeline", "B-1").stdout
    told = [line[24:] for line in output.splitlines() if line.startswith("  ")]
    for line in (
        "hold placed on the whole customer: dispute, until it is lifted",
        "d-3: paused: hold (dispute)",
        "hold H-1 lifted",
        "d-3: deferred to 08:00: quiet hours",
        "superseded by B-2, which contains its rest",
        "d-3, d-1, d0, d+1, d+3, d+7: cancelled: a newer statement contains its rest",
        "the newer statement B-2 was cancelled",
        f"planned anew by default@5: {ANEW}",
    ):
        assert line in told, output
        told = told[told.index(line) + 1 :]


def test_one_bill_id_of_two_customers(world: World, reminders: Command) -> None:
    for ref in ("C-1", "C-2"):
        world.customer(ref)
        world.bill(ref, "B-1")
    world.work()
    both = reminders("timeline", "B-1").stdout
    assert "of C-1:" in both
    assert "of C-2:" in both
    one = reminders("timeline", "B-1", "--customer", "C-2").stdout
    assert "of C-1:" not in one


def test_explain_shows_the_checks_and_marks_the_one_that_decided(
    told: World, reminders: Command
) -> None:
    output = reminders("explain", "B-1", "--stage", "d-3").stdout
    lines = [line.split() for line in output.splitlines()]
    assert ["tier", "R1,", "20", "points", "(times", "are", "local,", "Asia/Taipei)"] in lines
    assert ["+20", "no", "bill", "has", "fallen", "due", "yet"] in lines
    assert "done: e-mail confirmed" in output
    (marked,) = [line for line in output.splitlines() if "→" in line]
    shown = "→ ✓ confirmed already email accepted [receipts of carriers]"
    assert marked.split() == shown.split()


def test_explain_for_a_program(told: World, reminders: Command) -> None:
    (found,) = json.loads(reminders("explain", "B-1", "--json").stdout)
    stages = {stage["stage"]: stage for stage in found["stages"]}
    assert stages["d-1"]["verdict"] == "cancelled: paid in full"
    assert stages["d-1"]["checks"] == []
    checks = stages["d-7"]["checks"]
    assert [check["rule"] for check in checks] == ["open", "holds", "tier"]
    assert [check["decided"] for check in checks] == [False, False, True]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("timeline", "B-9"), "error: no bill is called B-9"),
        (("explain", "B-9"), "error: no bill is called B-9"),
        (("timeline", "B-1", "--customer", "C-9"), "error: no bill of customer C-9 is called B-1"),
        (("explain", "B-1", "--stage", "d-9"), "error: bill B-1 has no stage d-9"),
    ],
)
def test_what_is_unknown_is_one_line_and_exit_code_2(
    told: World,
    reminders: Command,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    line: str,
) -> None:
    monkeypatch.setattr(sys, "argv", ["reminders", *words])
    with pytest.raises(SystemExit) as ended:
        main.run()
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(line)


def test_status_says_how_far_behind(
    world: World, reminders: Command, redis_url: str, database_url: str
) -> None:
    world.customer("C-1")
    world.bill("C-1", "B-1")
    world.put(b"{")
    lines = dict(backlog.backlog(redis_url, database_url))
    assert lines["customers to evaluate"] == "1"
    assert lines["dead letters open"] == "malformed 1"
    assert lines["oldest due unsent"] == "none"


def test_status_never_fails_on_a_dead_server(redis_url: str, database_url: str) -> None:
    closed = "postgresql://reminders@127.0.0.1:1/reminders"
    ((name, why),) = backlog.backlog(redis_url, closed)
    assert name == "backlog"
    assert "the database says" in why
    ((name, why),) = backlog.backlog("redis://127.0.0.1:1", database_url)
    assert "not known" in why


def test_what_would_have_gone_but_for_one_rule(told: World, reminders: Command) -> None:
    """S5.14, I10: the deciding rule with its source, the versions, and the counterfactual."""
    output = reminders("explain", "B-1").stdout
    assert "default@5, packs house@2" in output
    assert "[policy default@5]" in output
    tier = "its tier (the least that it is for is R2)"
    past = "the end of its use"  # the system was looked at again when the next stage was due
    assert f"would have gone by SMS at 10:00 but for {tier}, and behind it {past}" in output
    assert "would have gone by SMS at 10:00 but for the payments" in output
    (found,) = json.loads(reminders("explain", "B-1", "--stage", "d-7", "--json").stdout)
    (stage,) = found["stages"]
    assert (stage["rule"], stage["cite"]) == ("tier", "policy default@5")
    assert stage["would"]["without"] == [
        {"rule": "tier", "subject": "R2"},
        {"rule": "newest", "subject": ""},
    ]
    assert stage["would"]["channel"] == "sms"
    assert stage["judged_then"]["tier"] == stage["tier"] == "R1"


def test_as_things_stood_at_an_instant(told: World, reminders: Command) -> None:
    """`--at`: only what was decided by then; the rest by the facts of today, and marked as such."""
    output = reminders("explain", "B-1", "--at", "2026-03-22T11:00:00+08:00").stdout
    assert "by the facts of today" in output
    assert "sent by SMS (first)" in output
    assert "e-mail confirmed" not in output
    (found,) = json.loads(
        reminders("explain", "B-1", "--at", "2026-03-14T00:00:00Z", "--json").stdout
    )
    assert found["stages"] == []
    wrong = reminders("explain", "B-1", "--at", "yesterday")
    assert wrong.exit_code == 2
    assert wrong.stderr.startswith("error: --at yesterday: write it with its zone")
    # In the customer's zone it would be the year 10,000.
    assert reminders("explain", "B-1", "--at", "9999-12-31T23:59:59Z").exit_code == 2


def test_every_decision_replays(told: World, reminders: Command) -> None:
    """I10: exit code 1 and the decision by name where one does not."""
    output = reminders("explain", "B-1", "--verify").stdout
    assert "d-3  send email unconfirmed: same" in output
    assert output.splitlines()[-1] == "4 decisions replay to the same, 0 to another"
    with told.resources.engine.begin() as connection:
        connection.execute(text("ALTER TABLE decision DISABLE TRIGGER ALL"))
        connection.execute(text("UPDATE decision SET reason = 'hold' WHERE outcome = 'suppress'"))
        connection.execute(text("ALTER TABLE decision ENABLE TRIGGER ALL"))
    found = reminders("explain", "B-1", "--verify")
    assert found.exit_code == 1
    assert "d-7  suppress hold: different" in found.stdout


def test_in_words_for_the_customer(told: World, reminders: Command) -> None:
    """PIPL 24: what was decided, from which kinds of facts, and how to ask a person."""
    english = reminders("explain", "B-1", "--for-customer").stdout.splitlines()
    assert "2026-03-22 10:00: we found that you did not need a reminder on this day." in english
    assert any("by text message, e-mail." in line for line in english)
    assert english[-1].startswith("If you do not agree")
    chinese = reminders("explain", "B-1", "--for-customer", "--language", "zh-CN").stdout
    assert "短信、电子邮件" in chinese
    assert "人工" in chinese
    none = reminders("explain", "B-1", "--for-customer", "--language", "tlh")
    assert isinstance(none.exception, PolicyError)
