"""Ports are free, stable, and outside the range that outgoing connections are given."""

import random
import socket

from reminders.servers import ports


def test_a_chosen_port_is_free_and_below_the_ephemeral_range() -> None:
    port = ports.choose()
    assert ports.FIRST <= port < ports.LAST <= 32768
    assert ports.is_free(port)
    assert not ports.answers(port)


def test_the_previous_port_is_kept_while_it_is_free() -> None:
    port = ports.choose()
    assert ports.choose(port) == port


def test_a_previous_port_that_is_taken_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert not ports.is_free(port)
        assert ports.answers(port)
        assert ports.choose(port) != port


def test_two_processes_that_are_seeded_alike_choose_apart() -> None:
    random.seed(7)
    first = [ports.choose() for _ in range(3)]
    random.seed(7)
    assert [ports.choose() for _ in range(3)] != first
