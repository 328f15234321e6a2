"""A shipped label keeps its meaning: what it rests on changes with its version alone."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from reminders.services import policy_files
from reminders.services.policy.bundle import dump
from reminders.services.policy.files import gather

FOLDER = Path(policy_files.__file__).parents[2] / "config" / "policies"
# A ledger that froze a label with another text refuses to open (`book.PolicyBook`): where a digest
# differs, raise the version of that policy, and only then write the new digest here.
MEANT = {
    "bnpl-us@2": "6866347146f8be1b",
    "card-cn@2": "c9b59a1677cda997",
    "d-5@2": "bc52fd2c0a1224e7",
    "default@5": "d4ac9e0280bc1e06",
    "every-channel@3": "b5c793b88df7ae09",
}


def test_a_policy_whose_texts_changed_has_a_new_version() -> None:
    """Its own, its packs' and its card's: an installation is to start after it was brought up to
    date."""
    found = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        sources = gather(path)
        shape = sources.shape()
        digest = sha256(dump(sources, {}).encode()).hexdigest()
        found[f"{shape.name}@{shape.version}"] = digest[:16]
    assert found == MEANT
