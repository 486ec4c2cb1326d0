"""The slowest requests of each minute, in memory: what a slow dot on a chart can be opened for.

A ring of MINUTES_KEPT minutes; of each minute every route's slowest request, the PER_MINUTE slowest of these.
Probes are left out: what is slow in them is not ours, and they run no statements.
"""

from dataclasses import dataclass
from operator import attrgetter
from string import Formatter
from urllib.parse import parse_qsl

from db.trace import Trace

PER_MINUTE = 10
MINUTES_KEPT = 60  # while PostgreSQL is away
NAMES_KEPT = 20  # parameters of a request
PROBE = "PROBE"
# Route, method, status, seconds, end (epoch seconds), trace, query: a flat tuple, because every request makes one.
Ended = tuple[str, str, int, float, float, Trace | None, bytes]


@dataclass(frozen=True, slots=True)
class SlowRequest:
    """One request; `ended_at` in epoch seconds, `parameters` their names, never values."""

    route: str
    method: str
    status: int
    seconds: float
    ended_at: float
    parameters: tuple[str, ...]
    trace: Trace


class Slowest:
    """Keeps them by minute and route until they are drained."""

    def __init__(self) -> None:
        self._minutes: dict[int, dict[tuple[str, str], SlowRequest]] = {}

    def add(self, route: str, ended: Ended) -> None:
        """Keep a request if it is the slowest of its route in its minute, and among the slowest of all routes.

        Args:
            route: as it is counted, which may be less than its own.
            ended: the request.
        """
        _, method, status, seconds, ended_at, trace, query = ended
        if method == PROBE:
            return
        minute = self._minutes.setdefault(int(ended_at // 60), {})
        known = minute.get((route, method))
        if known is None and len(minute) >= PER_MINUTE:
            least = min(minute.values(), key=attrgetter("seconds"))
            if least.seconds >= seconds:
                return
            del minute[least.route, least.method]
        elif known is not None and known.seconds >= seconds:
            return
        names = parameter_names(route, query)
        minute[route, method] = SlowRequest(route, method, status, seconds, ended_at, names, trace or {})
        while len(self._minutes) > MINUTES_KEPT:
            del self._minutes[min(self._minutes)]

    def drain(self, now: float) -> list[SlowRequest]:
        """The requests of all minutes that are over, oldest minute first; they are then forgotten here."""
        over = sorted(minute for minute in self._minutes if minute < now // 60)
        return [one for minute in over for one in self._minutes.pop(minute).values()]

    def put_back(self, slow: list[SlowRequest]) -> None:
        """They could not be stored; keep them for the next drain."""
        for one in slow:
            self._minutes.setdefault(int(one.ended_at // 60), {})[one.route, one.method] = one
        while len(self._minutes) > MINUTES_KEPT:
            del self._minutes[min(self._minutes)]


def parameter_names(route: str, query: bytes) -> tuple[str, ...]:
    """The names of a request's parameters: those in its route's template, then those asked with, each once."""
    in_path = [name for _, name, _, _ in Formatter().parse(route) if name] if "{" in route else []
    asked = parse_qsl(query.decode("latin-1"), keep_blank_values=True) if query else []
    return tuple(dict.fromkeys([*in_path, *(_printable(name) for name, _ in asked)]))[:NAMES_KEPT]


def _printable(name: str) -> str:
    """As PostgreSQL can hold it and a page show it."""
    return "".join(one if one.isprintable() else "?" for one in name[:60])
