"""Breaks a recorded run in one place at a time, to see that the auditor notices."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from reminders.services.demo.auditor.audit import CARRIERS, Inputs, read_run
from reminders.services.demo.auditor.lines import read_lines
from reminders.services.demo.errors import BadData
from reminders.services.demo.plants import PLANTERS, Fault, Line


def find_faults(inputs: Inputs) -> list[Fault]:
    """One fault of each kind, each where the run gives room for it.

    Raises `BadData` if the run is too small to hold one of them.
    """
    faults: dict[str, Fault] = {}
    for dossier in read_run(inputs).dossiers():
        for name, plant in PLANTERS.items():
            if name not in faults and (fault := plant(dossier)) is not None:
                faults[name] = fault
        if len(faults) == len(PLANTERS):
            return [faults[name] for name in PLANTERS]
    raise BadData(f"no place for: {', '.join(sorted(PLANTERS.keys() - faults.keys()))}")


def planted_copy(fault: Fault, inputs: Inputs, folder: Path) -> Inputs:
    """A copy of the run in `folder`, with this fault in it."""
    folder.mkdir(parents=True, exist_ok=True)
    index = inputs.published.with_name(CARRIERS)
    for path in (inputs.published, inputs.fenced, inputs.holidays, inputs.attempts, index):
        if path is not None and path.exists():
            shutil.copyfile(path, folder / path.name)
    copy = Inputs.of(folder, inputs.policy, inputs.gate_to_call_max_s)
    logs = [(channel, path) for channel, paths in inputs.carriers.items() for path in paths]
    for channel, source in (*logs, ("in_app", inputs.phone)):
        target = folder / source.name
        with target.open("w", encoding="utf-8", errors="surrogatepass") as new:
            for old in _old_lines(source):
                line = _edited(fault, old)
                if line is not None:
                    new.write(json.dumps(line, ensure_ascii=False) + "\n")
            # Of a channel's several logs, the first takes what is added to it.
            first = channel == "in_app" or source == inputs.carriers[channel][0]
            for line in fault.added.get(channel, ()) if first else ():
                new.write(json.dumps(line, ensure_ascii=False) + "\n")
    return copy


def _old_lines(path: Path) -> Iterator[Line]:
    return read_lines(path) if path.exists() else iter(())


def _edited(fault: Fault, line: Line) -> Line | None:
    if "messages" in line:
        kept = [each for each in line["messages"] if each["attempt_id"] not in fault.gone]
        return {**line, "messages": kept}
    if line["reference"] in fault.gone:
        return None
    if line["kind"] == "request":
        return {**line, **fault.changed.get(line["reference"], {})}
    return line
