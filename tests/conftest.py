"""What holds for every test."""

import structlog


def pytest_configure() -> None:
    """Tracebacks as Python writes them.

    Rich, structlog's choice where nothing is configured, draws the locals of every frame: ten
    seconds of CPU for one exception of the sender that a test wants to see logged.
    """
    renderer = structlog.dev.ConsoleRenderer.get_active()
    renderer.exception_formatter = structlog.dev.plain_traceback
