"""Which modules are compiled, and the fingerprint that ties a library to their sources."""

from __future__ import annotations

from hashlib import sha256
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "build" / "compiled"
LIBRARY = "reminders_compiled__mypyc"  # mypyc ends the name so
MANIFEST = "manifest.json"
# What a decision passes through, and no more: a module takes the C compiler a second or two.
_MODULES = {
    "reminders/domain": (
        "bill",
        "bill_steps",
        "calendar",
        "caps",
        "case",
        "channel_choice",
        "compliance",
        "customer",
        "decide",
        "decision",
        "escalation",
        "features",
        "hours",
        "identity",
        "kinds",
        "planning",
        "policy",
        "reminder",
        "risk",
        "scorecard",
        "standing",
        "steady",
        "turning",
        "upcoming",
        "usage",
        "wall",
    ),
    "reminders/services/demo": (  # what the card file holds
        "card_rows",
        "chance",
        "lives",
        "portfolio",
        "profile",
        "statements",
    ),
    "reminders/services/simulate": (
        "carrier",
        "facts",
        "fates",
        "observed",
        "play",
        "story",
        "tally",
        "tiers",
        "timeline",
        "used",
    ),
}
_MAKERS = ("build", "described", "making", "modules", "native")


def paths() -> list[str]:
    """The compiled modules' files, relative to `ROOT`."""
    return [f"{folder}/{name}.py" for folder, names in _MODULES.items() for name in names]


def module_of(path: str) -> str:
    """`reminders.domain.bill` of `reminders/domain/bill.py`."""
    return path.removesuffix(".py").replace("/", ".")


def fitting(root: Path = ROOT) -> Path:
    """The folder of the library that fits the sources as they are and this Python.

    Its name holds a hash of all that the library is made from: the modules, what they call records,
    and what makes it.
    """
    found = sha256()
    made_by = [f"reminders/compiled/{name}.py" for name in _MAKERS]
    for path in (*paths(), "reminders/domain/record.py", *made_by):
        found.update(f"{path}\0".encode())
        found.update((root / path).read_bytes())
    python = EXTENSION_SUFFIXES[0].split(".")[1]  # as in cpython-311-x86_64-linux-gnu
    return BUILT / f"{python}-{found.hexdigest()[:16]}"
