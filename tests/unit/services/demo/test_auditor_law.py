"""Hours, caps, refusals and confirmations, judged by packs and policy from the carriers' logs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.unit.services.demo.story import D_3, DAY, STAGES, Story

HOUR = timedelta(hours=1)


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(tmp_path)


@pytest.mark.parametrize(
    ("zone", "jurisdiction", "at", "found"),
    [
        # The policy closes at 21:00, the law of the place at 20:00.
        ("Europe/London", "GB", datetime(2005, 5, 17, 18, 59, tzinfo=UTC), {}),
        ("Europe/London", "GB", datetime(2005, 5, 17, 19, 0, tzinfo=UTC), {"outside_hours": 1}),
        ("Asia/Taipei", "TW", datetime(2005, 5, 17, 11, 0, tzinfo=UTC), {}),
        # A place that nobody knows has the hours that every law allows.
        ("Asia/Taipei", "", datetime(2005, 5, 17, 12, 0, tzinfo=UTC), {"outside_hours": 1}),
    ],
)
def test_hours_are_those_of_policy_and_law_together(
    story: Story, zone: str, jurisdiction: str, at: datetime, found: dict[str, int]
) -> None:
    story.begin(zone=zone, jurisdiction=jurisdiction)
    story.send(at)
    told = {name: n for name, n in story.found().items() if name == "outside_hours"}
    assert told == found


def test_an_hour_must_suit_every_zone_that_the_customer_may_be_in(story: Story) -> None:
    """Reg F, comment 6(b)(1)(i)-2: 10:00 in New York is 07:00 in Los Angeles."""
    story.begin(zone="America/New_York", jurisdiction="TW", others=("America/Los_Angeles",))
    ten = datetime(2005, 5, 17, 14, 0, tzinfo=UTC)
    story.send(ten, reference="early", reached=False)
    story.send(ten + HOUR)
    assert story.audit().checks["outside_hours"] == 1


def test_a_day_of_rest_closes_collection_and_no_notice(story: Story) -> None:
    """The EU pack: no collection on Sundays; 22 May 2005 was one."""
    story.begin(zone="Europe/Berlin", jurisdiction="DE")
    story.send(datetime(2005, 5, 22, 10, 0, tzinfo=UTC))
    assert story.audit().checks["outside_hours"] == 1


def test_a_stage_on_a_day_of_rest_is_asked_for_on_the_next(story: Story) -> None:
    """Due on a Friday: +3 is Monday; due on a Thursday it is Sunday, and waits for Monday."""
    story.begin(zone="Europe/Berlin", jurisdiction="DE", due_on="2005-05-19")
    story.send(datetime(2005, 5, 23, 6, 0, tzinfo=UTC))  # Monday, 08:00 in Berlin
    lost = {each.stage for each in story.audit().findings if each.check == "lost"}
    assert "d+3" not in lost
    assert "d+1" in lost


def _texts(story: Story, many: int, **more: object) -> None:
    for n in range(many):
        at = D_3 + n * timedelta(minutes=20)
        story.send(at, reference=f"T-{n}", reached=n == 0, **more)  # type: ignore[arg-type]  # a test's own words


@pytest.mark.parametrize(("many", "over"), [(2, 0), (3, 1), (4, 2)])
def test_each_text_beyond_the_days_cap_is_counted_once(story: Story, many: int, over: int) -> None:
    story.begin()
    _texts(story, many)
    story.send_all(but=(-3,))
    assert story.found() == ({"over_cap_sends": over} if over else {})


def test_a_try_that_the_carrier_refused_is_no_contact(story: Story) -> None:
    story.begin()
    _texts(story, 2)
    story.send(D_3 + HOUR, reference="T-9", status="503", reached=False)
    assert story.audit().checks["over_cap_sends"] == 0


def test_a_try_without_an_answer_is_a_contact_unless_its_carrier_takes_nothing(
    story: Story,
) -> None:
    story.begin()
    _texts(story, 2)
    story.send(D_3 + HOUR, reference="T-8", answer_after=None, reached=False, script="lost")
    assert story.audit().checks["over_cap_sends"] == 0
    story.send(D_3 + 2 * HOUR, reference="T-9", answer_after=None, script="hang")
    assert story.audit().checks["over_cap_sends"] == 1


def test_what_an_agent_did_counts_once_it_is_known(story: Story) -> None:
    story.begin()
    _texts(story, 2)
    assert story.found().get("over_cap_sends") is None
    story.tell(
        "contact.made",
        D_3 - HOUR,
        contact_id="AC-1",
        channel="voice",
        bill_id="B-1",
        conversation=True,
        connected=True,
        at=(D_3 - HOUR).isoformat(),
    )
    assert story.audit().checks["over_cap_sends"] == 1


def test_days_of_a_cap_are_the_customers_own(story: Story) -> None:
    """Taipei's midnight lies within a day of UTC."""
    story.begin()
    evening = datetime(2005, 5, 17, 12, 50, tzinfo=UTC)  # 20:50
    _texts(story, 1)
    story.send(evening, reference="T-5", reached=False)
    story.send(evening + 12 * HOUR, reference="T-6", reached=False)  # 08:50 of the next day
    assert story.audit().checks["over_cap_sends"] == 0


