"""A breaker's rules as an operator names them: durations in seconds, by names that end `_s`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import timedelta
from typing import Final

from channels.breaker_rules import BreakerRules
from channels.errors import ChannelSettingsError

_USUAL: Final = BreakerRules()
_DURATIONS: Final = {
    f"{each.name}_s": each.name
    for each in fields(BreakerRules)
    if isinstance(getattr(_USUAL, each.name), timedelta)
}
NAMES: Final = frozenset(
    {*_DURATIONS, *({each.name for each in fields(BreakerRules)} - set(_DURATIONS.values()))}
)
# By these a channel's providers are compared with each other.
SHARED: Final = frozenset({"cohort_s", "mature_s", "span_s"})
_WHOLE: Final = frozenset({"quick_s", "window_s", "cohort_s"})
_MOST_CALLS: Final = 1_000_000_000
_NOT_ABOVE: Final = (
    ("quick", "window"),
    ("cool_down", "cool_down_max"),
    ("pause", "pause_max"),
)


def rules_with(usual: BreakerRules, given: Mapping[str, object]) -> BreakerRules:
    """`usual`, but what is given. Raises `ChannelSettingsError` with the first fault."""
    changed: dict[str, object] = {}
    for name, value in given.items():
        if name not in NAMES:
            raise _fault(name, f"is no rule of a breaker; there are {', '.join(sorted(NAMES))}")
        changed[_DURATIONS.get(name, name)] = _read(name, value)
    # Any of dataclasses.replace: each value was read by its own field's kind.
    rules: BreakerRules = replace(usual, **changed)  # type: ignore[arg-type]
    for less, more in _NOT_ABOVE:
        if getattr(rules, less) > getattr(rules, more):
            raise _fault(f"{less}_s", f"must be at most {more}_s")
    return rules


def own_rules(usual: BreakerRules, given: object) -> BreakerRules:
    """The rules of one provider. Raises `ChannelSettingsError` with the first fault."""
    if not isinstance(given, dict):
        raise ChannelSettingsError("breaker: want rules by name, such as failed_share: 0.3")
    shared = sorted(SHARED & given.keys())
    if shared:
        variable = f"REMINDERS_BREAKER__{shared[0].upper()}"
        raise _fault(shared[0], f"is one for all providers: set {variable}")
    return rules_with(usual, {str(name): value for name, value in given.items()})


def _read(name: str, value: object) -> object:
    if name == "steps":
        return _steps(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _fault(name, "must be a number")
    if name in _DURATIONS:
        return _seconds(name, value)
    if isinstance(getattr(_USUAL, name), int):
        if not 1 <= value <= _MOST_CALLS or value != int(value):
            raise _fault(name, "must be a whole number, 1 or more")
        return int(value)
    if not 0 < value <= 1:
        raise _fault(name, "must be above 0 and at most 1")
    return float(value)


def _seconds(name: str, value: float) -> timedelta:
    # A year: what is longer is a slip of the pen, and may not fit a timedelta.
    if not 0 < value <= 31_536_000:
        raise _fault(name, "must be above 0 seconds and at most a year")
    if name in _WHOLE and value != int(value):
        raise _fault(name, "must be whole seconds")
    return timedelta(seconds=value)


def _steps(value: object) -> tuple[float, ...]:
    given = list(value) if isinstance(value, list | tuple) else []
    numbers = [float(each) for each in given if isinstance(each, int | float)]
    rise = [0.0, *numbers, 1.0]
    if not numbers or len(numbers) < len(given) or rise != sorted(set(rise)):
        raise _fault("steps", "must be shares that rise, above 0 and below 1")
    return tuple(numbers)


def _fault(name: str, says: str) -> ChannelSettingsError:
    return ChannelSettingsError(f"breaker.{name}: {says}")
