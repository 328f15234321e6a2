"""Holdout and groups of an experiment: sticky by customer, decided by nothing but a hash."""

from __future__ import annotations

from hashlib import sha256

from reminders.domain.policy import Experiment

HOLDOUT = "holdout"
_BYTES = 8


def group_of(experiment: Experiment, customer_ref: str) -> str:
    """The word "holdout", the name of a group, or "" for who is in none.

    The experiment's name is hashed along, so that two experiments do not share their groups, and
    a share that grows keeps whom it had as long as those before it keep theirs.
    """
    digest = sha256(f"{experiment.name}\0{customer_ref}".encode()).digest()
    at = int.from_bytes(digest[:_BYTES]) / 256**_BYTES
    end = experiment.holdout
    if at < end:
        return HOLDOUT
    for name, share in experiment.groups:
        end += share
        if at < end:
            return name
    return ""
