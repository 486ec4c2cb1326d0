"""The response cache."""

from datetime import datetime

from dashboard.data.bridge import Row, asked, connection
from dashboard.kept import kept
from db import samples


def cache_namespaces() -> list[Row]:
    """Each namespace of this process's response cache; needs no database."""
    return there.cache_stats() if (there := connection()) else []


@kept(seconds=10, entries=10)
def hit_rate(since: datetime, until: datetime, step_seconds: int) -> list[Row]:
    """The cache's hit rate in steps: at, mean in percent."""
    series = ("hit_rate",)
    found = asked("cache", lambda db: samples.over_time(db, series, since, until, step_seconds))
    return found["hit_rate"]
