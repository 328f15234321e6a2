"""The operations page: for operators alone, whole in itself, and safe from what others wrote."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from uuid import UUID

import pytest
from sqlalchemy.exc import OperationalError

from reminders.cli.commands import COMMANDS
from reminders.console.asgi import Refused
from reminders.console.operations import OperationsDoor
from reminders.console.operations_page import page
from reminders.domain.human_task import Task, TaskKind, TaskState
from reminders.ledger.backlog import Due
from reminders.ledger.incidents import Incident
from reminders.ledger.open_questions import DoubleContact, UncertainAttempt
from reminders.services.incidents import Mode, Status
from reminders.services.metrics_overview import Overview, Provider
from reminders.services.open_questions import OpenQuestion
from tests.unit.console.asgi_client import Answer, call, run
from tests.unit.console.conftest import NOW

EVIL = '<script>alert("x")</script>\x00\u202e\'"&'
ID = UUID(int=1)
THEN = NOW - timedelta(hours=3)
TASK = Task(ID, 1, EVIL, TaskKind.UNREACHABLE, EVIL, None, TaskState.OPEN, EVIL, NOW, THEN)
SEEN = Overview(
    now=NOW,
    status=Status(
        Mode.DEGRADED,
        [Incident(7, "sms", EVIL, EVIL, THEN)],
        [],
        {"sms": EVIL},
        {7: {"rerouted": (12, 9)}},
    ),
    providers=[Provider(EVIL, "sms", 0.25, EVIL)],
    due=Due(5, THEN, 4),
    uncertain=[
        OpenQuestion(
            UncertainAttempt(ID, EVIL, EVIL, EVIL, "sms", EVIL, THEN, NOW, EVIL, False), EVIL
        )
    ],
    uncertain_count=1234,
    unreachable=[TASK],
    unreachable_count=1,
    tasks={TaskKind.REPLY: (3, 2)},
    doubles=[DoubleContact(ID, EVIL, EVIL, EVIL, "sms", EVIL, "email", THEN, NOW)],
    double_count=1,
    dead={"malformed": 2},
    inbound=1,
    parked=0,
)


class Marks(HTMLParser):
    """Which elements there are, and what they would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.fetched += [value or "" for name, value in attrs if name in {"src", "href", "action"}]


async def look(token: str = "", query: str = "", seen: Overview = SEEN) -> Answer:
    door = OperationsDoor(lambda: seen, {"lin": "lin-token", "nobody": ""})
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return await call(door, "GET", "/v1/operations", headers=headers, query=query)


def test_an_operator_sees_it_by_header_or_by_address() -> None:
    for answer in (run(look("lin-token")), run(look(query="token=lin-token"))):
        assert answer.status == 200
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert b"1,234" in answer.body


@pytest.mark.parametrize("wrong", ["", "token=", "token=lin-toke", "token=lin-token%00"])
def test_nobody_else_does(wrong: str) -> None:
    with pytest.raises(Refused) as told:
        run(look(query=wrong))
    assert told.value.status == 401


def test_what_others_wrote_is_text() -> None:
    shown = page(SEEN)
    marks = Marks()
    marks.feed(shown)
    assert "script" not in marks.tags
    assert marks.fetched == []
    assert "&lt;script&gt;" in shown
    assert not {"\x00", "\u202e"} & set(shown)


def test_every_command_of_the_page_is_there() -> None:
    """A number leads to the command that lists what it counts."""
    commands = set(re.findall(r"<code>(reminders [^<]+)</code>", page(SEEN)))
    assert len(commands) > 6
    for command in commands:
        assert command.split()[1] in COMMANDS


def test_an_empty_system_is_shown_too() -> None:
    status = Status(Mode.NORMAL, [], [], {}, {})
    quiet = replace(SEEN, status=status, providers=[], due=Due(0, None), uncertain=[], dead={})
    shown = page(replace(quiet, unreachable=[], tasks={}, doubles=[]))
    assert '<span class="mode normal">normal</span>' in shown
    assert "<table>" not in shown


def test_without_the_ledger_it_says_so() -> None:
    def away() -> Overview:
        raise OperationalError("SELECT", {}, Exception("away"))

    door = OperationsDoor(away, {"lin": "t"})
    with pytest.raises(Refused) as told:
        run(call(door, "GET", "/v1/operations", query="token=t"))
    assert told.value.status == 503


@pytest.mark.parametrize(
    ("query", "status"), [("pages=2", 422), ("&".join(f"a{n}=1" for n in range(11)), 400)]
)
def test_a_query_that_means_nothing_is_refused(query: str, status: int) -> None:
    with pytest.raises(Refused) as no:
        run(look("lin-token", query))
    assert no.value.status == status
