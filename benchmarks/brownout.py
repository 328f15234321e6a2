"""`python -m benchmarks.brownout`: one of two SMS providers fails in mid-run; who carries what?

The real gate, ledger, pacing and breaker on embedded servers; traffic and providers in virtual
time. Writes build/brownout.json and a chart.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import redis
import structlog
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from sqlalchemy import Engine, text

from benchmarks.brownout_play import Play
from benchmarks.brownout_providers import ModelProvider, Spell
from benchmarks.brownout_scenes import SCENES, Bad, Scene, Timing
from benchmarks.brownout_system import PlayClock, issue_bills, open_system
from channels.health import Shift
from reminders.ledger import schema
from reminders.servers.development import Servers
from reminders.servers.embedded import embedded_servers
from reminders.servers.supervisor import Supervisor
from reminders.services.shifts import keep_shifts

ILL, WELL, MAIL = "sms-a", "sms-b", "mail"
GOAL = 0.99
# After a bad time no more than so many times the usual traffic leaves by SMS, over three seconds.
MOST_AT_ONCE = 3.0
PEAK_OVER_S = 3


@dataclass
class Told:
    """What a scenario showed: figures for the file, the play for the chart."""

    name: str
    figures: dict[str, Any]  # Any: JSON
    play: Play
    scene: Scene
    shifts: list[Shift]

    @property
    def timing(self) -> Timing:
        return self.scene.timing


def play_scenario(
    name: str,
    engine: Engine,
    client: redis.Redis,
    scene: Scene,
    told: Callable[[float], None] = lambda part: None,
) -> Told:
    """Play one scenario on an empty ledger and an empty Redis."""
    clock, timing = PlayClock(), scene.timing

    def at() -> float:
        return clock.at_s

    def spells(bad: Bad) -> list[Spell]:
        return [] if bad is None else [timing.spell(*bad)]

    providers = [
        ModelProvider(ILL, "sms", at, spells(scene.first)),
        ModelProvider(WELL, "sms", at, spells(scene.second)),
        ModelProvider(MAIL, "email", at),
    ]
    resources = open_system(engine, client, clock, providers, scene.ladder, scene.rules)
    count = round(timing.rate * timing.whole_s)
    issue_bills(resources, count, timing.whole_s, lambda done: told(done / count))
    play = Play(resources, clock, providers)
    play.run(count, timing.whole_s, lambda part: told(part / timing.whole_s))
    shifts = resources.fleet.health.shifts(10_000)
    kept = keep_shifts(resources)
    return Told(name, _figures(play, scene, count, kept), play, scene, shifts)


def _figures(play: Play, scene: Scene, count: int, kept: int) -> dict[str, Any]:  # Any: JSON
    taken, timing = play.taken(), scene.timing
    begins, ends = timing.before_s, timing.before_s + timing.bad_s
    first = [each for each in play.left if each.first]
    in_bad = [each for each in first if begins + scene.switch_s <= each.at_s < ends]
    late = [each for each in first if timing.whole_s - 20 <= each.at_s < timing.whole_s]
    by_other = [each for each in in_bad if each.provider == WELL]
    by_mail = [each for each in in_bad if each.provider == MAIL]
    return {
        "messages": count,
        "lost": count - len(taken),
        "twice": sum(1 for times in taken.values() if times > 1),
        "new_in_bad_time": len(in_bad),
        "by_the_other": _part(len(by_other), len(in_bad)),
        "by_mail": _part(len(by_mail), len(in_bad)),
        "share_after": _part(sum(1 for each in late if each.provider == ILL), len(late)),
        "opened_after_s": _opened_after(play, begins),
        "back_after_s": _back_after(play, ends),
        "most_at_once": _most_at_once(play, ends, timing),
        "shifts_in_ledger": kept,
    }


def _part(some: int, whole: int) -> float:
    return round(some / whole, 4) if whole else 0.0


def _most_at_once(play: Play, ends: float, timing: Timing) -> float:
    """The most that left by SMS after the bad time, in parts of the usual traffic. What is left
    when the traffic ends is played in long steps, and not counted."""
    by_sms = [each for each in play.left if each.provider != MAIL]
    after = [each for each in by_sms if ends <= each.at_s < timing.whole_s]
    slots = Counter(int((each.at_s - ends) // PEAK_OVER_S) for each in after)
    return round(max(slots.values(), default=0) / PEAK_OVER_S / timing.rate, 2)


def _opened_after(play: Play, begins: float) -> float | None:
    return next(
        (at - begins for at, shares in play.shares if at >= begins and not shares[ILL]), None
    )


def _back_after(play: Play, ends: float) -> float | None:
    """Seconds from the end of the bad time until the weight is whole for good."""
    rises = [after[0] for before, after in pairwise(play.shares) if before[1][ILL] < after[1][ILL]]
    whole = play.shares[-1][1][ILL] == 1.0
    return rises[-1] - ends if whole and rises else None


def holds(name: str, figures: dict[str, Any]) -> bool:  # Any: JSON
    """Whether a scenario showed what it is to show."""
    carried = SCENES[name].carried_by
    safe = figures["lost"] == 0 and figures["twice"] == 0
    back = figures["back_after_s"] is not None and abs(figures["share_after"] - 0.5) < 0.1
    spread = figures["most_at_once"] <= MOST_AT_ONCE
    return bool(safe and back and spread and (not carried or figures[carried] >= GOAL))


def _on_servers(name: str, servers: Servers, scene: Scene, told: Callable[[float], None]) -> Told:
    """One scenario on servers that hold nothing."""
    engine = schema.engine_for(servers.database_url, pool_size=2, role="brownout")
    try:
        with redis.Redis.from_url(servers.redis_url) as client:
            client.flushall()
            _empty(engine)
            return play_scenario(name, engine, client, scene, told)
    finally:
        engine.dispose()


def _hasten(url: str) -> None:
    """Nobody kills this server: what it would lose is never asked for."""
    engine = schema.engine_for(url, pool_size=1, role="brownout")
    with engine.begin() as connection:
        name = connection.execute(text("SELECT quote_ident(current_database())")).scalar_one()
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    engine.dispose()


def _empty(engine: Engine) -> None:
    with engine.begin() as connection:
        rows = connection.execute(
            text(
                "SELECT string_agg(quote_ident(relname), ', ') FROM pg_class"
                " WHERE relkind IN ('r', 'p') AND NOT relispartition"
                " AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'"
            )
        )
        connection.execute(text(f"TRUNCATE {rows.scalar_one()}"))


def main(
    out: Annotated[Path, typer.Option()] = Path("build/brownout.json"),
    picture: Annotated[Path, typer.Option()] = Path("docs/pictures/brownout.png"),
    rate: Annotated[float, typer.Option(min=1, help="New messages a second.")] = 25.0,
    scene: Annotated[
        list[str] | None, typer.Option(help=f"Only these of {', '.join(SCENES)}.")
    ] = None,
) -> None:
    """Play every scenario; exit 1 if one does not show what it is to show."""
    quiet = structlog.make_filtering_bound_logger(logging.ERROR)
    structlog.configure(wrapper_class=quiet)
    strange = sorted(set(scene or ()) - set(SCENES))
    if strange:
        raise typer.BadParameter(f"no scene is called {strange[0]!r}", param_hint="--scene")
    told = []
    with (
        TemporaryDirectory() as folder,
        Progress(console=Console(stderr=True)) as progress,
        Supervisor(Path(folder), sink=lambda name, line: None) as supervisor,
        embedded_servers(Path(folder), supervisor=supervisor) as servers,
    ):
        schema.upgrade(servers.database_url)
        _hasten(servers.database_url)
        for name in scene or SCENES:
            bar = progress.add_task(name, total=2.0)
            played = SCENES[name].with_rate(rate)
            told.append(_on_servers(name, servers, played, partial(progress.advance, bar)))
    out.parent.mkdir(parents=True, exist_ok=True)
    figures = {each.name: each.figures for each in told}
    out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    from benchmarks.brownout_chart import draw  # matplotlib is slow to load

    draw(told, picture)
    Console().print(_table(told))
    if not all(holds(each.name, each.figures) for each in told):
        raise typer.Exit(1)


def _table(told: Sequence[Told]) -> Table:
    table = Table(title="Brown-out")
    table.add_column("")
    for each in told:
        table.add_column(each.name, justify="right")
    for row in told[0].figures:
        table.add_row(row.replace("_", " "), *(str(each.figures[row]) for each in told))
    table.add_row("holds", *("yes" if holds(each.name, each.figures) else "NO" for each in told))
    return table


if __name__ == "__main__":
    typer.run(main)
