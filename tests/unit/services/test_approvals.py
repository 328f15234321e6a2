"""A notice is sent only in words that another person approved than the one who proposed them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine

from reminders.ledger.templates import TemplateAct
from reminders.messages.facts import Kind, Rendered
from reminders.messages.templates import TemplateSet
from reminders.services.approvals import Act, Approvals, Standing, standing
from tests.unit.messages.bills import SHIPPED, facts

AT = datetime(2026, 3, 25, tzinfo=UTC)
NAME = "en/legal_notice.email"


def acts(*those: tuple[Act, str]) -> list[TemplateAct]:
    return [TemplateAct(NAME, "c", act, actor, "", AT) for act, actor in those]


@pytest.mark.parametrize(
    ("those", "stands"),
    [
        ((), Standing()),
        (((Act.PROPOSE, "ann"),), Standing("ann")),
        (((Act.APPROVE, "bo"),), Standing()),
        (((Act.PROPOSE, "ann"), (Act.APPROVE, "ann")), Standing("ann")),
        (((Act.PROPOSE, "ann"), (Act.APPROVE, "Ann ")), Standing("ann")),
        (((Act.PROPOSE, "ann"), (Act.APPROVE, "bo")), Standing("ann", "bo")),
        (((Act.PROPOSE, "ann"), (Act.APPROVE, "bo"), (Act.REVOKE, "cy")), Standing()),
        (((Act.PROPOSE, "a"), (Act.REVOKE, "a"), (Act.APPROVE, "b")), Standing()),
    ],
)
def test_only_a_second_person_approves(
    those: tuple[tuple[Act, str], ...], stands: Standing
) -> None:
    """S3.5, S3.17."""
    assert standing(acts(*those)) == stands


class Asked(Approvals):
    """Approvals that count how often the ledger is asked."""

    def __init__(self, known: Mapping[tuple[str, str], Standing]) -> None:
        super().__init__(create_engine("postgresql+psycopg://127.0.0.1:1/none"))
        self.known, self.times = known, 0

    def ask(self) -> Mapping[tuple[str, str], Standing]:
        self.times += 1
        return self.known


@pytest.fixture
def notice() -> Rendered:
    return TemplateSet.load(SHIPPED).render("email", facts(Kind.LEGAL_NOTICE))


def test_a_notice_needs_an_approval_of_exactly_its_words(notice: Rendered) -> None:
    approved = Asked({(NAME, notice.content): Standing("ann", "bo")})
    assert approved.missing(notice) == ""
    changed = replace(notice, content="other words")
    assert f"{notice.template} is not approved by a second person" in approved.missing(changed)
    proposed = Asked({(NAME, notice.content): Standing("ann")})
    assert proposed.missing(notice)


def test_the_ledger_is_asked_once_in_a_while_and_never_for_a_reminder(
    notice: Rendered, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr("reminders.services.approvals.time.monotonic", lambda: clock[0])
    asked = Asked({(NAME, notice.content): Standing("ann", "bo")})
    assert asked.missing(replace(notice, kind="pre_due")) == ""
    assert asked.times == 0
    for _ in range(3):
        assert asked.missing(notice) == ""
    assert asked.times == 1
    asked.known = {}
    clock[0] += 6
    assert asked.missing(notice)
    assert asked.times == 2
