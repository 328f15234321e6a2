"""The report as one picture: ROC, the gap of KS, default rate by tier, calibration."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from reminders.services.risk.errors import BadHistory, ExtraMissing
from reminders.services.risk.judging import Report
from reminders.services.risk.measures import curves

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Told apart by people who do not see red against green, and in grey.
_FITTED, _HAND, _GIVEN, _QUIET = "#1f5fa8", "#d9822b", "#5f8f3e", "#8a8f98"
_TIERS = ("#b9d3ee", "#7aaad8", "#3d7ab8", "#123f73")
_DPI = 130


def draw(report: Report, source: str, path: Path) -> None:
    """Write the picture as PNG. Raises `ExtraMissing` without matplotlib, `BadHistory` where the
    file cannot be written."""
    try:
        figures = import_module("matplotlib.figure")
    except ModuleNotFoundError:
        raise ExtraMissing("matplotlib") from None
    figure: Figure = figures.Figure(figsize=(11, 8.6), layout="constrained")
    (first, second), (third, fourth) = figure.subplots(2, 2)
    _roc(first, report)
    _gap(second, report)
    _by_tier(third, report)
    _calibration(fourth, report)
    rows = len(report.defaulted)
    figure.suptitle(
        f"{rows:,} customers of {source}, {report.defaulted.mean():.1%} defaulted; "
        f"fitted card judged out of fold, {len(report.folds)} folds",
        fontsize=12,
    )
    figure.supxlabel(
        "History without reminders: nothing here shows that a reminder makes anybody pay.",
        fontsize=9,
        color="#555555",
    )
    try:
        figure.savefig(path, dpi=_DPI, format="png", metadata={"Software": None})
    except OSError as error:
        raise BadHistory(f"{path} cannot be written: {error.strerror}") from None


def _roc(axes: Axes, report: Report) -> None:
    shown = [(report.fitted, _FITTED, "fitted card"), (report.hand, _HAND, report.hand.name)]
    if report.given is not None:
        shown.append((report.given, _GIVEN, report.given.name))
    for judged, colour, name in shown:
        _, bad, good = curves(report.defaulted, judged.points)
        label = f"{name}: AUC {judged.auc:.3f}"
        axes.plot([0, *good], [0, *bad], color=colour, linewidth=2, label=label)
    axes.plot([0, 1], [0, 1], color=_QUIET, linewidth=1, linestyle=":", label="by chance: 0.500")
    axes.set(
        title="Who has more points, defaulters or the others (ROC)",
        xlabel="share of the others reached",
        ylabel="share of defaulters reached",
        xlim=(0, 1),
        ylim=(0, 1.01),
    )
    axes.legend(loc="lower right", frameon=False)
    _plain(axes)


def _gap(axes: Axes, report: Report) -> None:
    values, bad, good = curves(report.defaulted, report.fitted.points)
    axes.plot(values, bad, color=_TIERS[3], linewidth=2, label="defaulters")
    axes.plot(values, good, color=_HAND, linewidth=2, label="the others")
    widest = int(np.abs(bad - good).argmax())
    at = float(values[widest])
    axes.plot([at, at], [good[widest], bad[widest]], color="#333333", linewidth=1.5)
    axes.set(
        title=f"How far the fitted points part them (KS {report.fitted.ks:.3f} at {at:.0f})",
        xlabel="points, at least",
        ylabel="share at or above",
        ylim=(0, 1.01),
    )
    axes.legend(loc="upper right", frameon=False)
    _plain(axes)


def _by_tier(axes: Axes, report: Report) -> None:
    rows = report.fitted.tiers
    rates = [row.default_rate or 0.0 for row in rows.values()]
    names = [f"{name}\n{row.share:.1%}" for name, row in rows.items()]
    bars = axes.bar(names, rates, color=_TIERS, width=0.7)
    for bar, row in zip(bars, rows.values(), strict=True):
        rate = "nobody" if row.default_rate is None else f"{row.default_rate:.1%}"
        axes.annotate(
            rate,
            (bar.get_x() + bar.get_width() / 2, bar.get_height()),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
        )
    overall = float(report.defaulted.mean())
    axes.axhline(overall, color=_QUIET, linewidth=1, linestyle=":")
    axes.annotate(
        f"all: {overall:.1%}",
        (-0.45, overall),
        xytext=(0, 3),
        textcoords="offset points",
        fontsize=9,
        color="#555555",
    )
    axes.set(
        title="Default rate by tier of the fitted card",
        xlabel="tier, and its share of the customers",
        ylabel="default rate",
        ylim=(0, min(1.2, max([*rates, overall]) * 1.22)),
    )
    _plain(axes)


def _calibration(axes: Axes, report: Report) -> None:
    groups = report.calibration
    most = max(max(each.expected, each.actual) for each in groups) * 1.08
    axes.plot([0, most], [0, most], color=_QUIET, linewidth=1, linestyle=":", label="exact")
    axes.plot(
        [each.expected for each in groups],
        [each.actual for each in groups],
        color=_FITTED,
        marker="o",
        linewidth=1.5,
        label="a tenth of the customers each",
    )
    axes.set(
        title="Default rate that the points stand for, and that there was",
        xlabel="by the points",
        ylabel="there was",
        xlim=(0, most),
        ylim=(0, most),
    )
    axes.legend(loc="upper left", frameon=False)
    _plain(axes)


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.title.set_fontsize(11)
