"""`reminders risk`: figures for programs, tables for people, one line for what is wrong."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reminders.cli.risk import app
from reminders.services.risk.cards import read_card
from reminders.services.risk.errors import BadHistory, CardError, ExtraMissing
from reminders.services.risk.history import INPUTS
from tests.unit.services.risk.generated import rows, written


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("risk") / "rows.csv", rows(900))


def run(*arguments: str) -> str:
    done = CliRunner().invoke(app, list(arguments))
    if done.exception is not None:
        raise done.exception
    return done.stdout


def test_a_report_for_programs_with_its_picture(data: Path, tmp_path: Path) -> None:
    plot = tmp_path / "report.png"
    told = json.loads(run("report", "--data", str(data), "--json", "--plot", str(plot)))
    assert told["hand"].keys() >= {"auc", "ks"}
    assert told["fitted"].keys() >= {"auc", "ks", "folds"}
    assert told["fitted"]["folds"] == 5
    assert told["tiers"].keys() == {"R0", "R1", "R2", "R3"}
    assert all(tier.keys() >= {"share", "default_rate"} for tier in told["tiers"].values())
    assert sum(tier["share"] for tier in told["tiers"].values()) == pytest.approx(1, abs=0.001)
    assert told["customers"] == 900
    assert told["columns"] == list(INPUTS)
    assert "makes anybody pay" in told["note"]
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_a_fit_is_a_card_that_a_report_judges(data: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    run("fit", "--data", str(data), "--out", str(first), "--name", "mine")
    run("fit", "--data", str(data), "--out", str(second), "--name", "mine")
    assert first.read_bytes() == second.read_bytes()
    assert read_card(first).name == "mine"
    shown = run("report", "--data", str(data), "--card", str(first))
    assert "mine@1" in shown
    assert "flattered" in shown
    assert "makes anybody" in shown


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--out", "card.yaml", "--name", "My Card"), "cannot name a card"),
        (("--out", "no-such-folder/card.yaml"), "is no folder"),
    ],
)
def test_a_fit_that_could_not_be_kept_is_not_begun(
    data: Path, arguments: tuple[str, ...], told: str
) -> None:
    with pytest.raises(CardError, match=told):
        run("fit", "--data", str(data), *arguments)


def test_without_what_happened_there_is_no_report(tmp_path: Path) -> None:
    path = written(tmp_path / "rows.csv", rows(20), INPUTS)
    with pytest.raises(BadHistory, match="no column default_next_month"):
        run("report", "--data", str(path))


def test_absent_parts_are_named(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import_module("reminders.services.risk.steps")
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    with pytest.raises(ExtraMissing, match=r"pip install 'bill-reminders\[risk\]'"):
        run("report", "--data", str(data))
