"""`reminders incident`: pages, and what is said where a channel is not well yet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from reminders.cli import incident
from reminders.ledger.incidents import Incident, Touched
from reminders.services import incidents
from reminders.services.incidents import IncidentError

AT = datetime(2026, 3, 3, 2, tzinfo=UTC)
DOWN: dict[str, str] = {}


@contextmanager
def opened(_: object) -> Iterator[SimpleNamespace]:
    yield SimpleNamespace(fleet=SimpleNamespace(down=lambda: DOWN))


@pytest.fixture(autouse=True)
def system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incident, "resources", opened)
    monkeypatch.setitem(DOWN, "sms", "60 % of calls failed")


def test_a_full_page_names_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Touched("C-1", "B-1", "d-3", "rerouted", "sms", AT, "contacting")
    asked: list[tuple[int, ...]] = []

    def affected(_: object, *what: int) -> list[Touched]:
        asked.append(what)
        return [one] * 2

    monkeypatch.setattr(incidents, "affected", affected)
    said = CliRunner().invoke(incident.app, ["affected", "7", "--limit", "2", "--page", "3"])
    assert asked == [(7, 2, 3)]
    assert "--page 4" in said.stdout


def test_an_incident_that_there_is_not_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def affected(*_: object) -> list[Touched]:
        raise IncidentError("there is no incident 7")

    monkeypatch.setattr(incidents, "affected", affected)
    said = CliRunner().invoke(incident.app, ["affected", "7"])
    assert said.exit_code == 2
    assert "there is no incident 7" in said.output


def test_who_closes_it_too_early_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = Incident(7, "sms", "breaker", "down", AT)
    monkeypatch.setattr(incidents, "close_incident", lambda *_: closed)
    said = CliRunner().invoke(incident.app, ["close", "7", "--actor", "li", "--reason", "why"])
    assert "sms still takes nothing (60 % of calls failed)" in said.stdout
