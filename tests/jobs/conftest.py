"""Jobs on a real database and on the sandbox, which makes no mistakes here and takes no time."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from categorization.classify import Classifier
from collectors import source
from collectors.process import ProcessSampler
from db.database import Database
from db.requests import RequestRecorder
from jobs.context import Context
from jobs.runtime import Runtime, open_runtime
from pulse import Pulse
from settings import Settings

MIB = 2**20


@pytest.fixture
async def runtime(db: Database, settings: Settings, classifier: Classifier) -> AsyncIterator[Runtime]:
    """One process's jobs; nothing runs by itself."""
    source._sandbox.cache_clear()  # each test has the sandbox's whole window of requests
    async with open_runtime(settings, db, classifier, RequestRecorder(), Pulse(), "app") as opened:
        yield opened


@pytest.fixture
def context(runtime: Runtime) -> Context:
    return runtime.context


class Readings:
    """Memory as a test says, in percent of a limit of 1,000 MiB."""

    def __init__(self) -> None:
        self.percent = 10.0
        self._sample = ProcessSampler(1000).sample()

    @property
    def rss_bytes(self) -> int:
        return int(self.percent * 10 * MIB)

    def read(self) -> object:
        return replace(self._sample, rss_bytes=self.rss_bytes)


@pytest.fixture
def memory(context: Context, monkeypatch: pytest.MonkeyPatch) -> Readings:
    """What the process's memory seems to be; collecting garbage does not change it, unless a test says so."""
    readings = Readings()
    monkeypatch.setattr(context, "process", readings)
    monkeypatch.setattr("jobs.check_alerts.rss_bytes", lambda: readings.rss_bytes)
    monkeypatch.setattr("jobs.check_alerts.release_memory", lambda: 0)
    return readings


@pytest.fixture
def going_away(db: Database) -> Callable[[bool], None]:
    """Let the database seem away, as `watch` does when it is, and back."""

    def set_down(down: bool) -> None:
        db.down_reason = "connection refused" if down else None

    return set_down