def test_a_law_may_count_a_week(story: Story) -> None:
    """Three in 7 x 24 h in Germany; the fourth lies within, the fifth does not."""
    story.begin(zone="Europe/Berlin", jurisdiction="DE")
    first = datetime(2005, 5, 10, 8, 0, tzinfo=UTC)
    for n, hours in enumerate((0, 24, 48, 167, 168 + 49)):
        story.send(first + hours * HOUR, reference=f"W-{n}", reached=False)
    findings = [each for each in story.audit().findings if each.check == "over_cap_sends"]
    assert [each.at for each in findings] == [(first + 167 * HOUR).isoformat()]
    assert "eu.text.7d" in findings[0].detail


def test_nobody_is_missed_whom_a_cap_kept_from_hearing(story: Story) -> None:
    """Two texts of another bill have used up the day of the first stage."""
    story.begin()
    story.bill("bill.issued", D_3 - 14 * DAY, bill_id="B-2", due_on="2005-07-20")
    story.send_all(but=(-3,))
    lost = [each for each in story.audit().findings if each.bill == "B-1"]
    assert [each.stage for each in lost] == ["d-3"]
    for n in range(2):
        story.send(D_3 - HOUR + n * timedelta(minutes=5), reference=f"O-{n}", bill="B-2")
    assert not [each for each in story.audit().findings if each.bill == "B-1"]


def _refuse(story: Story, kind: str = "*") -> None:
    story.tell(
        "preference.changed",
        D_3 - DAY,
        actor="customer",
        channel="sms",
        message_kind=kind,
        allowed=False,
    )


@pytest.mark.parametrize(
    ("jurisdiction", "product", "found"), [("CN", "card", 1), ("CN", "loan", 2), ("TW", "card", 2)]
)
def test_law_may_order_one_notice_in_spite_of_a_refusal(
    story: Story, jurisdiction: str, product: str, found: int
) -> None:
    """Card measures art. 67: amount and date, once; what is not ordered is refused."""
    story.begin(zone="Asia/Shanghai", jurisdiction=jurisdiction, product=product)
    _refuse(story)
    story.send(D_3)
    story.send(D_3 + 2 * DAY)
    assert story.audit().checks["opted_out_sends"] == found


def test_a_refusal_of_a_kind_bars_that_kind_alone(story: Story) -> None:
    story.begin()
    _refuse(story, "overdue")
    story.send_all(but=(7,))
    late = sum(1 for days in STAGES if 0 < days < 7)
    assert story.found() == {"opted_out_sends": late}


def test_a_number_must_have_been_confirmed_where_law_asks_for_it(story: Story) -> None:
    """12 CFR 1006.6(d)(5): within 60 days; a new number is not the one that was confirmed."""
    story.begin(zone="America/New_York", jurisdiction="US")
    noon = datetime(2005, 5, 17, 16, 0, tzinfo=UTC)
    story.send(noon, reached=False)
    assert story.audit().checks["stale_contact_sends"] == 1
    seen = noon - 10 * DAY
    story.tell("contact.confirmed", seen, channel="sms", confirmed_at=seen.isoformat())
    assert story.audit().checks["stale_contact_sends"] == 0
    story.tell("contact.changed", noon - 5 * DAY, channel="sms", address="+8610000000002")
    assert story.audit().checks["stale_contact_sends"] == 1


def test_whoever_chose_days_is_asked_for_on_those_alone(story: Story) -> None:
    """S1.18: of the days that the lender offers."""
    story.begin()
    story.tell("preference.offsets_chosen", D_3 - 9 * DAY, actor="customer", offsets=[-1])
    story.send_all(but=(-3, -1))
    lost = [each.stage for each in story.audit().findings]
    assert lost == ["d-1"]
