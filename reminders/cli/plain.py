"""Reads the plain command lines of the two stories: no library is imported for it.

The one that reads all others takes longer to import than the console takes to tell a story. What
is not as plain as this reads (help, abbreviations, mistakes) is left to it.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

Given = dict[str, Any]  # Any: a flag is True, the folder a path, the rest text


class Story(NamedTuple):
    """The options of one command, each with the name of its argument: a test compares them."""

    texts: Mapping[str, str]
    flags: Mapping[str, str]


STORIES: Mapping[str, Story] = {
    "explain": Story(
        {
            "--stage": "stage",
            "--at": "at",
            "--customer": "customer",
            "--language": "language",
            "--data": "data",
        },
        {"--verify": "verify", "--for-customer": "for_customer", "--json": "as_json"},
    ),
    "timeline": Story({"--customer": "customer", "--data": "data"}, {"--json": "as_json"}),
}


def ran(words: Sequence[str]) -> bool:
    """Run the command of these words, or say that another must read them."""
    given = read(words)
    if given is None:
        return False
    gc.disable()  # imports set it off often, and the process ends before there is much to find
    try:
        _command(words[0])(**given)
    except KeyboardInterrupt:
        sys.exit(130)  # as shells count it: 128 and the signal
    except BrokenPipeError:
        # Whoever read along has enough. What is left in the buffer has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    finally:
        gc.enable()
    return True


def read(words: Sequence[str]) -> Given | None:
    """The arguments of a story's command; None where the words are not plain."""
    if not words or words[0] not in STORIES:
        return None
    story = STORIES[words[0]]
    given: Given = {}
    left = iter(words[1:])
    for word in left:
        name, equals, text = word.partition("=")
        if name in story.texts:
            text = text if equals else next(left, "-")
            if text.startswith("-") and not equals:
                return None
            given[story.texts[name]] = Path(text) if name == "--data" else text
        elif word in story.flags:
            given[story.flags[word]] = True
        elif word.startswith("-") or "bill" in given:
            return None
        else:
            given["bill"] = word
    return given if "bill" in given else None


def _command(name: str) -> Callable[..., None]:
    if name == "explain":
        from reminders.cli.explain import explain

        return explain
    from reminders.cli.timeline import timeline

    return timeline
