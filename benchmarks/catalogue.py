"""Every figure, in the order in which they are measured: the one list."""

from benchmarks.figure import Figure
from benchmarks.figures import (
    any_range,
    cache_fire,
    cache_lookup,
    cache_policy,
    cpu_per_update,
    importing,
    kept_latency,
    live_viewers,
    memory,
    merging,
    pages,
    pulse_tick,
    quantile_error,
    refreshing,
    scraping,
    start,
    telemetry,
)

FIGURES = (
    Figure("pulse_tick", pulse_tick.run, limit_seconds=60),
    Figure("telemetry", telemetry.run, limit_seconds=60),
    Figure("quantile_error", quantile_error.run, limit_seconds=60),
    Figure("any_range", any_range.run, limit_seconds=900),
    Figure("cache_lookup", cache_lookup.run, limit_seconds=60),
    Figure("cache_policy", cache_policy.run, limit_seconds=120),
    Figure("cache_fire", cache_fire.run, limit_seconds=180),
    Figure("merging", merging.run, limit_seconds=600),
    Figure("importing", importing.run, limit_seconds=600),
    Figure("refreshing", refreshing.run, limit_seconds=300),
    Figure("scraping", scraping.run, limit_seconds=240),
    Figure("pages", pages.run, limit_seconds=600),
    Figure("kept_latency", kept_latency.run, limit_seconds=300),
    Figure("start", start.run, limit_seconds=300),
    Figure("live_viewers", live_viewers.run, limit_seconds=720),
    Figure("cpu_per_update", cpu_per_update.run, limit_seconds=720),
    Figure("memory", memory.run, limit_seconds=960),
)
