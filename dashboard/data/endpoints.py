"""How each endpoint did over a range: against its objective, and against the period before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dashboard.data.bridge import Row, asked, settings
from dashboard.data.jobs import jobs_of_each_process
from dashboard.data.probes import probes
from dashboard.kept import kept
from db import histogram, latency, slow_requests
from db.diagnosis import words
from db.latency import OverTime, RouteLatency

Kind = Literal["API", "Dashboard", "Probes", "All"]
PAGE, PROBE = "PAGE", "PROBE"  # the methods under which the dashboard's own reads and the probes are kept
KINDS: tuple[Kind, ...] = ("API", "Dashboard", "Probes", "All")
SLOWER_THAN_OBJECTIVE = 0.05  # the share of requests that may be: the objective is one of p95
TOLERABLE = 4  # Apdex: up to so many times the target a request is tolerated
change = words.change


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint over a range. Times in seconds, shares from 0 to 1.

    Attributes:
        objective: what p95 is held to; None of probes, whose services are not ours.
        budget_used: which part of the requests that may be slower than the objective were; above 1 it is overdrawn.
        before: the same endpoint in the period before; None when it was not asked then.
        probe: what a probe is called; None when there is none, or not any more.
    """

    route: str
    method: str
    count: int
    per_second: float
    p50: float
    p95: float
    p99: float
    max: float
    server_errors: int
    client_errors: int
    objective: float | None
    apdex: float | None
    budget_used: float | None
    before: "Endpoint | None" = None
    probe: str | None = None

    @property
    def name(self) -> str:
        """`GET /api/stats`; of pages their own name, of probes that and their number: `Orders (probe 7)`."""
        if self.probe:
            return f"{self.probe} ({self.route})"
        return self.route if self.method in (PAGE, PROBE) else f"{self.method} {self.route}"

    @property
    def met(self) -> bool | None:
        """Whether p95 keeps to the objective; None without one."""
        return None if self.objective is None else self.p95 <= self.objective


def methods_of(kind: Kind, all_methods: Sequence[str]) -> tuple[str, ...]:
    """Which of the methods met belong to a kind."""
    if kind == "All":
        return tuple(all_methods)
    if kind in ("Dashboard", "Probes"):
        return (PAGE,) if kind == "Dashboard" else (PROBE,)
    return tuple(method for method in all_methods if method not in (PAGE, PROBE))


def endpoints(since: datetime, until: datetime, kind: Kind) -> list[Endpoint]:
    """Every endpoint of a kind over a range, beside the period of the same length before.

    Those that miss their objective come first, then the busiest.
    """
    before = {(one.route, one.method): one for one in _by_route(since - (until - since), since)}
    now = _by_route(since, until)
    methods = methods_of(kind, [one.method for one in now])
    seconds = (until - since).total_seconds()
    called = {row["route"]: str(row["name"]) for row in probes()} if PROBE in methods else {}
    found = []
    for one in now:
        if one.method in methods:
            earlier = before.get((one.route, one.method))
            compared = judged(earlier, seconds) if earlier else None
            found.append(judged(one, seconds, compared, called.get(one.route)))
    return sorted(found, key=lambda endpoint: (endpoint.met is not False, -endpoint.count))


def judged(
    one: RouteLatency, seconds: float, before: Endpoint | None = None, probe: str | None = None
) -> Endpoint:
    """A route's figures against its objective."""
    target = None if one.method == PROBE else settings().objectives.of(one.route) / 1e3
    within = None if target is None else histogram.share_within(one.counts, target)
    return Endpoint(
        one.route,
        one.method,
        one.count,
        one.count / seconds,
        one.p50 or 0.0,
        one.p95 or 0.0,
        one.p99 or 0.0,
        one.max,
        one.server_errors,
        one.client_errors,
        target,
        None if target is None else _apdex(one, target),
        None if within is None else (1 - within) / SLOWER_THAN_OBJECTIVE,
        before,
        probe,
    )


def _apdex(one: RouteLatency, target: float) -> float | None:
    """Apdex with failed requests as frustrated, however quickly they failed."""
    found = histogram.apdex(one.counts - one.failed_counts, target)
    return None if found is None else found * (one.count - one.server_errors) / one.count


@kept(seconds=5, entries=40)
def _by_route(since: datetime, until: datetime) -> list[RouteLatency]:
    return asked("endpoints", lambda db: latency.by_route(db, since, until))


@kept(seconds=5, entries=40)
def latency_over_time(
    since: datetime, until: datetime, step_seconds: int, route: str | None, methods: tuple[str, ...] | None
) -> OverTime:
    """One endpoint's requests, or all of some methods, in steps; seconds, and counts of shape (steps, BUCKETS)."""
    return asked("endpoints", lambda db: latency.over_time(db, since, until, step_seconds, route, methods))


@kept(seconds=5, entries=40)
def slowest_requests(
    since: datetime, until: datetime, route: str | None, methods: tuple[str, ...]
) -> Sequence[Row]:
    """The slowest request of each route and minute, slowest first; the last week's, 200 at most.

    id, at, route, method, status, seconds, parameters (names), calls, sql_seconds, statements (statement, calls,
    seconds) and jobs: those that ran meanwhile.
    """
    private = jobs_of_each_process()
    return asked("endpoints", lambda db: slow_requests.between(db, since, until, methods, route, private))


def bucket_ends() -> list[float]:
    """Where each bucket of a histogram ends, in seconds."""
    return [histogram.GAMMA**index / 1e6 for index in range(histogram.BUCKETS)]
