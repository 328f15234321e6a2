"""What the packs of a customer ask of the words is sent, and what they forbid is not."""

from __future__ import annotations

from datetime import timedelta

from structlog.testing import capture_logs

from reminders.ledger.history import checks_of
from tests.scenario.world import START, World


def overdue_texts(world: World, jurisdiction: str, bill_id: str = "B-1") -> list[str]:
    world.customer(jurisdiction=jurisdiction)
    world.bill(bill_id)
    world.run_until(START + timedelta(days=25))
    sent = [each.message for channel in (world.sms, world.email) for each in channel.sent]
    return [each.text for each in sent if each.kind == "overdue"]


def test_an_overdue_text_says_what_the_pack_of_its_place_asks(world: World) -> None:
    texts = overdue_texts(world, "GB")
    assert texts
    assert all("Independent debt advice is free" in text for text in texts)
    assert not any("Reply STOP" in text or "think this is wrong" in text for text in texts)


def test_another_place_asks_for_something_else(world: World) -> None:
    texts = overdue_texts(world, "CN")
    assert texts
    assert all("If you think this is wrong" in text and "B-1" in text for text in texts)
    assert not any("debt advice" in text for text in texts)


def test_a_word_in_a_bills_number_silences_nobody(world: World) -> None:
    texts = overdue_texts(world, "CN", "police-7")
    assert texts
    assert all("police-7" in text for text in texts)


def test_what_a_pack_forbids_is_not_sent_and_the_rule_is_told(world: World) -> None:
    with capture_logs() as logs:
        assert overdue_texts(world, "CN", "the-police-7") == []
    refused = [each for each in logs if each["event"] == "message refused"]
    assert {each["log_level"] for each in refused} == {"warning"}  # the next channel is tried
    ended = [each for each in logs if each["event"] == "customer not told: words refused"]
    assert {each["log_level"] for each in ended} == {"error"}
    assert refused[0]["bill"] == "the-police-7"
    assert '"police" is barred' in refused[0]["why"]
    kept = world.rows("SELECT DISTINCT reason FROM reminder WHERE reason = 'content'")
    assert kept == [("content",)]
    row = world.rows("SELECT checks FROM decision WHERE reason = 'content' LIMIT 1")[0]
    (saw, *_) = [each.saw for each in checks_of(bytes(row[0])) if each.rule == "words.sms"]
    assert saw.startswith('"police" is barred: impersonation (cn@2026.03: CBA guideline 2026-01-30')
