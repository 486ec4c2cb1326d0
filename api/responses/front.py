"""What is kept is answered here, before any routing, in a few microseconds; the rest is passed on.

The outermost of our middleware, so it also sees to what those behind it would have: it answers under known names
only, and notes what it answered under the route's template. How many answers came from here, the namespaces count.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from time import perf_counter, time

from starlette.types import ASGIApp, Receive, Scope, Send

from api.hosts import is_known
from api.responses.answer import Answer
from api.responses.table import Declared, Table
from api.responses.wanted import wanted
from caching.entry import MISSING, Missing
from db.requests import FOLD_AT, RequestRecorder
from db.slowest import Ended

PREFIXES = ("/api/", "/health", "/assets/")
Noted = tuple[Declared, str, int, float, float, bytes]


class Front:
    """Answers GET and HEAD of declared routes from what is kept.

    Args:
        hosts: names under which we may be asked; empty for any.
        shows_age: whether answers say how old they are, so that an edge forgets them when we do.
    """

    def __init__(
        self,
        app: ASGIApp,
        table: Table,
        recorder: RequestRecorder,
        hosts: frozenset[str] = frozenset(),
        shows_age: bool = False,
        clock: Callable[[], float] = time,
    ) -> None:
        self.app, self._table, self._recorder = app, table, recorder
        self._shows_age, self._clock = shows_age, clock
        self._may_ask = lru_cache(maxsize=256)(lambda host: is_known(host, hosts))
        self._noted: list[Noted] = []
        recorder.take_from(self._take)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = perf_counter()
        if scope["type"] != "http" or not scope["path"].startswith(PREFIXES):
            await self.app(scope, receive, send)
            return
        method = scope["method"]
        asked = self._table.asked(scope["path"], scope["query_string"])
        if asked is None or asked.route.namespace is None or (method != "GET" and method != "HEAD"):
            await self.app(scope, receive, send)
            return
        want = wanted(scope["headers"])
        answer: Answer | Missing = MISSING
        if not want.is_own and self._may_ask(want.host):
            answer = asked.route.namespace.find(asked.key(want.accepted))
        if isinstance(answer, Missing):
            await self.app(scope, receive, send)
            return
        age = ((b"age", b"%d" % max(self._clock() - answer.made_at, 0)),) if self._shows_age else ()
        status = await answer.send(send, want.if_none_match, method == "GET", *age)
        self._noted.append((asked.route, method, status, began, perf_counter(), scope["query_string"]))
        if len(self._noted) >= FOLD_AT:
            self._recorder.fold()

    def _take(self) -> Iterator[Ended]:
        """What was noted, at its time of day; it is then forgotten here."""
        noted, self._noted = self._noted, []
        since = time() - perf_counter()
        for route, method, status, began, ended, query in noted:
            yield route.path, method, status, ended - began, since + ended, None, query
