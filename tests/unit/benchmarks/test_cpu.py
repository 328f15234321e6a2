"""CPU seconds of process trees."""

import os

import pytest

from benchmarks.cpu import Times, look, tree_seconds, used


def test_a_process_that_ended_counts_once_in_its_parents_books() -> None:
    parent_before, child = Times(own=2.0, ended=0.0), Times(own=1.5, ended=0.0)
    parent_after = Times(own=2.0, ended=1.5)
    assert tree_seconds([parent_before, child]) == tree_seconds([parent_after]) == 3.5


def test_what_was_used_is_never_below_nothing() -> None:
    assert used({"a": 1.0, "b": 2.0}, {"a": 1.25, "b": 1.99}) == {"a": 0.25, "b": 0.0}


def test_a_tree_is_looked_up_by_its_root() -> None:
    seen = look({"me": os.getpid()})
    assert seen["me"] > 0


def test_a_name_that_is_gone_is_an_error() -> None:
    with pytest.raises(KeyError):
        used({"a": 1.0}, {})
