"""`reminders policy` looks files over, compares them and says so by its exit code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner, Result

from config.settings import SHIPPED, SettingsError
from reminders.cli import policy as module

DEFAULT = SHIPPED / "policies" / "default.yaml"
D_5 = SHIPPED / "policies" / "d-5.yaml"


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def policy(*words: object) -> Result:
    return CliRunner().invoke(module.app, [str(word) for word in words])


def test_a_clean_file_is_0_a_fault_1_and_no_file_2(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(D_5.read_text(encoding="utf-8").replace("quiet:", "quite:"), encoding="utf-8")
    assert policy("lint", D_5).exit_code == 0
    found = policy("lint", D_5, wrong)
    assert found.exit_code == 1
    assert f"{D_5}: ok" in found.stdout
    assert "error [unknown-key] quite is unknown" in found.stdout
    none = policy("lint", tmp_path / "none.yaml")
    assert (none.exit_code, none.stdout) == (2, "")
    assert none.stderr.count("\n") == 1


def test_warnings_count_when_strict_and_json_has_lines() -> None:
    assert policy("lint", DEFAULT).exit_code == 0
    found = policy("lint", DEFAULT, "--strict", "--json")
    assert found.exit_code == 1
    told = json.loads(found.stdout)
    assert {each["severity"] for each in told} == {"warning"}
    assert all(each["line"] > 1 and each["fix"] for each in told)


def test_a_difference_is_told_and_counts_only_when_asked() -> None:
    same = policy("diff", "default", DEFAULT, "--exit-code")
    assert same.exit_code == 0
    assert "decide alike" in same.stdout
    assert policy("diff", "default", D_5).exit_code == 0
    found = policy("diff", "default", D_5, "--exit-code", "--json")
    assert found.exit_code == 1
    told = json.loads(found.stdout)
    assert {"what": "limit per bill", "before": "12", "after": "6"} in told["changes"]


def test_the_schema_goes_where_it_is_told(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    assert policy("schema", "--output", path).exit_code == 0
    assert json.loads(path.read_text(encoding="utf-8")) == json.loads(policy("schema").stdout)


@pytest.mark.parametrize(
    "words",
    [
        ("list",),
        ("show", "default"),
        ("diff", "default", "live"),
        ("rollback", "default", "--actor", "ana", "--reason", "trial"),
    ],
)
def test_the_folder_of_a_system_is_data_as_in_every_other_command(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REDIS_URL", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    found = policy(*words, "--data", tmp_path)
    assert isinstance(found.exception, SettingsError)
    assert f"no system runs in {tmp_path}" in str(found.exception)


def test_activate_takes_no_history_without_a_gate(tmp_path: Path) -> None:
    """There the word names what a gate plays: a folder must not be passed over in silence."""
    found = policy("activate", D_5, "--actor", "ana", "--reason", "trial", "--data", tmp_path)
    assert (found.exit_code, found.stderr.count("\n")) == (2, 1)
    assert "--system" in found.stderr
