"""How long a crashed process waits for its restart."""

from itertools import pairwise

from reminders.servers.supervisor import BACKOFF_CAP_S, BACKOFF_FIRST_S, backoff


def test_waits_double_up_to_a_cap() -> None:
    waits = [backoff(crashes) for crashes in range(1, 200)]
    assert waits[0] == BACKOFF_FIRST_S
    assert waits[1] == 2 * BACKOFF_FIRST_S
    assert all(earlier <= later for earlier, later in pairwise(waits))
    assert waits[-1] == BACKOFF_CAP_S
