"""How each source in use is doing: what its clients count goes into PostgreSQL, and comes back from all processes."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from db import sources
from db.budget import Left
from db.sources import Credentials, Heard, Overdue
from jobs.context import Context

LATELY = timedelta(minutes=5)
INSTAGRAM = "instagram"
LABELS = {
    "reddit": "Reddit",
    "arctic_shift": "Arctic Shift",
    "sandbox": "Sandbox",
    INSTAGRAM: "Instagram",
}
TOLD = ("token_expires_at", "token_problem", "quota_percent", "quota_name", "quota_back_at")
"""What a client may know of our credentials and quota, as attributes; the parameters of note_credentials."""


class Client(Protocol):
    """Any client of a source; it may have some of TOLD besides."""

    @property
    def tally(self) -> Counter[str]: ...


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """One source at one moment, over all processes; `heard` is of LATELY."""

    name: str
    sandbox: bool = False
    heard: Heard = field(default_factory=Heard)
    budget: Left | None = None
    window_ends_at: datetime | None = None
    credentials: Credentials = field(default_factory=Credentials)
    overdue: Overdue | None = None
    last_alive_at: datetime | None = None
    last_failed_at: datetime | None = None

    @property
    def label(self) -> str:
        return LABELS.get(self.name, self.name)

    def as_json(self) -> dict[str, Any]:
        """Its figures for the pulse, times in epoch seconds."""
        minutes = LATELY.total_seconds() / 60
        return {
            "name": self.name,
            "label": self.label,
            "sandbox": self.sandbox,
            "budget_left": self.budget.requests if self.budget else None,
            "budget_allowed": self.budget.allowed if self.budget else None,
            "window_ends_at": _epoch(self.window_ends_at),
            "requests_per_minute": round(self.heard.requests / minutes, 2),
            "over_minutes": minutes,
            "alive": self.heard.alive,
            "refused": self.heard.refused,
            "unknown": self.heard.unknown,
            "reasons": self.heard.reasons,
            "last_alive_at": _epoch(self.last_alive_at),
            **{name: _plain(value) for name, value in asdict(self.credentials).items()},
            "overdue": self.overdue.count if self.overdue else None,
            "overdue_is_at_least": self.overdue.is_at_least if self.overdue else False,
            "overdue_since": _epoch(self.overdue.since) if self.overdue else None,
        }


def clients(context: Context) -> dict[str, Client]:
    """The clients of this process by the name of their source."""
    found: dict[str, Client] = {context.settings.source: context.source}
    return found | ({INSTAGRAM: context.instagram} if context.instagram is not None else {})


async def store(context: Context) -> int:
    """Add what was heard since the last time; how many answers. What could not be stored is stored next time."""
    answers = 0
    for name, client in clients(context).items():
        tally = Counter(client.tally)
        growth = tally - context.answers_stored.get(name, Counter())
        if growth:
            await sources.add_answers(context.db, context.instance, name, datetime.now(UTC), growth)
            context.answers_stored[name] = tally
            answers += growth["alive"] + growth["refused"] + growth["unknown"]
        await _note(context, name, client, answered=growth["alive"] > 0)
    return answers


async def _note(context: Context, name: str, client: Client, answered: bool) -> None:
    """Note what the client was told, when it changed; once it has answers also that nothing is wrong any more."""
    told = {what: getattr(client, what, None) for what in TOLD}
    noted = context.credentials_noted.get(name)
    if told == noted or (noted is None and not answered and not any(told.values())):
        return
    await sources.note_credentials(context.db, name, **told)
    context.credentials_noted[name] = told


async def read(context: Context) -> list[SourceHealth]:
    """Every source in use; the one of communities first."""
    db, names = context.db, list(clients(context))
    heard = await sources.heard(db, datetime.now(UTC) - LATELY)
    told = await sources.credentials(db)
    last = await sources.last_answers(db, names)
    left = await context.budget.left()
    sandbox = context.settings.source == "sandbox"
    found = []
    for name in names:
        budget = left if name == context.settings.source else None
        found.append(
            SourceHealth(
                name,
                sandbox,
                heard.get(name, Heard()),
                budget,
                datetime.now(UTC) + timedelta(seconds=budget.seconds) if budget else None,
                told.get(name, Credentials()),
                await (sources.accounts_overdue(db) if name == INSTAGRAM else sources.overdue(db)),
                *last[name],
            )
        )
    return found


def _epoch(at: datetime | None) -> float | None:
    return at.timestamp() if at else None


def _plain(value: Any) -> Any:
    return _epoch(value) if isinstance(value, datetime) else value
