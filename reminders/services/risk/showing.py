"""A report as JSON for programs and as tables for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from reminders.services.risk.history import INPUTS, LABEL
from reminders.services.risk.judging import Judged, Report, rises

NO_EFFECT = "The history holds no reminders: nothing here shows that a reminder makes anybody pay."
_DIGITS = 4


def as_json(report: Report) -> dict[str, object]:
    """Rates and shares as fractions, four decimals. `tiers` are the fitted card's, out of fold."""
    customers = len(report.defaulted)
    told: dict[str, object] = {
        "customers": customers,
        "defaulted": int(report.defaulted.sum()),
        "default_rate": _short(float(report.defaulted.mean())),
        "hand": {"card": report.hand.name, **_measures(report.hand), "tiers": _tiers(report.hand)},
        "fitted": {
            **_measures(report.fitted),
            "folds": len(report.folds),
            "seed": report.seed,
            "out_of_fold": True,
        },
        "tiers": _tiers(report.fitted),
        "tiers_rise": rises(list(report.fitted.tiers.values())),
        "calibration": [_rounded(asdict(group)) for group in report.calibration],
        "stability": [_rounded(asdict(fold)) for fold in report.folds],
        "columns": [*INPUTS],
        "label": LABEL,
        "inputs": list(report.inputs),
        "note": NO_EFFECT,
    }
    if report.given is not None:
        given = report.given
        told["card"] = {"card": given.name, **_measures(given), "tiers": _tiers(given)}
    return told


def tables(report: Report, source: str) -> Iterator[RenderableType]:
    """What a person reads, top to bottom."""
    rate = report.defaulted.mean()
    yield Text(f"{len(report.defaulted):,} customers of {source}, {rate:.1%} defaulted", "bold")
    yield _cards(report)
    yield _tier_table("Tiers of the fitted card, out of fold", report.fitted)
    if report.given is not None:
        yield _tier_table(f"Tiers of {report.given.name}", report.given)
    yield _calibration(report)
    yield _stability(report)
    yield Text(NO_EFFECT, "dim")


def _cards(report: Report) -> Table:
    table = _table("How well points tell defaulters from the others", "card", "AUC", "KS", "judged")
    folds = len(report.folds)
    rows = [
        (report.hand, "set by hand"),
        (report.fitted, f"out of fold, {folds} folds"),
        (report.given, "as given; flattered if it was fitted to these rows"),
    ]
    for judged, how in rows:
        if judged is not None:
            table.add_row(judged.name, f"{judged.auc:.4f}", f"{judged.ks:.4f}", how)
    return table


def _tier_table(title: str, judged: Judged) -> Table:
    table = _table(title, "tier", "customers", "share", "defaulted", "default rate")
    for name, row in judged.tiers.items():
        rate = "nobody" if row.default_rate is None else f"{row.default_rate:.1%}"
        table.add_row(name, f"{row.customers:,}", f"{row.share:.1%}", f"{row.defaulted:,}", rate)
    return table


def _calibration(report: Report) -> Table:
    names = ("points", "customers", "rate by the points", "rate there was")
    table = _table("Calibration of the fitted card, out of fold", *names)
    for group in report.calibration:
        span = f"{group.points_from} to {group.points_to}"
        rates = (f"{group.expected:.1%}", f"{group.actual:.1%}")
        table.add_row(span, f"{group.customers:,}", *rates)
    return table


def _stability(report: Report) -> Table:
    names = ("fold", "customers", "AUC", "KS", "PSI", "R1, R2, R3 from", "inputs")
    table = _table("Stability: each fold on its own", *names)
    for number, fold in enumerate(report.folds, start=1):
        table.add_row(
            str(number),
            f"{fold.customers:,}",
            f"{fold.auc:.4f}",
            f"{fold.ks:.4f}",
            f"{fold.psi:.4f}",
            ", ".join(str(least) for least in fold.thresholds),
            str(fold.inputs),
        )
    return table


def _table(title: str, first: str, *others: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right")
    return table


def _measures(judged: Judged) -> dict[str, object]:
    return {"auc": _short(judged.auc), "ks": _short(judged.ks)}


def _tiers(judged: Judged) -> dict[str, object]:
    return {name: _rounded(asdict(row)) for name, row in judged.tiers.items()}


def _rounded(told: dict[str, object]) -> dict[str, object]:
    return {key: _short(value) for key, value in told.items()}


def _short(value: object) -> object:
    return round(value, _DIGITS) if isinstance(value, float) else value
