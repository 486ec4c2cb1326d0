"""Arctic Shift's API over the sandbox's world: no token, `{"data": [...]}`, one question at a time."""

import asyncio
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from collectors.sandbox.archive import (
    HISTORY_HOURS,
    Line,
    archived,
    community_line,
    post_lines,
    read_at,
    read_by,
    rules_line,
)
from collectors.sandbox.archive_queries import BadQuery, Query
from collectors.sandbox.rhythm import DAY, HOUR, post_counts, subscribers
from collectors.sandbox.timeline import Posts, post_number, with_numbers
from collectors.sandbox.trouble import Clock, RateWindow, Trouble, Window
from collectors.sandbox.world import Community, World, state_at

WINDOW_SECONDS = 60
TROUBLES = ("timeout", "timeout", "500", "502", "503", "cut")
TIMED_OUT = "Timeout. Maybe slow down a bit"
MOST_IDS = 500
PRECISIONS = {"hour": HOUR, "day": DAY, "week": 7 * DAY}
MOST_POINTS = 20_000
BEHIND_SECONDS = 6 * HOUR
"""How far time series lag."""
AUTHORS_POSTS = 4_000
"""How many posts it looks through for an author without a community before it gives up."""
SERIES = re.compile(r"r/([^/]+)/(subscribers|posts/count)")

Answer = Callable[[Query], list[Line]]


class TooSlow(Exception):
    """The question takes too long to answer."""


def arctic_shift_app(its_world: World, error_rate: float, limit: int, clock: Clock) -> ASGIApp:
    """Arctic Shift's API, with its rate limit and its failures."""
    app: ASGIApp = Starlette(routes=Endpoints(its_world, clock).routes())
    app = Trouble(app, its_world.seed + 1, error_rate, TROUBLES, spoilt)
    return RateWindow(app, WINDOW, limit, clock)


