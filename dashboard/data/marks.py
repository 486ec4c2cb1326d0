"""What the charts of a time axis show beside their own data: job runs and deployments."""

from collections.abc import Sequence
from datetime import datetime

from dashboard.data.bridge import Row, asked
from dashboard.data.jobs import jobs_of_each_process
from dashboard.kept import kept
from db import between
from db import deployments as deployed


@kept(seconds=20, entries=50)
def job_runs_between(since: datetime, until: datetime) -> Sequence[Row]:
    """job, outcome, started_at and finished_at of runs, the failed and the longest first.

    Jobs that every process runs for itself every few seconds are left out.
    """
    private = jobs_of_each_process()
    return asked("time axis", lambda db: between.runs(db, since, until, private))


@kept(seconds=20, entries=50)
def deployments(since: datetime, until: datetime) -> Sequence[Row]:
    """at, version and what of deployments, newest first."""
    return asked("time axis", lambda db: deployed.between(db, since, until))
