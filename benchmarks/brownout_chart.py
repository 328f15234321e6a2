"""The chart of a brown-out: who carries the new messages, second by second, and the weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from benchmarks.brownout import ILL, MAIL, WELL, Told

COLOURS = {ILL: "#c0504d", WELL: "#4f81bd", MAIL: "#9bbb59"}
EVERY_S = 3


def draw(told: Sequence[Told], path: Path) -> None:
    """One row per scenario: messages a second by provider, and below it the provider's share."""
    heights = [3, 1] * len(told)
    figure, axes = plt.subplots(
        len(heights), 1, figsize=(10, 3.4 * len(told)), height_ratios=heights
    )
    for number, each in enumerate(told):
        _traffic(axes[2 * number], each)
        _shares(axes[2 * number + 1], each)
    for number, each in enumerate(axes):
        each.set_xlim(0, told[number // 2].timing.whole_s)
    axes[-1].set_xlabel("seconds of virtual traffic")
    axes[0].legend(loc="upper right", ncols=3, fontsize=8)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _traffic(axes: Axes, told: Told) -> None:
    first = [each for each in told.play.left if each.first]
    counts = Counter((each.provider, int(each.at_s // EVERY_S)) for each in first)
    slots = range(int(told.timing.whole_s // EVERY_S))
    names = (ILL, WELL, MAIL)
    series = [[counts[name, slot] / EVERY_S for slot in slots] for name in names]
    starts = [slot * EVERY_S for slot in slots]
    axes.stackplot(
        starts, series, labels=names, colors=[COLOURS[name] for name in names], step="post"
    )
    _bad_time(axes, told)
    peak = max(sum(at) for at in zip(*series, strict=True))
    axes.set_ylim(0, max(1.3 * told.timing.rate, 1.05 * peak))
    axes.set_ylabel("new messages a second")
    axes.set_title(_title(told), fontsize=10, loc="left")


def _shares(axes: Axes, told: Told) -> None:
    for name, dashes in ((ILL, "-"), (WELL, "--")):
        times = [at for at, _ in told.play.shares] + [told.timing.whole_s]
        values = [shares[name] for _, shares in told.play.shares]
        axes.step(times, [*values, values[-1]], dashes, where="post", color=COLOURS[name])
    _bad_time(axes, told)
    axes.set_ylim(-0.05, 1.1)
    axes.set_ylabel("share of\nits weight")


def _bad_time(axes: Axes, told: Told) -> None:
    begins = told.timing.before_s
    axes.axvspan(begins, begins + told.timing.bad_s, color="#000000", alpha=0.08, lw=0)


def _title(told: Told) -> str:
    figures, scene = told.figures, told.scene
    who = {"by_mail": "e-mail", "by_the_other": WELL}.get(scene.carried_by)
    most = f"{figures['most_at_once']:g} times the usual traffic at most afterwards"
    carried = (
        f"{figures[scene.carried_by]:.1%} of new messages by {who} from {scene.switch_s:g} s on"
        if who
        else most
    )
    safe = f"{figures['lost']} lost, {figures['twice']} twice of {figures['messages']}"
    return f"{told.name}: {carried}; {safe}"
