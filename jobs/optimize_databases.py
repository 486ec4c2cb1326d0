"""Report on every database once a week: in our own database, and as a file in LOG_DIR/database/."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import psycopg
import structlog

from db import reports
from db.diagnosis.target import Target, opened
from db.errors import DatabaseError, one_line
from db.report_text import markdown
from db.reports import Report
from jobs.context import Context
from jobs.database_report import gathered

log = structlog.get_logger()

EVERY = timedelta(days=7)
FOLDER = "database"


async def run(context: Context) -> int:
    """How many databases could be reported on. One that fails holds up no other, and its report says why.

    Raises:
        DatabaseError, psycopg.Error: why our own could not be; the others have been by then.
    """
    failed: Exception | None = None
    reported = 0
    async with opened(context.settings, context.db) as targets:
        for target in targets.values():
            try:
                await _report(context, target)
                reported += 1
            except (DatabaseError, psycopg.Error) as exc:
                await _tell_failure(context, target, exc)
                failed = exc if target.is_own else failed
    if failed is not None:
        raise failed
    return reported


async def _report(context: Context, target: Target) -> None:
    report, counters = await gathered(context.db, target, datetime.now(UTC))
    await reports.add(context.db, report, counters)
    await _write(context.settings.log_dir / FOLDER, report)


async def _tell_failure(context: Context, target: Target, exc: Exception) -> None:
    why = one_line(exc)
    log.warning("database not reported on", target=target.name, why=why)
    if not target.is_own:
        report = Report(target.name, datetime.now(UTC), failure=why)
        await reports.add(context.db, report)
        await _write(context.settings.log_dir / FOLDER, report)


async def _write(folder: Path, report: Report) -> None:
    """The report as a file, a later one of the day in place of an earlier; it is kept without that, too."""
    path = folder / file_name(report)
    try:
        await asyncio.to_thread(_write_text, path, markdown(report))
    except OSError as exc:
        log.warning(
            "report not written: make the folder writable, or set LOG_DIR to one that is",
            file=str(path),
            why=exc.strerror or str(exc),
        )


def _write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def file_name(report: Report) -> str:
    """`2026-11-26-shop@db.example.org.md`: whatever means something in a path is told as `%2F`."""
    return f"{report.at:%Y-%m-%d}-{quote(report.target, safe='@')}.md"
