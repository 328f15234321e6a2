"""Charts as inline SVG: colours come from the page's style, so that they follow its dark mode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

WIDTH = 920
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 12, 28
_PLOT = WIDTH - _LEFT - _RIGHT
_LABEL = 320
_ROW = 22
_TICKS = 4


@dataclass(frozen=True, slots=True)
class Series:
    """One named run of values; `style` is a class of the page's style sheet."""

    name: str
    style: str
    values: Sequence[float]


def stacked(
    names: Sequence[str], layers: Sequence[Series], beside: Series | None, label: str
) -> str:
    """A column per name with the layers on top of each other, and another run as a mark."""
    height = 240
    totals = [sum(layer.values[n] for layer in layers) for n in range(len(names))]
    top = _nice(max([*totals, *(beside.values if beside else ()), 1]))
    floor_at, step = height - _BOTTOM, _PLOT / max(1, len(names))
    scale = (floor_at - _TOP) / top
    parts = [_grid(top, scale, floor_at)]
    for n, name in enumerate(names):
        at, low = _LEFT + n * step, float(floor_at)
        told = ", ".join(f"{layer.name} {layer.values[n]:,.0f}" for layer in layers)
        parts.append(f"<g><title>{escape(name)}: {totals[n]:,.0f} ({escape(told)})</title>")
        for layer in layers:
            size = layer.values[n] * scale
            low -= size
            if size:
                parts.append(_rect(layer.style, at, low, max(1.0, step - _gap(step)), size))
        parts.append("</g>")
    if beside is not None:
        wide = max(3.0, step - _gap(step))
        for n, value in enumerate(beside.values):
            if value:
                at, high = _LEFT + n * step, floor_at - value * scale
                told = f"{names[n]}, {beside.name}: {value:,.0f}"
                parts.append(f"<g><title>{escape(told)}</title>")
                parts.append(_rect(beside.style, at - 1, high - 1, wide + 2, 2.5) + "</g>")
    parts += [_below(names, step, height)]
    return _svg(height, label, parts)


def bars(
    rows: Mapping[str, Sequence[float]], series: Sequence[Series], label: str, form: str
) -> str:
    """A group of horizontal bars per row, one bar for each of `series`, written with `form`."""
    most = max((value for values in rows.values() for value in values), default=0) or 1
    across = WIDTH - _LABEL - 110
    thick = _ROW - 6 if len(series) == 1 else 14
    tall = thick * len(series) + 8
    parts = []
    for n, (name, values) in enumerate(rows.items()):
        top = n * tall + 4
        middle = top + thick * len(series) / 2 + 4
        parts.append(
            f'<text class="name" x="{_LABEL - 10}" y="{middle:.1f}">{escape(_cut(name))}'
            f"<title>{escape(name)}</title></text>"
        )
        for index, each in enumerate(series):
            size = across * values[index] / most
            at = top + index * thick
            told = f"{name}, {each.name}: {values[index]:{form}}"
            parts.append(f"<g><title>{escape(told)}</title>")
            parts.append(_rect(each.style, _LABEL, at, max(size, 0.5), thick - 2))
            parts.append(
                f'<text class="value" x="{_LABEL + size + 6:.1f}" y="{at + thick - 3:.1f}">'
                f"{values[index]:{form}}</text></g>"
            )
    return _svg(max(tall * len(rows) + 8, _ROW), label, parts)


def legend(series: Sequence[Series]) -> str:
    """What the colours mean."""
    items = "".join(
        f'<span><i class="swatch {each.style}"></i>{escape(each.name)}</span>' for each in series
    )
    return f'<p class="legend">{items}</p>'


def _svg(height: float, label: str, parts: Sequence[str]) -> str:
    body = "".join(parts)
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(label)}">'
        f"{body}</svg>"
    )


def _rect(style: str, x: float, y: float, width: float, height: float) -> str:
    return (
        f'<rect class="{style}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}"'
        f' height="{height:.1f}" rx="1.5"/>'
    )


def _grid(top: float, scale: float, floor_at: float) -> str:
    parts = []
    for n in range(_TICKS + 1):
        value = top * n / _TICKS
        y = floor_at - value * scale
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        )
        parts.append(f'<text class="tick" x="{_LEFT - 8}" y="{y + 4:.1f}">{value:,.0f}</text>')
    return "".join(parts)


def _below(names: Sequence[str], step: float, height: float) -> str:
    every = max(1, ceil(len(names) / 8))
    return "".join(
        f'<text class="day" x="{_LEFT + (n + 0.5) * step:.1f}" y="{height - 8}">'
        f"{escape(name)}</text>"
        for n, name in enumerate(names)
        if n % every == 0
    )


def _gap(step: float) -> float:
    return 2.0 if step > 6 else 0.5


def _cut(name: str) -> str:
    return name if len(name) <= 48 else f"{name[:47]}…"


def _nice(most: float) -> float:
    """The next round number above, divisible by the number of ticks."""
    unit = 10.0 ** floor(log10(most))
    return next(unit * each for each in (1, 2, 4, 6, 8, 10, 20) if unit * each >= most)
