"""What holds for every test."""

import os

import pytest
import structlog
from hypothesis import HealthCheck, settings

LONGEST_ID = 32
# Beside other tests and the servers, time on the wall says nothing about a test.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
EXAMPLES_IN_TIME = 25  # of the slowest property, which plays its lives on a ledger
# Of whoever runs the tests; what they show must not depend on it.
TERMINAL = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS")
ALONE_IN = ("tests/chaos/", "tests/integration/workers/")  # where `make test` looks for them


def pytest_configure(config: pytest.Config) -> None:
    """The same terminal and examples in each run, and tracebacks as Python writes them.

    What a new example finds is no news of the change that is being tested: who looks for more
    gives a seed, `--hypothesis-seed=N`, or asks for many (SCENARIO_EXAMPLES).

    Rich, structlog's choice where nothing is configured, draws the locals of every frame: ten
    seconds of CPU for one exception of the sender that a test wants to see logged.
    """
    for name in TERMINAL:
        os.environ.pop(name, None)
    os.environ["TERM"] = "xterm-256color"
    exploring = config.getoption("--hypothesis-seed") or "SCENARIO_EXAMPLES" in os.environ
    wanted = settings(UNHURRIED, derandomize=not exploring)
    settings.register_profile("unhurried", wanted)
    settings.load_profile("unhurried")
    renderer = structlog.dev.ConsoleRenderer.get_active()
    renderer.exception_formatter = structlog.dev.plain_traceback


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Long texts get the name of their argument and a number.

    Among them are signatures of the moment of collection, and processes that share the tests
    must all call them by the same names.
    """
    return argname if isinstance(val, str | bytes) and len(val) > LONGEST_ID else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse a test that wants to be alone where nobody would run it; give more examples more time.

    Two thousand take a busy machine longer than a test that hangs is waited for.
    """
    times = int(os.environ.get("SCENARIO_EXAMPLES", "0")) / EXAMPLES_IN_TIME
    longer = pytest.mark.timeout(float(config.getini("timeout")) * times)
    for item in items:
        if times > 1 and item.get_closest_marker("timeout") is None:
            item.add_marker(longer)
        if item.get_closest_marker("alone") and not item.nodeid.startswith(ALONE_IN):
            raise pytest.UsageError(f"{item.nodeid}: only below {', '.join(ALONE_IN)}")
