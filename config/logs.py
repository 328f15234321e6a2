"""Structured logs: an event name and fields, for people on a terminal or as JSON lines."""

from __future__ import annotations

import logging
import sys

import structlog

from config.settings import Settings

# Several lines for each of a few tasks a second, most of which find nothing to do: what our own
# lines say would be lost among them. Failures are warnings or worse.
_CHATTER = ("celery.beat", "celery.app.trace", "celery.worker.strategy")


def set_up(settings: Settings) -> None:
    """Send structlog and the libraries' logs to standard error in one form."""
    level = getattr(logging, settings.log_level.upper())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.log_format == "json"
        # Not structlog's own choice, which prints local variables: addresses, tokens, whole mails.
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, last]
        if settings.log_format == "json"
        else [*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(level, logging.INFO))
    for name in _CHATTER:
        logging.getLogger(name).setLevel(logging.NOTSET if level < logging.INFO else "WARNING")
