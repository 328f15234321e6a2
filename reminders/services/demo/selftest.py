"""`python -m reminders.services.demo.selftest [RUN]`: does the auditor see what it should?

Plants one fault of each kind into copies of a recorded run, and wants each counted once, where it
was planted and nowhere else, and nothing counted in the run as it was.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from reminders.domain.errors import PolicyError
from reminders.services.demo.auditor import Inputs, audit
from reminders.services.demo.auditor.finding import CROSSED
from reminders.services.demo.errors import BadData
from reminders.services.demo.faults import find_faults, planted_copy
from reminders.services.demo.generated import generated
from reminders.services.demo.recorded import POLICY, record
from reminders.services.policy_files import read

_POLICIES = Path("config/policies")
_CUSTOMERS = 120
_SEED = 1
_BAD_INPUT = 2


@dataclass(frozen=True, slots=True)
class Trial:
    """What was planted, where it should be counted, and what was counted more than before."""

    fault: str
    check: str
    added: Mapping[str, int]

    @property
    def seen(self) -> bool:
        return self.added == {self.check: 1}


def try_faults(inputs: Inputs, folder: Path) -> tuple[Mapping[str, int], list[Trial]]:
    """Counts of the run as it is, and one trial per fault; copies are made in `folder`."""
    clean = audit(inputs).checks
    trials = []
    for fault in find_faults(inputs):
        counted = audit(planted_copy(fault, inputs, folder / "copy")).checks
        added = {name: counted[name] - clean[name] for name in counted}
        changed = {name: count for name, count in added.items() if count}
        trials.append(Trial(fault.name, fault.check, changed))
    return {name: n for name, n in clean.items() if n and name != CROSSED}, trials


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if every fault was seen, 1 if not, 2 if the run cannot be read."""
    parser = ArgumentParser(prog="audit-selftest", description=__doc__)
    parser.add_argument("run", type=Path, nargs="?", help="folder of a recorded run")
    parser.add_argument("--policy", type=Path, help="without it, the one that the run was under")
    given = parser.parse_args(arguments)
    console = Console()
    policy = given.policy or _POLICIES / policy_of(given.run)
    try:
        with TemporaryDirectory(prefix="audit-") as temporary:
            run = _run(given.run, policy, Path(temporary), console)
            breaches, trials = try_faults(Inputs.of(run, policy), Path(temporary))
    except (BadData, PolicyError) as error:
        console.print(f"audit-selftest: {error}", style="red", markup=False)
        return _BAD_INPUT
    console.print(_table(breaches, trials))
    return 0 if not breaches and all(trial.seen for trial in trials) else 1


def policy_of(run: Path | None) -> str:
    """The file name of the policy that a run was played under."""
    noted = run / POLICY if run is not None else None
    return noted.read_text(encoding="utf-8") if noted and noted.exists() else "default.yaml"


def _run(wanted: Path | None, policy: Path, temporary: Path, console: Console) -> Path:
    if wanted is not None and (wanted / "published.jsonl").exists():
        console.print(f"faults are planted into copies of {wanted}", markup=False)
        return wanted
    console.print(f"no recorded run is given: {_CUSTOMERS} generated customers are played first")
    record(generated(_CUSTOMERS, _SEED), _SEED, read(policy)[0], temporary / "run")
    return temporary / "run"


def _table(breaches: Mapping[str, int], trials: Sequence[Trial]) -> Table:
    table = Table("planted", "must be counted as", "counted", "", title="Audit self-test")
    told = ", ".join(f"{name} {count}" for name, count in breaches.items())
    table.add_row("nothing", "nothing", told or "nothing", "FAILED" if breaches else "ok")
    for trial in trials:
        counted = ", ".join(f"{name} {count:+}" for name, count in trial.added.items())
        verdict = "ok" if trial.seen else "FAILED"
        table.add_row(trial.fault, trial.check, counted or "nothing", verdict)
    return table


if __name__ == "__main__":
    sys.exit(main())
