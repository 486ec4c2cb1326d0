"""How far transaction ids and multixacts are from running out: at 2^31 PostgreSQL takes no more writes."""

from collections.abc import Iterable
from dataclasses import dataclass

from db.diagnosis.abilities import answered
from db.diagnosis.finding import Finding
from db.diagnosis.target import Target, question
from db.diagnosis.words import number

WALL = 2**31
AGE_TIMES = 2.0
"""of autovacuum_freeze_max_age, at which autovacuum freezes whatever else it has to do"""
AGE_PERCENT = 50.0
TOO_OLD_PERCENT = 75.0  # vacuum_failsafe_age, at which vacuum drops every other care, is there


@dataclass(frozen=True, slots=True)
class Age:
    """How many transactions and multixacts ago a database's oldest row was frozen; at `…_due` vacuum is forced."""

    database: str
    is_this: bool
    transactions: int
    multixacts: int
    transactions_due: int
    multixacts_due: int

    @property
    def percent(self) -> float:
        """Of the way to the wall, by the nearer of the two."""
        return 100 * max(self.transactions, self.multixacts) / WALL


@answered
async def ages(target: Target) -> list[Age]:
    """Every database of the server, the oldest first."""
    async with question(target) as session:
        return [Age(**row) for row in await session.rows("diagnosis_health.ages")]


def judged(found: Iterable[Age]) -> list[Finding]:
    """Databases in which freezing does not keep up."""
    return [_old(one) for one in found if _is_old(one)]


def _is_old(one: Age) -> bool:
    return (
        one.percent >= AGE_PERCENT
        or one.transactions >= AGE_TIMES * one.transactions_due
        or one.multixacts >= AGE_TIMES * one.multixacts_due
    )


def _old(one: Age) -> Finding:
    what, age, due = "transaction ids", one.transactions, one.transactions_due
    if one.multixacts / one.multixacts_due > age / due:
        what, age, due = "multixacts", one.multixacts, one.multixacts_due
    return Finding(
        "bad" if one.percent >= TOO_OLD_PERCENT else "watch",
        "Transaction-id age" if what == "transaction ids" else "Multixact age",
        f"The oldest {what} of {one.database} are {number(age)} old; vacuum is forced at {number(due)} and does not "
        f"keep up, and at {number(WALL)} PostgreSQL takes no more writes ({one.percent:.0f} % of the way).",
        "VACUUM (FREEZE)" if one.is_this else None,
    )
