"""Probes of the operator's other services: how they stand, how they stood, and what a viewer may do to them.

What may be secret (headers' values, bodies) is handed to the form and to nobody else.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from dashboard.data.bridge import ActionFailed, Row, Unavailable, asked
from dashboard.data.jobs import can_control_jobs, run_job
from dashboard.kept import forget, kept
from db import latency as latencies
from db import probe_tests
from db import probes as stored
from db.database import Database
from db.probe_definition import (
    ANY_SUCCESS,
    HIDDEN,
    METHODS,
    Definition,
    Unusable,
    headers_in,
    hidden,
    host_of,
    of_row,
    place_of,
)

__all__ = [
    "ANY_SUCCESS",
    "HIDDEN",
    "METHODS",
    "Checks",
    "Definition",
    "NameTaken",
    "Unusable",
    "delete_probe",
    "headers_in",
    "hidden",
    "host_of",
    "pause_probe",
    "place_of",
    "probe_checks",
    "probe_definition",
    "probe_latency",
    "probe_outages",
    "probes",
    "save_probe",
    "try_probe",
]

T = TypeVar("T")
PAGE = "probes"
METHOD = "PROBE"
SECRETS = ("headers", "body")
WAIT_SECONDS = 5.0  # for an answer, each time we ask for it
TAKEN_UP_WITHIN_SECONDS = 15.0  # by whoever checks: the clock's next tick at the latest


class NameTaken(ActionFailed):
    """Another probe has that name."""


@dataclass(frozen=True, slots=True)
class Checks:
    """What became of one probe's checks within a range; p95 in seconds."""

    count: int
    failed: int
    p95: float | None

    @property
    def availability(self) -> float | None:
        """Share of the checks that were well, in percent to the hundredth below: one failure never makes 100."""
        return (10_000 * (self.count - self.failed) // self.count) / 100 if self.count else None


@kept(seconds=5, entries=1)
def probes() -> list[Row]:
    """Every probe with its state, last outage and `route`, those that are down first; nothing in it is secret."""
    rows = asked(PAGE, stored.all_of_them)
    return [
        {name: value for name, value in row.items() if name not in SECRETS}
        | {"route": stored.label(row["id"])}
        for row in rows
    ]


@kept(seconds=5, entries=20)
def probe_checks(since: datetime, until: datetime) -> dict[str, Checks]:
    """The checks of each probe that had any within a range, by its `route`."""
    routes = asked(PAGE, lambda db: latencies.by_route(db, since, until))
    return {
        one.route: Checks(one.count, one.server_errors, one.p95) for one in routes if one.method == METHOD
    }


@kept(seconds=5, entries=50)
def probe_latency(probe_id: int, since: datetime, until: datetime, step_seconds: int) -> latencies.OverTime:
    """One probe's checks in steps; seconds. Failed ones are `server_errors`."""
    route = stored.label(probe_id)
    return asked(PAGE, lambda db: latencies.over_time(db, since, until, step_seconds, route, (METHOD,)))


@kept(seconds=5, entries=50)
def probe_outages(probe_id: int, since: datetime, until: datetime) -> list[Row]:
    """Outages that touch a range, newest first: began_at, ended_at (None while it lasts), reasons."""
    return list(asked(PAGE, lambda db: stored.outages(db, probe_id, since, until)))


def probe_definition(probe_id: int) -> Definition | None:
    """What a probe asks, secrets and all; None when it was deleted."""
    row = asked(PAGE, lambda db: stored.one(db, probe_id))
    return of_row(row) if row else None


def save_probe(probe_id: int | None, definition: Definition) -> int:
    """Add a probe (None), or ask something else from now on; its id. It is checked at once.

    Raises:
        NameTaken: another probe has that name.
        ActionFailed: with the reason.
    """
    saved = probe_id
    if probe_id is None:
        saved = _done(lambda db: stored.add(db, definition))
    elif not _done(lambda db: stored.change(db, probe_id, definition)):
        if probe_definition(probe_id) is None:
            raise ActionFailed("it was deleted meanwhile")
        saved = None
    if saved is None:
        raise NameTaken("another probe has this name")
    _check_now()
    return saved


def pause_probe(probe_id: int, paused: bool) -> None:
    """Pause a probe, or let it go on.

    Raises:
        ActionFailed: with the reason.
    """
    _done(lambda db: (stored.pause if paused else stored.resume)(db, probe_id))
    if not paused:
        _check_now()


def delete_probe(probe_id: int) -> None:
    """Forget a probe and its outages.

    Raises:
        ActionFailed: with the reason.
    """
    _done(lambda db: stored.remove(db, probe_id))


def try_probe(definition: Definition) -> Row:
    """Try it out once, by whoever does the checks: seconds, status, reason (None: all is well), tls_ends_at.

    Waits for the answer, as long as the probe may take. Nothing of it is kept.

    Raises:
        ActionFailed: nobody took it up.
    """
    test = _done(lambda db: probe_tests.ask(db, definition))
    _check_now()
    patience = definition.timeout_seconds + TAKEN_UP_WITHIN_SECONDS
    give_up = time.monotonic() + patience
    while (left := give_up - time.monotonic()) > 0:
        answer = _done(partial(probe_tests.answer_of, test=test, within_seconds=min(left, WAIT_SECONDS)))
        if answer is not None:
            ends_at = answer["tls_ends_at"]
            return {**answer, "tls_ends_at": datetime.fromisoformat(ends_at) if ends_at else None}
    raise ActionFailed(
        f"no worker took it up within {patience:.0f} s; is check_probes among the jobs that run?"
    )


def _check_now() -> None:
    """Nobody need wait for the clock's next tick."""
    if can_control_jobs():
        run_job("check_probes")


def _done(deed: Callable[[Database], Awaitable[T]]) -> T:
    try:
        return asked(PAGE, deed)
    except Unavailable as exc:
        raise ActionFailed(f"the database does not answer: {exc.reason}") from exc
    finally:
        forget()
