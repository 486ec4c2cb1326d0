"""Reddit's API over the sandbox's world: the routes and what each answers."""

import asyncio
from collections.abc import Sequence
from functools import partial

import numpy as np
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from collectors.sandbox import listings
from collectors.sandbox.answers import json_answer, missing, refusal, refused_as
from collectors.sandbox.chance import Ints
from collectors.sandbox.listings import Order
from collectors.sandbox.pages import BLOCKED, TOO_MANY
from collectors.sandbox.things import community_thing, requirements_thing, rules_thing
from collectors.sandbox.tokens import TOKEN_PATH, Authorized, give_token
from collectors.sandbox.trouble import Clock, RateWindow, Trouble, Window, html
from collectors.sandbox.world import Community, World, state_at

MOST_NAMES = 100
WINDOW_SECONDS = 600
TROUBLES = ("500", "502", "503", "blocked", "throttled", "cut", "empty")
EVERYTHING = {"all", "popular"}


def reddit_app(its_world: World, error_rate: float, window_limit: int, clock: Clock) -> ASGIApp:
    """Reddit's API, with its tokens, its rate limit and its failures."""
    app: ASGIApp = Starlette(routes=Endpoints(its_world, clock).routes())
    app = Trouble(app, its_world.seed, error_rate, TROUBLES, spoilt, (TOKEN_PATH,))
    app = RateWindow(app, REDDIT_WINDOW, window_limit, clock, (TOKEN_PATH,))
    return PlainPaths(Authorized(app, clock))


class PlainPaths:
    """Takes `/r/name/new.json` and `/r/name/about/` for what they mean, as Reddit does."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = scope["path"].rstrip("/").removesuffix(".json").rstrip("/")
            scope = {**scope, "path": path or "/"}
        await self.app(scope, receive, send)


class Endpoints:
    """What each path answers."""

    def __init__(self, its_world: World, clock: Clock) -> None:
        self.world, self.clock = its_world, clock

    def routes(self) -> list[Route]:
        return [
            Route(TOKEN_PATH, self.token, methods=["POST"]),
            Route("/api/v1/me", self.me),
            Route("/api/v1/{names}/post_requirements", self.requirements),
            Route("/api/info", self.info),
            Route("/r/{names}/about", self.about),
            Route("/r/{names}/about/rules", self.rules),
            Route("/r/{names}/comments/{id}", self.comments),
            Route("/r/{names}/comments/{id}/{slug}", self.comments),
            Route("/comments/{id}", self.comments),
            Route("/r/{names}", partial(self.posts, order=listings.hot)),
            *(
                Route(f"/r/{{names}}/{word}", partial(self.posts, order=order))
                for word, order in listings.ORDERS.items()
            ),
            Route("/subreddits/search", self.search),
            Route("/subreddits/{where}", self.subreddits),
            Route("/{path:path}", self.nothing),
        ]

    async def token(self, request: Request) -> Response:
        return await give_token(request, self.clock())

    async def me(self, request: Request) -> Response:
        return json_answer(request, {"id": "sandbox", "name": "sandbox_visitor", "is_suspended": False})

    async def info(self, request: Request) -> Response:
        names, fullnames = (_hundred(request.query_params.get(key, "")) for key in ("sr_name", "id"))
        now = self.clock()

        def answer() -> Response:
            things = listings.communities_by_name(self.world, names, now)
            things += listings.things_by_name(self.world, fullnames, now)
            return json_answer(request, listings.listing(things))

        return await asyncio.to_thread(answer)

    async def about(self, request: Request) -> Response:
        community = self._open(request.path_params["names"])
        if isinstance(community, Response):
            return community
        return json_answer(request, community_thing(self.world, community, self.clock()))

    async def rules(self, request: Request) -> Response:
        community = self._open(request.path_params["names"])
        if isinstance(community, Response):
            return community
        return json_answer(request, rules_thing(community))

    async def requirements(self, request: Request) -> Response:
        community = self._open(request.path_params["names"])
        if isinstance(community, Response):
            return community
        return json_answer(request, requirements_thing(community))

    async def posts(self, request: Request, order: Order) -> Response:
        communities = self._communities(request.path_params["names"])
        if isinstance(communities, Response):
            return communities
        now, query = self.clock(), request.query_params

        def page() -> Response:
            posts = order(self.world, communities, now, query.get("t", "day"))
            alone = len(communities) == 1 and order in listings.WITH_STICKIES
            top_of = int(communities[0]) if alone else None
            found = listings.post_page(
                self.world, posts, query.get("after", ""), _limit(request), now, top_of
            )
            return json_answer(request, found)

        return await asyncio.to_thread(page)  # a hundred posts take 20 ms, in which others want the loop

    async def comments(self, request: Request) -> Response:
        post = listings.post_with_id(self.world, request.path_params["id"], self.clock())
        if post is None:
            return refusal(404)
        return json_answer(request, [listings.listing([post]), listings.listing([])])

    async def subreddits(self, request: Request) -> Response:
        chosen = listings.DISCOVERY.get(request.path_params["where"])
        if chosen is None:
            return refusal(404)
        return self._communities_page(request, chosen(self.world, self.clock()))

    async def search(self, request: Request) -> Response:
        query = request.query_params.get("q", "")
        return self._communities_page(request, listings.matching(self.world, query, self.clock()))

    async def nothing(self, request: Request) -> Response:
        return refusal(404)

    def _communities_page(self, request: Request, communities: Sequence[Community]) -> Response:
        after, now = request.query_params.get("after", ""), self.clock()
        page = listings.communities_page(self.world, communities, after, _limit(request), now)
        return json_answer(request, page)

    def _communities(self, names: str) -> Ints | Response:
        """The indexes of `a+b+c`; one name alone may be refused, among several it is left out."""
        if names.lower() in EVERYTHING:
            every = listings.by_size(self.world, self.clock())
            return np.array([one.index for one in every if state_at(one, self.clock()) == "open"])
        asked = [self._open(name) for name in names.split("+")[:MOST_NAMES]]
        there = [one.index for one in asked if isinstance(one, Community)]
        refused = [one for one in asked if isinstance(one, Response)]
        return np.array(there) if there else refused[0]

    def _open(self, name: str) -> Community | Response:
        community = self.world.by_name.get(name.lower())
        if community is None:
            return missing(name)
        state = state_at(community, self.clock())
        return community if state == "open" else refused_as(state)


def _limit(request: Request) -> int:
    return listings.limit_of(request.query_params.get("limit", ""))


def _hundred(text: str) -> list[str]:
    return [name for name in text.split(",") if name][:MOST_NAMES]


def _headers(used: int, limit: int, reset: int) -> dict[str, str]:
    return {
        "x-ratelimit-used": str(used),
        "x-ratelimit-remaining": f"{limit - used:.1f}",
        "x-ratelimit-reset": str(reset),
    }


REDDIT_WINDOW = Window(
    WINDOW_SECONDS, _headers, lambda used, limit, reset: html(TOO_MANY, 429, {"retry-after": str(reset)})
)


def spoilt(trouble: str) -> Response:
    """The answer to a request that fails."""
    if trouble == "blocked":
        return html(BLOCKED, 403)
    if trouble == "throttled":
        return html(TOO_MANY, 429, {"retry-after": "4"})
    status = 200 if trouble == "empty" else int(trouble)
    return Response(b"", status, media_type="application/json")  # Reddit labels its empty bodies so
