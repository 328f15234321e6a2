from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from reminders.services.demo import auditor, selftest
from reminders.services.demo.auditor import Inputs, audit
from reminders.services.demo.generated import generated
from reminders.services.demo.recorded import record
from reminders.services.demo.selftest import Trial, main, policy_of, try_faults
from reminders.services.policy_files import read

POLICY = Path(__file__).resolve().parents[4] / "config" / "policies" / "default.yaml"
KINDS = [
    "dropped",
    "doubled",
    "after payment",
    "out of hours",
    "out of the law's hours",
    "opted out",
    "opted out of a kind",
    "beyond a cap",
    "wrong amount",
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    record(generated(60, 7), 7, read(POLICY)[0], folder)
    return folder


Tried = tuple[Mapping[str, int], list[Trial]]


@pytest.fixture(scope="module")
def tried(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Tried:
    """What the trials say, made once: ten audits take ten seconds."""
    return try_faults(Inputs.of(run, POLICY), tmp_path_factory.mktemp("copies"))


def test_each_planted_fault_is_counted_once_and_under_its_own_check(tried: Tried) -> None:
    breaches, trials = tried
    assert breaches == {}
    assert [trial.fault for trial in trials] == KINDS
    assert [trial.fault for trial in trials if not trial.seen] == []


def test_without_carriers_logs_every_stage_that_was_due_is_lost(run: Path, tmp_path: Path) -> None:
    for name in ("published", "fenced"):
        (tmp_path / f"{name}.jsonl").write_bytes((run / f"{name}.jsonl").read_bytes())
    assert audit(Inputs.of(tmp_path, POLICY)).checks["lost"] > 500


def test_the_command_tells_success_from_bad_input(
    run: Path, tried: Tried, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaches, trials = tried
    monkeypatch.setattr(selftest, "try_faults", lambda inputs, folder: (breaches, trials))
    assert main([str(run), "--policy", str(POLICY)]) == 0
    unseen = [*trials[1:], replace(trials[0], added={})]
    monkeypatch.setattr(selftest, "try_faults", lambda inputs, folder: (breaches, unseen))
    assert main([str(run), "--policy", str(POLICY)]) == 1
    monkeypatch.undo()
    (tmp_path / "published.jsonl").write_text("{", encoding="utf-8")
    assert main([str(tmp_path), "--policy", str(POLICY)]) == 2


def test_a_run_is_tried_under_the_policy_that_it_was_played_under(tmp_path: Path) -> None:
    assert policy_of(None) == policy_of(tmp_path) == "default.yaml"
    (tmp_path / "policy.txt").write_text("every-channel.yaml")
    assert policy_of(tmp_path) == "every-channel.yaml"


def test_the_auditor_shares_no_rule_with_the_system() -> None:
    folder = Path(auditor.__file__).parent
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                assert not node.module.startswith(("reminders.domain", "reminders.ledger"))
