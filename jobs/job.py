"""What a job is: a name, a function, and when the clock asks for it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from collectors.outcome import Refused, Unknown
from db.database import Session
from jobs.context import Context

Arguments = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """One kind of work.

    A shared job goes through the queue, so that of all processes one does it; any other runs in each process, on
    its own clock. `plan` reserves what is due and gives the arguments of each batch, in the transaction that
    queues them; without it a start is one run without arguments. `run` gives the number of items it worked on.
    """

    name: str
    summary: str
    every: timedelta
    run: Callable[..., Awaitable[int | None]]
    plan: Callable[[Context, Session], Awaitable[list[Arguments]]] | None = None
    shared: bool = True


class SourceFailed(Exception):
    """The source refused or could not tell; what was due stays due."""

    def __init__(self, outcome: Refused | Unknown) -> None:
        super().__init__(str(outcome))
