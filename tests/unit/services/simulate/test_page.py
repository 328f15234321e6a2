"""The page is one well-formed file that asks nothing of anybody."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from reminders.services.simulate.engine import simulate
from reminders.services.simulate.event_file import EventFile
from reminders.services.simulate.page import page
from reminders.services.simulate.report import report
from tests.unit.services.simulate.history import D0, TINY, Event, model, policy, write


def written(tmp_path: Path, *, beside: bool = True, events: list[Event] = TINY) -> str:
    path = write(tmp_path / "tiny<script>.ndjson", events)
    policies = (policy(), policy(D0, name="short")) if beside else (policy(),)
    return page(report(simulate(EventFile(path), policies, model())))


def test_it_is_well_formed_and_has_every_chart(tmp_path: Path) -> None:
    text = written(tmp_path)
    root = ElementTree.fromstring(text.removeprefix("<!DOCTYPE html>\n"))  # noqa: S314  (our own)
    charts = [each.attrib["aria-label"] for each in root.iter("svg")]
    assert "Messages per day" in charts
    assert "Messages per bill by tier" in charts
    assert "Decisions by rule" in charts


def test_it_is_self_contained(tmp_path: Path) -> None:
    text = written(tmp_path)
    assert "<script" not in text
    assert not re.search(r"""(?:src|href|url)\s*[=(]\s*["']?\s*(?:https?:|//)""", text)
    assert "@import" not in text
    assert "prefers-color-scheme: dark" in text


def test_it_says_that_outcomes_are_assumed_and_who_is_no_longer_reached(tmp_path: Path) -> None:
    text = written(tmp_path)
    assert "not observed" in text
    assert "Newly reached: the first 1" in text


def test_a_run_without_a_message_or_a_second_policy_is_shown_too(tmp_path: Path) -> None:
    text = written(tmp_path, beside=False, events=TINY[:1])
    assert "No message." in text
    ElementTree.fromstring(text.removeprefix("<!DOCTYPE html>\n"))  # noqa: S314  (our own)


def test_a_difference_of_shares_is_told_in_points(tmp_path: Path) -> None:
    assert re.search(r"<small>[+-]\d+\.\d pp against \d+\.\d %</small>", written(tmp_path))
