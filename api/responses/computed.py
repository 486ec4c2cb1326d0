"""Declared routes whose answer has to be computed: one computation per key at a time, compressed, and kept.

Stands behind telemetry, which therefore sees every request as its asker does. Requests that are somebody's own
(Authorization, a Streamlit login) or ask for a part are answered by the route itself, and nothing of them is kept;
entity tags and compression are theirs all the same.
"""

from collections.abc import Callable
from time import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.responses.answer import Answer, Headers, ask
from api.responses.coding import KEPT_LEVELS, ONCE_LEVELS, Accepted
from api.responses.policy import said
from api.responses.table import Asked, Table
from api.responses.wanted import wanted
from caching.namespace import Namespace
from db.attribution import ask_as

GET_OR_HEAD = frozenset({"GET", "HEAD"})
OURS_TO_SEE_TO = frozenset({b"accept-encoding", b"if-none-match", b"range"})
FOR_ONE = (b"cache-control", b"private, no-store")


class NotKept(Exception):
    """The answer is for those who wait for it now, and for nobody after them."""

    def __init__(self, answer: Answer, failure: Exception | None) -> None:
        super().__init__(f"answered {answer.status}")
        self.answer, self.failure = answer, failure


class Computed:
    """Asks a declared route on behalf of all who want the same; passes on what else there is."""

    def __init__(self, app: ASGIApp, table: Table, clock: Callable[[], float] = time) -> None:
        self.app, self._table, self._clock = app, table, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = None
        if scope["type"] == "http" and scope["method"] in GET_OR_HEAD:
            asked = self._table.asked(scope["path"], scope["query_string"])
        if asked is None:
            await self.app(scope, receive, send)
            return
        scope["route"] = asked.route  # under whose template telemetry counts it, whoever computes
        ask_as(f"GET {asked.route.path}")  # and its statements
        want = wanted(scope["headers"])
        failure = None
        if asked.route.namespace is None or want.is_own:
            answer, failure = await self._for_one(asked, scope, receive, want.accepted)
        else:
            answer, failure = await self._shared(asked.route.namespace, asked, scope, want.accepted)
        await answer.send(send, want.if_none_match, scope["method"] == "GET")
        if failure is not None:
            raise failure

    async def _shared(
        self, namespace: Namespace, asked: Asked, scope: Scope, accepted: Accepted
    ) -> tuple[Answer, Exception | None]:
        """The answer that all get who ask the same now. One that was written over meanwhile is not kept here, so
        nobody else may keep it either."""
        key = asked.key(accepted)
        try:
            answer = await namespace.get(
                key, lambda: self._for_all(asked, scope, accepted), lambda found: found.tags
            )
        except NotKept as exc:
            return exc.answer, exc.failure
        kept = namespace.entry(key)
        if asked.route.said and (kept is None or kept.value is not answer):
            return answer.saying(FOR_ONE), None
        return answer, None

    async def _for_all(self, asked: Asked, scope: Scope, accepted: Accepted) -> Answer:
        """The answer to the question alone: nothing else of who asked reaches the route.

        Raises:
            NotKept: it is an error.
        """
        headers = [one for one in scope["headers"] if one[0] == b"host"]
        neutral = _for_route(asked, scope, headers) | {"query_string": asked.query}
        plain = await ask(asked.route.app, neutral, _nothing)
        route = asked.route
        own = route.tags_of(asked.path, plain.body) if plain.status == 200 else ()
        says = said(route.policy, route.edge, own) if own else route.said
        answer = await Answer.of(plain, accepted, KEPT_LEVELS, says, self._clock(), own)
        if plain.status != 200:
            raise NotKept(answer, plain.failure)
        return answer

    async def _for_one(
        self, asked: Asked, scope: Scope, receive: Receive, accepted: Accepted
    ) -> tuple[Answer, Exception | None]:
        """The answer to this request, which no shared cache may keep when its route's answers could be."""
        headers = [one for one in scope["headers"] if one[0] not in OURS_TO_SEE_TO]
        plain = await ask(asked.route.app, _for_route(asked, scope, headers), receive)
        says: Headers = [FOR_ONE] if asked.route.said else []
        return await Answer.of(plain, accepted, ONCE_LEVELS, says, self._clock()), plain.failure


def _for_route(asked: Asked, scope: Scope, headers: Headers) -> dict[str, Any]:
    root_path = scope.get("root_path", "") + asked.route.root_path
    return {**scope, "method": "GET", "headers": headers, "root_path": root_path}


async def _nothing() -> Message:
    """A GET's body."""
    return {"type": "http.request", "body": b"", "more_body": False}