class Endpoints:
    """What each path answers."""

    def __init__(self, its_world: World, clock: Clock) -> None:
        self.world, self.clock = its_world, clock

    def routes(self) -> list[Route]:
        search = ("limit", "sort", "sort_type", "after", "before", "subreddit", "fields", "md2html")
        sizes = ("subreddit_prefix", "min_subscribers", "max_subscribers", "over18")
        return [
            self._route("/api/posts/search", self.search_posts, *search, "author", "over_18"),
            self._route("/api/posts/ids", self.posts, "ids", "fields", "md2html"),
            self._route("/api/subreddits/search", self.search_subreddits, *search, *sizes),
            self._route("/api/subreddits/ids", self.subreddits, "ids", "fields"),
            self._route("/api/subreddits/rules", self.rules, "subreddits"),
            self._route("/api/time_series", self.series, "key", "precision", "after", "before"),
            Route("/{path:path}", lambda request: refusal(404, "Not found")),
        ]

    def search_posts(self, query: Query) -> list[Line]:
        limit = query.limit(100, auto=100 + 100 * int(self.clock() // 60 % 10))
        newest_first = query.choice("sort", ("desc", "asc")) == "desc"
        query.choice("sort_type", ("default", "created_utc"))
        since, until = query.moment("after"), query.moment("before")
        found = self._walk(query, since, until, limit, newest_first)
        return [line for line in self._posts(found) if _fits(line, "over_18", query.flag("over_18"))]

    def posts(self, query: Query) -> list[Line]:
        asked = [post_number(self.world, one.removeprefix("t3_")) for one in query.names("ids", MOST_IDS)]
        now = self.clock()
        known = with_numbers(
            self.world, [one for one in asked if one is not None], now, HISTORY_HOURS, vanished_too=True
        )
        return self._posts(read_by(self.world, known, now))

    def search_subreddits(self, query: Query) -> list[Line]:
        limit, now = query.limit(1000), self.clock()
        sort_type = query.choice("sort_type", ("subscribers", "created_utc", "subreddit"))
        reverse = query.choice("sort", ("desc", "asc")) == "desc"
        found = sorted(self._matching(query), key=lambda pair: _sort_key(sort_type, *pair), reverse=reverse)
        lines = [community_line(self.world, community, now) for community, _ in found[:limit]]
        return [line for line in lines if line is not None]

    def subreddits(self, query: Query) -> list[Line]:
        ids = [one.removeprefix("t5_") for one in query.names("ids", MOST_IDS)]
        known = [self.world.by_id[one] for one in dict.fromkeys(ids) if one in self.world.by_id]
        lines = [community_line(self.world, one, self.clock()) for one in known]
        return [line for line in lines if line is not None]

    def rules(self, query: Query) -> list[Line]:
        names = [re.sub(r"^r/", "", name).lower() for name in query.names("subreddits", 1000)]
        known = [self.world.by_name[name] for name in names if name in self.world.by_name]
        now = self.clock()
        return [rules_line(one, now) for one in known if community_line(self.world, one, now)]

    def series(self, query: Query) -> list[Line]:
        key = SERIES.fullmatch(query.text("key"))
        if key is None:
            raise BadQuery("Parameter 'key' is invalid")
        step = PRECISIONS.get(query.text("precision"))
        if step is None:
            raise BadQuery("Parameter 'precision' must be one of: hour, day, week")
        community = self.world.by_name.get(key[1].lower())
        if community is None:
            return []
        now = self.clock()
        begin = max(query.moment("after") or 0.0, now - HISTORY_HOURS * HOUR, community.created_utc)
        end = min(query.moment("before") or now, now - BEHIND_SECONDS)
        dates = np.arange(-(-begin // step) * step, end, step)
        if len(dates) > MOST_POINTS:
            raise TooSlow
        values = self._counts(key[2], community, dates, step)
        rows = zip(dates.tolist(), values.tolist(), strict=True)
        return [{"date": int(date), "value": int(value)} for date, value in rows]

    def _counts(self, what: str, community: Community, dates: Any, step: int) -> Any:
        one = np.array([community.index])
        if what == "subscribers":
            return subscribers(self.world, one, dates)
        hours = (dates[:, None] // HOUR + np.arange(step // HOUR)[None, :]).astype(np.int64)
        return post_counts(self.world, one, hours.ravel()).reshape(hours.shape).sum(axis=1)

    def _walk(
        self, query: Query, since: float | None, until: float | None, limit: int, newest_first: bool
    ) -> Posts:
        """Posts after one time and before another, from the end asked for on, in ever longer stretches."""
        now, author = self.clock(), query.name("author")
        communities = self._asked(query.name("subreddit"))
        floor = max(now - HISTORY_HOURS * HOUR, since or 0.0)
        ceiling = min(
            now, now if until is None else until - 0.5
        )  # times are whole seconds, `before` is not meant
        span, found, looked = 2.0 * HOUR, Posts(np.empty(0, np.int64), np.empty(0)), 0
        edge = ceiling if newest_first else floor
        while len(found) < limit and floor < ceiling and floor <= edge <= ceiling and communities:
            begin, end = (
                (max(edge - span, floor), edge) if newest_first else (edge, min(edge + span, ceiling))
            )
            if begin >= end:
                break
            more = archived(self.world, communities, begin, end, now)
            looked += len(more)
            more = more if newest_first else more[::-1]
            more = self._by_author(more, author, now) if author else more
            found = Posts(
                np.concatenate([found.numbers, more.numbers]), np.concatenate([found.created, more.created])
            )
            if author and len(communities) > 1 and looked > AUTHORS_POSTS:
                raise TooSlow
            edge, span = (begin if newest_first else end), span * 3
        return found[:limit]

    def _by_author(self, posts: Posts, author: str, now: float) -> Posts:
        written = [line["author"].lower() == author for line in post_lines(self.world, posts, now)]
        return posts[np.array(written, dtype=bool)]

    def _asked(self, name: str) -> list[Community]:
        """The community of that name; all of them without one."""
        if not name:
            return [one for one in self.world.communities if one.state in {"open", "turning"}]
        community = self.world.by_name.get(name)
        return [community] if community and community.state in {"open", "turning"} else []

    def _posts(self, posts: Posts) -> list[Line]:
        return post_lines(self.world, posts, self.clock())

    def _matching(self, query: Query) -> list[tuple[Community, int | None]]:
        """Communities that fit, with the subscribers that the archive read."""
        now, name, prefix = self.clock(), query.name("subreddit"), query.name("subreddit_prefix")
        since, until, over18 = query.moment("after"), query.moment("before"), query.flag("over18")
        least, most = query.number("min_subscribers"), query.number("max_subscribers")
        readings = [(one, read_at(one, now)) for one in self.world.communities]
        known = [(one, at) for one, at in readings if at is not None]
        indexes, times = np.array([one.index for one, _ in known]), np.array([at for _, at in known])
        counts = subscribers(self.world, indexes, times).astype(np.int64).tolist()
        found: list[tuple[Community, int | None]] = []
        for (one, at), counted in zip(known, counts, strict=True):
            is_silent = one.is_silent or state_at(one, at) == "private"
            count = None if is_silent else counted
            fits = (
                (not name or one.name.lower() == name)
                and one.name.lower().startswith(prefix)
                and (since is None or one.created_utc > since)
                and (until is None or one.created_utc < until)
                and (over18 is None or (not is_silent and one.over18 == over18))
                and (least is None or (count is not None and count >= least))
                and (most is None or (count is not None and count <= most))
            )
            if fits:
                found.append((one, count))
        return found

    def _route(self, path: str, answer: Answer, *known: str) -> Route:
        return Route(path, partial(self._answered, answer=answer, known=known))

    async def _answered(self, request: Request, answer: Answer, known: tuple[str, ...]) -> Response:
        """In a thread: a thousand lines take long enough for others to want the loop."""

        def answered() -> Response:
            try:
                query = Query(request.query_params, known, self.clock())
                lines = answer(query)
            except BadQuery as exc:
                return refusal(400, str(exc))
            except TooSlow:
                return refusal(422, TIMED_OUT)
            fields = {one.strip() for one in query.text("fields").split(",")} - {""}
            if fields:
                lines = [{key: line[key] for key in line if key in fields} for line in lines]
            return _json({"data": lines}, 200)

        return await asyncio.to_thread(answered)


def refusal(status: int, said: str) -> Response:
    """Arctic Shift's way to say no."""
    return _json({"data": None, "error": said}, status)


def spoilt(trouble: str) -> Response:
    """The answer to a request that fails; a busy database answers 422."""
    if trouble == "timeout":
        return refusal(422, TIMED_OUT)
    page = f"<html><head><title>{trouble}</title></head><body>nginx</body></html>"
    return Response(page, int(trouble), media_type="text/html")


def _headers(used: int, limit: int, reset: int) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(max(limit - used, 0)),
        "X-RateLimit-Reset": str(reset),
    }


def _too_many(used: int, limit: int, reset: int) -> Response:
    answer = refusal(429, "Slow down a little")
    answer.headers.update(_headers(used, limit, reset))
    return answer


WINDOW = Window(WINDOW_SECONDS, _headers, _too_many)


def _json(value: Any, status: int) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")


def _fits(line: Line, key: str, wanted: bool | None) -> bool:
    return wanted is None or line[key] == wanted


def _sort_key(sort_type: str, community: Community, count: int | None) -> tuple[float | str, int]:
    if sort_type == "subreddit":
        return community.name.lower(), community.index
    if sort_type == "created_utc":
        return community.created_utc, community.index
    return -1 if count is None else count, community.index
