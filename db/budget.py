"""How many requests a source still allows: one row per client id, shared by all processes."""

from datetime import timedelta
from typing import NamedTuple, Protocol

from db.database import Database
from settings import ASSUMED_RATE_LIMIT, RATE_WINDOW_SECONDS, Settings

WINDOW = timedelta(seconds=RATE_WINDOW_SECONDS)


class Rate(Protocol):
    """What a source's headers say of the window."""

    @property
    def used(self) -> int | None: ...
    @property
    def remaining(self) -> float: ...
    @property
    def reset_seconds(self) -> float: ...


def client_of(settings: Settings) -> str:
    """Whose budget it is: the Reddit app's, or else the source's."""
    return settings.reddit_client_id or "" if settings.source == "reddit" else settings.source


class Left(NamedTuple):
    """What is left of the present window."""

    requests: float
    allowed: float
    seconds: float


class SharedBudget:
    """The budget of one client id (collectors.budget.Budget), kept in PostgreSQL."""

    def __init__(self, db: Database, client: str) -> None:
        self.db = db
        self.client = client

    async def take(self) -> float:
        """0 when a request may go now, which then counts; else the seconds until the window ends."""
        row = await self.db.row("budgets.take", client=self.client, allowed=ASSUMED_RATE_LIMIT, window=WINDOW)
        assert row is not None
        return 0.0 if row["granted"] else max(float(row["seconds_left"]), 0.5)

    async def report(self, rate: Rate) -> None:
        """Correct the window from an answer's headers."""
        await self.db.execute(
            "budgets.report",
            client=self.client,
            used=None if rate.used is None else float(rate.used),
            remaining=float(rate.remaining),
            reset=float(rate.reset_seconds),
        )

    async def left(self) -> Left | None:
        """What is left of this window; None before the first request."""
        row = await self.db.row("budgets.left", client=self.client)
        return Left(row["remaining"], row["allowed"], row["seconds_left"]) if row else None

    async def affordable(self, seconds: float, share: float = 0.9) -> int:
        """How many requests the next `seconds` may cost so that the window's rest lasts to its end.

        Only `share` of the window is planned with; the rest is for what cannot be planned.
        """
        left = await self.left()
        if left is None:
            return int(ASSUMED_RATE_LIMIT * share * seconds / WINDOW.total_seconds())
        if left.seconds <= 0:
            return int(left.allowed * share * min(seconds / WINDOW.total_seconds(), 1))
        spendable = max(left.requests - (1 - share) * left.allowed, 0)
        return int(spendable * min(seconds / left.seconds, 1))
