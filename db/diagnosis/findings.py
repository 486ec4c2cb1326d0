"""Everything that is judged of a database, collected."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from db.database import Database
from db.diagnosis import (
    activity,
    bloat,
    configuration,
    health,
    indexes,
    locks,
    replication,
    tables,
    wraparound,
)
from db.diagnosis.abilities import Unanswered
from db.diagnosis.finding import Finding
from db.diagnosis.growth import first_seen
from db.diagnosis.target import Target

T = TypeVar("T")
QUESTIONS: tuple[tuple[Callable[[Target], Awaitable[Any]], Callable[[Any], list[Finding]]], ...] = (
    (activity.activity, activity.judged),
    (locks.blocking, locks.judged),
    (wraparound.ages, wraparound.judged),
    (replication.replication, replication.judged),
    (tables.upkeep, tables.judged),
    (bloat.bloat, bloat.judged),
    (health.checkpoints, health.judged_checkpoints),
)
"""what is asked, and how its answer is judged by itself"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with a database, the bad first, and what could not be judged and why, once for each reason."""

    findings: Sequence[Finding]
    unanswered: Sequence[Unanswered]


class NotKnown:
    """Collects why there is no answer, once for each reason that several questions share."""

    def __init__(self) -> None:
        self.all: list[Unanswered] = []

    def known(self, answer: T | Unanswered) -> T | None:
        """The answer, None where there is none."""
        if not isinstance(answer, Unanswered):
            return answer
        if answer not in self.all:
            self.all.append(answer)
        return None


async def findings(
    target: Target, kept: Database | None = None, memory_bytes: int | None = None
) -> list[Finding]:
    """What is wrong with a database, the bad first; nothing when it is healthy. See `verdict`."""
    return list((await verdict(target, kept, memory_bytes)).findings)


async def verdict(target: Target, kept: Database | None = None, memory_bytes: int | None = None) -> Verdict:
    """What is wrong with a database, one question after the other.

    Args:
        kept: our own database, in which sizes were noted; of a watched one no index is called unused without it.
        memory_bytes: of the machine or container we run in; it is compared only where the server runs there too.

    Raises:
        DatabaseDown: the target, or our own database, is away.
    """
    lacking = NotKnown()
    found: list[Finding] = []
    for ask, judge in QUESTIONS:
        answer = lacking.known(await ask(target))
        found += [] if answer is None else judge(answer)
    made = lacking.known(await indexes.indexes(target))
    counted = lacking.known(await indexes.counting(target))
    if made is not None:
        noted = target.db if target.is_own else kept
        known = await first_seen(noted, target.name) if noted is not None else {}
        found += indexes.judged(made, None if counted is None else indexes.unused(made, counted, known))
    counters = lacking.known(await health.counters(target))
    settings = lacking.known(await configuration.settings(target))
    if counters is not None:
        found += health.judged(counters)
    if settings is not None:
        memory = memory_bytes if configuration.runs_here(target) else None
        pool_size = target.db.pool_size if target.is_own else None
        found += configuration.judged(settings, counters, memory, pool_size)
    return Verdict(sorted(found, key=lambda one: one.severity != "bad"), lacking.all)
