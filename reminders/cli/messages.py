"""`reminders messages`: the words themselves: look, check, preview, have them approved."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from config.settings import SHIPPED, SettingsError
from reminders.cli.options import Data
from reminders.cli.running import DATA, console, resources, settings, wrong
from reminders.messages.errors import TemplateError

if TYPE_CHECKING:
    from reminders.domain.compliance import Pack
    from reminders.messages.preview_page import Preview
    from reminders.messages.templates import TemplateSet
    from reminders.services.approvals import Act

app = typer.Typer(
    no_args_is_help=True, help="What messages say: look, check, preview, have it approved."
)
TEMPLATES = SHIPPED / "templates"
Done = TypeVar("Done")
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the templates lie.")]
Template = Annotated[
    str, typer.Argument(metavar="TEMPLATE", help="As `messages list` shows it, without version.")
]
Actor = Annotated[str, typer.Option("--as", metavar="NAME", help="Who you are; it is kept.")]
Why = Annotated[str, typer.Option("--reason", help="Why, in one line. No personal data.")]


@app.command("list")
def list_(data: Data = DATA) -> None:
    """List every message with its version, and for notices who approved its words."""
    from reminders.cli.tables import Rows
    from reminders.messages.facts import NOTICES
    from reminders.services.approvals import Standing, standings

    with resources(data) as opened, opened.engine.connect() as connection:
        where, contents = standings(connection), opened.templates.contents
        labels = opened.templates.labels
    rows = Rows("message", "words", "approval")
    for message, content in sorted(contents.items(), key=lambda each: str(each[0])):
        stands = where.get((str(message), content), Standing())
        said = "-"
        if message.kind in NOTICES:
            said = "WAITS for a proposal"
        if stands.proposed_by:
            said = f"WAITS for a second person, proposed by {stands.proposed_by}"
        if stands.approved_by:
            said = f"approved by {stands.approved_by}, proposed by {stands.proposed_by}"
        rows.add_row(labels[message], content, said)
    console().print(rows)


@app.command()
def lint(folder: Folder = TEMPLATES) -> None:
    """Check every template: what it must say, must not say, and how long it may be."""
    from reminders.messages.lint import lint as faults

    found = faults(folder, packs=_packs().values())
    for line in found:
        typer.echo(line)
    if found:
        raise typer.Exit(1)
    typer.echo(f"{folder}: no fault")


@app.command()
def stamp(folder: Folder = TEMPLATES) -> None:
    """Raise the version of each message whose words changed, once nothing is wrong with them."""
    from reminders.messages import lint as linter

    try:
        changed = linter.stamp(folder, _packs().values())
    except TemplateError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    for name in changed:
        typer.echo(f"stamped {name}")
    typer.echo(f"{len(changed)} changed")


def _packs() -> Mapping[str, Pack]:
    """The law that every message must keep, wherever its templates lie."""
    from reminders.services.packs import read_packs

    return read_packs(SHIPPED / "packs")


@app.command()
def propose(template: Template, actor: Actor, reason: Why = "", data: Data = DATA) -> None:
    """Propose the words of TEMPLATE, as they are now, to be approved by another person."""
    from reminders.services.approvals import Act

    _act(Act.PROPOSE, template, actor, reason, data)


@app.command()
def approve(template: Template, actor: Actor, reason: Why = "", data: Data = DATA) -> None:
    """Approve the words of TEMPLATE as they are now: they may be sent from then on."""
    from reminders.services.approvals import Act

    _act(Act.APPROVE, template, actor, reason, data)


@app.command()
def revoke(template: Template, actor: Actor, reason: Why, data: Data = DATA) -> None:
    """Take back the proposal or approval of TEMPLATE: within seconds it is sent no more."""
    from reminders.services.approvals import Act

    _act(Act.REVOKE, template, actor, reason, data)


@app.command()
def preview(
    kind: Annotated[str, typer.Option(help="What about; empty: what is true today.")] = "",
    language: Annotated[str, typer.Option(help="Empty: the customer's own.")] = "",
    brand: Annotated[str, typer.Option(help="Empty: that of the bill's product.")] = "",
    urgency: Annotated[str, typer.Option(help="normal, raised or high.")] = "normal",
    bill: Annotated[
        str, typer.Option(metavar="BILL", help="A bill, or an invented one.")
    ] = "sample",
    pack: Annotated[
        str, typer.Option(metavar="PACK", help="Whose law an invented bill keeps, as uk-conc.")
    ] = "",
    templates: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Other words, also ones not stamped yet."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Where to write it as a page.")
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open that page in a browser.")] = False,
    data: Data = DATA,
) -> None:
    """Show a message in every channel's form, here or on one page. Nothing is sent."""
    from reminders.cli.preview_forms import show as show_forms
    from reminders.messages.templates import TemplateSet
    from reminders.services import compose_preview
    from reminders.services.compose_preview import SAMPLE, Asked

    asked = Asked(kind, language, brand, urgency, bill, pack)
    if show and html is None:
        wrong("--open shows the page that --html FILE writes: give both")

    def preview_of() -> Preview:
        if bill == SAMPLE:
            words, costs, lender = _at_hand(data, templates)
            return compose_preview.preview_sample(words, asked, costs, lender, _packs())
        with resources(data) as opened:
            if templates is not None:
                words = TemplateSet.load(templates, stamped=False)
                return compose_preview.preview_bill(replace(opened, templates=words), asked)
            return compose_preview.preview_bill(opened, asked)

    found = _told(preview_of)
    if html is None:
        show_forms(console(), found)
        return
    try:
        html.write_text(found.page(), encoding="utf-8")
    except OSError as error:
        wrong(f"cannot write {html}: {error.strerror}")
    typer.echo(f"wrote {html}")
    if show:
        webbrowser.open(html.resolve().as_uri())


def _at_hand(data: Path, folder: Path | None) -> tuple[TemplateSet, Mapping[str, int], str]:
    """Templates (or those in `folder`), prices and lender of the settings; without any, what is
    shipped."""
    from reminders.messages.templates import TemplateSet
    from reminders.services.compose_preview import costs_of
    from reminders.services.opening import open_providers

    try:
        chosen = settings(data)
    except SettingsError:
        return TemplateSet.load(folder or TEMPLATES, stamped=folder is None), {}, ""
    costs = costs_of(open_providers(chosen))
    words = TemplateSet.load(folder or chosen.template_folder, stamped=folder is None)
    return words, costs, chosen.lender


def _act(what: Act, template: str, actor: str, reason: str, data: Path) -> None:
    from reminders.services import approvals

    with resources(data) as opened:
        contents = {str(message): each for message, each in opened.templates.contents.items()}
        content = contents.get(template.partition("@")[0])
        if content is None:
            wrong(f"there is no template {template}: see `reminders messages list`")
        name = template.partition("@")[0]
        _told(lambda: approvals.act(opened.engine, what, name, content, actor, reason))
    typer.echo(f"{name} with words {content}: {_DONE[what]} by {actor}")


_DONE: Mapping[str, str] = {"propose": "proposed", "approve": "approved", "revoke": "taken back"}


def _told(work: Callable[[], Done]) -> Done:
    """What `work` gives; what it refuses is one line and exit code 2."""
    from reminders.services.approvals import ApprovalError

    try:
        return work()
    except (ApprovalError, TemplateError) as error:
        wrong(str(error))
