"""The orders of a watcher, and what it says of a process that cannot be run."""

import signal

from hypothesis import given
from hypothesis import strategies as st

from reminders.servers import watcher
from reminders.servers.watcher import Orders

WORDS = st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=20)
USERS = st.none() | st.tuples(st.integers(0, 2**31), st.integers(0, 2**31))


@given(st.builds(Orders, st.integers(1, 31), st.floats(0, 100), USERS, WORDS, st.lists(WORDS)))
def test_orders_survive_the_command_line(orders: Orders) -> None:
    assert watcher.from_arguments(watcher.to_arguments(orders)) == orders


def test_the_process_stays_who_it_is_unless_told_otherwise() -> None:
    orders = Orders(signal.SIGTERM, 1.0, None, "/", ["true"])
    assert watcher.to_arguments(orders)[2] == "-"
