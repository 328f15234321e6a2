"""`reminders policy`: look at policies, check and compare them; activate and take back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from config.settings import SHIPPED, SettingsError
from reminders.cli import policy_acts
from reminders.cli.options import AsJson, Data
from reminders.cli.running import DATA, console, logs_aside, resources, settings, wrong
from reminders.cli.tables import Rows
from reminders.domain.policy import Policy
from reminders.ledger.policies import Activation
from reminders.services import policy_files
from reminders.services.policy.diff import diff
from reminders.services.policy.findings import Finding
from reminders.services.policy.lint import Unreadable, errors
from reminders.services.policy.lint import lint as look_over
from reminders.services.policy.schema import schema_text
from reminders.services.policy.versions import Standing, Version, frozen, versions

app = typer.Typer(no_args_is_help=True, help="Policies: look, check, compare, activate, take back.")
app.command()(policy_acts.activate)
app.command()(policy_acts.rollback)

LIVE = "live"
Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Policies as YAML.")]
Templates = Annotated[Path | None, typer.Option(help="Folder of templates, if not beside.")]
Strict = Annotated[bool, typer.Option("--strict", help="Warnings count as findings.")]
Label = Annotated[
    str,
    typer.Argument(
        metavar="NAME[@VERSION]", help="Without a version: the one in force, else the newest."
    ),
]
Bundle = Annotated[bool, typer.Option("--bundle", help="With packs, card and holidays, as kept.")]
Named = "A YAML file, the name of a shipped policy, NAME@VERSION of the ledger, or `live`."
First = Annotated[str, typer.Argument(metavar="A", help=Named)]
Second = Annotated[str, typer.Argument(metavar="B", help="Likewise.")]
ByCode = Annotated[bool, typer.Option("--exit-code", help="Exit with 1 if they differ.")]
Into = Annotated[Path | None, typer.Option("--output", help="Write to a file.")]


@app.callback()
def _logs_aside() -> None:
    logs_aside()


@app.command("list")
def show_all(as_json: AsJson = False, data: Data = DATA) -> None:
    """List every version with who put it in force, when and why, and what starts later."""
    with resources(data) as opened:
        found = versions(opened.engine, opened.clock.now())
    if as_json:
        typer.echo(json.dumps([_version(each) for each in found], indent=1))
        return
    rows = Rows("policy", "standing", "from (UTC)", "act", "by", "done (UTC)", "why")
    for each in found:
        for act in each.acts or (None,):
            rows.add_row(each.label, each.standing, *_cells(act))
    console().print(rows)


@app.command()
def show(label: Label, bundle: Bundle = False, as_json: AsJson = False, data: Data = DATA) -> None:
    """Print a version as it was frozen: its own words, or with --bundle all that it rests on."""
    with resources(data) as opened:
        found, sources, text = frozen(opened.engine, label, opened.clock.now())
    if as_json:
        card, packs = sources.card, sorted(sources.packs)
        held = {"policy": found, "text": sources.policy, "packs": packs, "card": card}
        typer.echo(json.dumps(held | ({"bundle": text} if bundle else {}), indent=1))
        return
    typer.echo(text if bundle else sources.policy.rstrip("\n"))


@app.command()
def lint(
    files: Files,
    templates: Templates = None,
    strict: Strict = False,
    as_json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Look policy files over. Exit code 0: clean, 1: something is wrong, 2: cannot be read.

    Where settings are at hand, also whether each channel has a provider.
    """
    served = _served(data)
    try:
        found = {str(path): look_over(path, templates, served) for path in files}
    except Unreadable as error:
        wrong(str(error))
    if as_json:
        told = [_finding(path, each) for path, all_of in found.items() for each in all_of]
        typer.echo(json.dumps(told, indent=1, ensure_ascii=False))
    else:
        for path, all_of in found.items():
            _tell(path, all_of)
    if any(all_of if strict else errors(all_of) for all_of in found.values()):
        raise typer.Exit(1)


@app.command("diff")
def compare(
    first: First,
    second: Second,
    exit_code: ByCode = False,
    as_json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Say what changes from one policy to another: stages, ladders, limits, tiers and the rest."""
    before, after = _policy(first, data), _policy(second, data)
    changes = diff(before, after)
    if as_json:
        told = [{"what": each.what, "before": each.before, "after": each.after} for each in changes]
        held = {"before": before.label, "after": after.label, "changes": told}
        typer.echo(json.dumps(held, indent=1, ensure_ascii=False))
    elif not changes:
        typer.echo(f"{before.label} and {after.label} decide alike")
    else:
        rows = Rows("what", before.label, after.label)
        for each in changes:
            rows.add_row(each.what, each.before or "(none)", each.after or "(none)")
        console().print(rows)
    if changes and exit_code:
        raise typer.Exit(1)


@app.command()
def schema(output: Into = None) -> None:
    """Print the JSON schema of a policy file, for editors."""
    if output is None:
        typer.echo(schema_text(), nl=False)
        return
    output.write_text(schema_text(), encoding="utf-8")


def _policy(name: str, data: Path) -> Policy:
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or path.is_file():
        return policy_files.read(path)[0]
    shipped = SHIPPED / "policies" / f"{name}.yaml"
    if shipped.is_file():
        return policy_files.read(shipped)[0]
    with resources(data) as opened:
        if name == LIVE:
            return opened.book.active
        label, _, _ = frozen(opened.engine, name, opened.clock.now())
        return opened.book.get(label)


def _served(data: Path) -> frozenset[str] | None:
    """The channels that have a provider by the settings; None where there are none."""
    from reminders.services.opening import open_providers

    try:
        providers = open_providers(settings(data))
    except SettingsError:
        return None
    return frozenset(each.capabilities.channel for each in providers)


def _tell(path: str, found: list[Finding]) -> None:
    for each in found:
        typer.echo(f"{path}:{each.line}: {each.severity} [{each.rule}] {each.what}")
        typer.echo(f"    fix: {each.fix}")
    wrongs = len(errors(found))
    typer.echo(
        f"{path}: {wrongs} errors, {len(found) - wrongs} warnings" if found else f"{path}: ok"
    )


def _finding(path: str, found: Finding) -> dict[str, object]:
    return {
        "file": path,
        "line": found.line,
        "severity": found.severity,
        "rule": found.rule,
        "what": found.what,
        "fix": found.fix,
    }


def _cells(act: Activation | None) -> tuple[str, ...]:
    if act is None:
        return ("", "", "", "", "")
    since, done = policy_acts.shown(act.starts_at), policy_acts.shown(act.at)
    return since, act.act, act.actor, done, act.reason


def _version(found: Version) -> dict[str, object]:
    return {
        "policy": found.label,
        "standing": found.standing,
        "in_force": found.standing is Standing.IN_FORCE,
        "acts": [policy_acts.told(act) for act in found.acts],
    }
