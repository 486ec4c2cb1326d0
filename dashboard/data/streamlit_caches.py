"""What Streamlit itself keeps: `st.cache_data`, `st.cache_resource`, and what sessions left with it."""

from typing import Any

from streamlit import runtime
from streamlit.runtime.caching.cache_metrics import CACHE_EVICTIONS_FAMILY, CACHE_LOOKUPS_FAMILY
from streamlit.runtime.stats import CACHE_MEMORY_FAMILY, CacheStat, CounterStat

from dashboard.data.bridge import Row
from dashboard.kept import kept

__all__ = ["of_streamlit"]


@kept(seconds=30, entries=1)
def of_streamlit() -> list[Row]:
    """Each cache by kind and name: hits, misses, evictions, bytes; empty where the dashboard does not run.

    Kept for a while, because Streamlit measures each object that it holds.
    """
    if not runtime.exists():
        return []
    families = [CACHE_MEMORY_FAMILY, CACHE_LOOKUPS_FAMILY, CACHE_EVICTIONS_FAMILY]
    told = runtime.get_instance().stats_mgr.get_stats(families)
    found: dict[tuple[str, str], Row] = {}
    for stats in told.values():
        for stat in stats:
            _add(found, stat)
    return sorted(found.values(), key=lambda row: (-row["bytes"], row["kind"], row["name"]))


def _add(found: dict[tuple[str, str], Row], stat: Any) -> None:
    if isinstance(stat, CacheStat):
        row = _row(found, stat.category_name, stat.cache_name)
        row["bytes"] += stat.byte_length
    elif isinstance(stat, CounterStat) and stat.labels:
        row = _row(found, stat.labels.get("cache_type", ""), stat.labels.get("cache", ""))
        figure = "evictions"
        if stat.family_name == CACHE_LOOKUPS_FAMILY:
            figure = "hits" if stat.labels.get("result") == "hit" else "misses"
        row[figure] += stat.value


def _row(found: dict[tuple[str, str], Row], kind: str, name: str) -> Row:
    empty = {"kind": kind, "name": name, "hits": 0, "misses": 0, "evictions": 0, "bytes": 0}
    return found.setdefault((kind, name), empty)
