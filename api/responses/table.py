"""Which declared route a request asks, and by which key its answer is kept.

Two addresses that must give the same answer have one key: parameters in any order, a default written out, and
whatever the route does not know (`?utm_source=…`, `?_=1699…`) are the same question. The route is then asked by that
key alone, so that nothing outside of the key can get into an answer that others will be given.
"""

import re
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from api.responses.answer import Headers, size_of
from api.responses.coding import Accepted
from api.responses.policy import Edge, Policy, policy_of, said, surrogate_key
from caching.cache import Cache
from caching.namespace import Namespace
from caching.tags import namespace_tag

REMEMBERED = 4096  # addresses whose key need not be worked out again
LONGEST_REMEMBERED = 512  # bytes of an address
MOST_NAMED = 30  # single things that an edge is told of at a time; what Cloudflare takes in one request


@dataclass(slots=True, eq=False)
class Declared:
    """A route with a policy; `path` is its template, under which telemetry counts it.

    Attributes:
        app: whom to ask for it, past whatever stands between here and there.
        root_path: under which it is mounted.
        defaults: the parameters it knows, each with its default as text, None for none.
        namespace: where its answers are kept, None where they are not.
        edge: what shared caches in front of us are told.
        said: headers that its answers get, less those for tags of their own.
    """

    path: str
    policy: Policy
    app: ASGIApp
    root_path: str
    defaults: Mapping[str, str | None]
    pattern: re.Pattern[str] | None
    edge: Edge
    namespace: Namespace | None = None
    said: Headers = field(init=False)

    def __post_init__(self) -> None:
        self.said = said(self.policy, self.edge)

    def tags_of(self, path: str, body: bytes) -> tuple[str, ...]:
        """The tags that an answer has for itself."""
        own = self.policy.own_tags
        return own.of(path, body) if own else ()


class Asked(NamedTuple):
    """One question to a declared route; `query` is normal, `text` is path and query as people write them."""

    route: Declared
    path: str
    query: bytes
    text: str

    def key(self, accepted: Accepted) -> Hashable:
        """By what its answer is kept: one for each coding, because each has bytes of its own."""
        state = self.route.policy.state
        return self.text + accepted.name if state is None else (self.text + accepted.name, state())


@dataclass(slots=True)
class Table:
    """The declared routes of an application."""

    routes: tuple[Declared, ...]
    _exact: dict[str, Declared] = field(init=False)
    _patterns: tuple[Declared, ...] = field(init=False)
    _remembered: dict[tuple[str, bytes], Asked] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._exact = {route.path: route for route in self.routes if route.pattern is None}
        self._patterns = tuple(route for route in self.routes if route.pattern is not None)

    def keep_in(self, cache: Cache) -> None:
        """Give each route a namespace of its own, emptied by its tags."""
        for route in self.routes:
            policy = route.policy
            if policy.seconds:
                route.namespace = cache.add(
                    route.path,
                    ttl_seconds=policy.seconds,
                    tags=policy.tags,
                    stale_seconds=policy.stale if policy.seconds > policy.stale else 0,
                    negative_seconds=0,
                    size_of=size_of,
                )

    def surrogate_keys(self, tags: Collection[str]) -> set[str]:
        """By which keys an edge knows the answers that these written tags, or namespaces cleared by hand, make wrong.

        Single things are told as all of their kind when they are many: an edge takes only so many keys at a time.
        """
        found = set()
        for route in self.routes:
            if route.said:
                found |= set(_carried(route, tags))
        return {surrogate_key(tag) for tag in found}

    def asked(self, path: str, query: bytes) -> Asked | None:
        """What a GET of this address asks, None where no policy was declared."""
        try:
            return self._remembered[path, query]
        except KeyError:
            pass
        route = self._route(path)
        if route is None:
            return None
        known = normal(query, route.defaults)
        address = quote(path)  # so that no path reads like another one with its coding behind it
        found = Asked(route, path, known, f"{address}?{known.decode()}" if known else address)
        if len(path) + len(query) <= LONGEST_REMEMBERED:
            if len(self._remembered) >= REMEMBERED:
                self._remembered.clear()
            self._remembered[path, query] = found
        return found

    def _route(self, path: str) -> Declared | None:
        exact = self._exact.get(path)
        if exact is not None:
            return exact
        return next((one for one in self._patterns if one.pattern and one.pattern.fullmatch(path)), None)


def _carried(route: Declared, tags: Collection[str]) -> Collection[str]:
    """Which tags, of those that the route's answers carry, stand for what was written."""
    own = route.policy.own_tags
    if namespace_tag(route.path) in tags:
        return (*route.policy.tags, *((own.each,) if own else ()))
    carried = [tag for tag in route.policy.tags if tag in tags]
    if own is not None:
        named = [tag for tag in tags if tag.startswith(own.prefix)]
        if own.each in tags or len(named) > MOST_NAMED:
            named = [own.each]
        carried += named
    return carried


def normal(query: bytes, defaults: Mapping[str, str | None]) -> bytes:
    """The query in its normal form: parameters that are known, each once (FastAPI takes the last), none at its
    default, in the order of names."""
    if not query:
        return b""
    given = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
    kept = ((name, value) for name, value in given.items() if name in defaults and defaults[name] != value)
    return urlencode(sorted(kept)).encode()


def declared(
    routes: Iterable[BaseRoute], edge: Edge, app: ASGIApp | None = None, prefix: str = ""
) -> list[Declared]:
    """The routes among these that answer GET and have a policy.

    Args:
        edge: whether shared caches are told of writes.
        app: the application that has them, mounted under the prefix; None when each stands for itself.
    """
    found = []
    for route in routes:
        if isinstance(route, Route) and "GET" in (route.methods or ()):
            policy = policy_of(route.endpoint)
            if policy is not None:
                found.append(_declared(route, policy, edge, app or route.app, prefix))
    return found


def _declared(route: Route, policy: Policy, edge: Edge, app: ASGIApp, prefix: str) -> Declared:
    pattern = re.compile(re.escape(prefix) + route.path_regex.pattern.removeprefix("^"))
    return Declared(
        path=prefix + route.path,
        policy=policy,
        app=app,
        root_path=prefix,
        defaults=_defaults(route),
        pattern=pattern if route.param_convertors else None,
        edge=edge,
    )


def _defaults(route: Route) -> dict[str, str | None]:
    if not isinstance(route, APIRoute):
        return {}
    fields = route.dependant.query_params
    return {one.alias: _as_text(one.field_info.default) for one in fields}


def _as_text(default: Any) -> str | None:
    return str(default) if isinstance(default, (int, str)) and not isinstance(default, bool) else None
