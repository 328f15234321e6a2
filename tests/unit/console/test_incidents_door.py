"""The page of one incident: everybody whom it touched, for operators alone."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from reminders.console.asgi import Refused
from reminders.console.incidents import PATH, IncidentsDoor
from reminders.ledger.incidents import Incident, Touched
from reminders.services.incidents import IncidentError, Told
from tests.unit.console.asgi_client import Answer, call, run
from tests.unit.console.conftest import NOW

EVIL = '<script>alert("x")</script>\x00\u202e'
THEN = NOW - timedelta(hours=3)


def told(number: int, page: int) -> Told:
    if number != 7:
        raise IncidentError(f"there is no incident {number}")
    incident = Incident(7, "sms", EVIL, EVIL, THEN, EVIL, EVIL, NOW)
    touched = [Touched(EVIL, f"B-{page}", "d-3", "rerouted", "sms", THEN, "satisfied")]
    return Told(incident, {"rerouted": (2_500, 1_900)}, touched, page)


async def look(path: str = "7", query: str = "", known: bool = True) -> Answer:
    headers = {"Authorization": "Bearer lin-token"} if known else {"Authorization": "Bearer x"}
    door = IncidentsDoor(told, {"lin": "lin-token", "nobody": ""})
    return await call(door, "GET", PATH + path, headers=headers, query=query)


def test_it_lists_whom_the_incident_touched_a_page_at_a_time() -> None:
    page = run(look(query="page=2")).body.decode()
    assert "Incident 7: sms" in page
    assert "B-2" in page
    assert "page 2 of 3, 2,500 in all" in page
    assert "rerouted 2,500 (1,900 customers)" in page
    assert "reminders incident affected 7" in page


def test_what_others_wrote_is_text() -> None:
    page = run(look()).body.decode()
    assert "<script" not in page
    assert "\u202e" not in page


def test_it_is_a_document_too() -> None:
    found = json.loads(run(look(query="as=json")).body)
    assert found["incident"]["number"] == 7
    assert found["touched"][0]["effect"] == "rerouted"
    assert found["counts"] == {"rerouted": [2_500, 1_900]}


def test_nobody_else_sees_it() -> None:
    with pytest.raises(Refused) as refused:
        run(look(known=False))
    assert refused.value.status == 401


@pytest.mark.parametrize(
    ("path", "query"),
    [("8", ""), ("", ""), ("0", ""), ("-1", ""), ("²", ""), ("9" * 40, ""), ("7", "page=0")],
)
def test_what_there_is_not_is_not_found(path: str, query: str) -> None:
    with pytest.raises(Refused) as refused:
        run(look(path, query))
    assert refused.value.status == 404


@pytest.mark.parametrize(
    ("query", "status"), [("pages=2", 422), ("&".join(f"a{n}=1" for n in range(11)), 400)]
)
def test_a_query_that_means_nothing_is_refused(query: str, status: int) -> None:
    with pytest.raises(Refused) as no:
        run(look("7", query))
    assert no.value.status == status
