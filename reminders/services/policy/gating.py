"""The gate before an activation: a backtest against the policy in force, and what it may cost."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from reminders.domain.errors import PolicyError
from reminders.domain.policy import Policy
from reminders.services.policy.fields import Share, Strict, Whole
from reminders.services.policy.law import text_of
from reminders.services.policy.yaml_text import load
from reminders.services.simulate.fates import Model
from reminders.services.simulate.gate import Thresholds, check
from reminders.services.simulate.people import Source

Increase = Annotated[float, Field(ge=-1, allow_inf_nan=False)]
Count = Annotated[Whole, Field(ge=0)]


class ThresholdsShape(Strict):
    """What may stand in a file of thresholds; what is left out is not asked."""

    max_messages_increase: Increase | None = None
    max_cost_increase: Increase | None = None
    max_cap_hits: Count | None = None
    min_reached_before_due: Share | None = None
    max_no_longer_reached: Count | None = None


def read_thresholds(path: Path) -> Thresholds:
    """The thresholds in a YAML file. Raises `PolicyError` with one line per fault."""
    try:
        read = load(text_of(path))
        given = ThresholdsShape.model_validate(read if isinstance(read, dict) else {})
    except ValidationError as error:
        lines = [
            f"{path}: {'.'.join(map(str, wrong['loc']))}: {wrong['msg']}"
            for wrong in error.errors()
        ]
        raise PolicyError("\n".join(lines)) from None
    if not given.model_fields_set:
        raise PolicyError(f"{path}: asks nothing: {', '.join(ThresholdsShape.model_fields)}")
    return Thresholds(**given.model_dump())


def gate(
    candidate: Policy, live: Policy, thresholds: Thresholds, source: Source, model: Model
) -> tuple[list[str], bytes]:
    """What speaks against the candidate, a line each; and what is kept with its activation."""
    against = check(candidate, live, thresholds, source, model=model)
    kept = {"against": live.label, "thresholds": asdict(thresholds), "failures": against}
    return against, json.dumps(kept, sort_keys=True).encode()
