"""Logs as events with fields, one line each, on standard error."""

import logging
import sys

import psycopg
import structlog
from procrastinate.exceptions import ConnectorException


def _is_news(record: logging.LogRecord) -> bool:
    """While PostgreSQL is away, `db.database` says so once; pool and queue would add a traceback a second."""
    if record.name == "psycopg.pool":
        return record.levelno > logging.WARNING
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, psycopg.OperationalError | ConnectorException)


def configure_logs(level: str) -> None:
    """Log from `level` up; libraries from warning up."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_is_news)
    logging.basicConfig(
        level=logging.WARNING, handlers=[handler], format="%(levelname)s %(name)s: %(message)s"
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
