"""The weekly reports on a database, and the lever that makes one now."""

from collections.abc import Sequence

from dashboard.data.bridge import asked
from dashboard.data.jobs import run_job
from dashboard.data.postgresql import PAGE
from dashboard.kept import forget, kept
from db import report_text
from db import reports as reporting
from db.reports import Costs, Kept, Report

__all__ = ["Costs", "Kept", "Report", "make", "markdown", "report", "reports"]

JOB = "optimize_databases"
markdown = report_text.markdown


@kept(seconds=5, entries=20)
def reports(name: str) -> Sequence[Kept]:
    """Numbers and times of a database's reports, newest first."""
    return asked(PAGE, lambda db: reporting.newest(db, name))


@kept(seconds=600, entries=20)
def report(name: str, number: int) -> Report | None:
    """A report; None when it is no longer kept."""
    return asked(PAGE, lambda db: reporting.one(db, name, number))


def make() -> None:
    """Have every database reported on now.

    Raises:
        ActionFailed: with the reason.
    """
    try:
        run_job(JOB)
    finally:
        forget()
