"""Reddit's API: ask, and come back with outcomes that hold plain records."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import httpx

from collectors.budget import Budget, RateLimit
from collectors.errors import TooManyNames
from collectors.listing import (
    Found,
    FoundPosts,
    Page,
    found,
    found_posts,
    page_from,
    posts_expected,
    rules_of,
    subreddit_of,
)
from collectors.outcome import Alive, Outcome, Refused, Unknown
from collectors.records import Details, Subreddit
from collectors.reddit_auth import RedditApp, RedditAuth
from collectors.wire import LONGEST_PAUSE_SECONDS, Answer, Sleep, send, with_tries

MOST_PER_CALL = 100
MOST_NAMES_PER_CALL = 50  # in /r/a+b+c/new, so that the URL stays below 1,500 characters
DISCOVERY = ("/subreddits/popular", "/subreddits/new", "/subreddits/default")
PAGES_PER_LISTING = 10  # a listing ends near a thousand items
SUBREDDIT_NAME = re.compile(r"[A-Za-z0-9_.-]{2,24}")  # a dot in reddit.com, a dash in u_some-body
MAY_BE_EMPTY = ("/rising", "/top", "/controversial", "/search")

Params = Mapping[str, str]
T = TypeVar("T")
U = TypeVar("U")


class RedditClient:
    """Asks Reddit within the budget, retries what is worth it, counts what came back.

    Args:
        http: its transport decides whether real Reddit, the sandbox or a recording answers.
        budget: asked before each request to the API, told after it.
        sleep, clock: replaceable in tests; seconds.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        app: RedditApp,
        budget: Budget,
        *,
        sleep: Sleep = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http, self._app, self._budget, self._sleep = http, app, budget, sleep
        self._auth = RedditAuth(http, app, sleep=sleep, clock=clock)
        self.tally: Counter[str] = Counter()
        """requests, alive, refused, unknown, and each reason as `refused:private`"""

    @property
    def token_expires_at(self) -> datetime | None:
        return self._auth.expires_at

    @property
    def token_problem(self) -> str | None:
        """Why Reddit refuses our credentials, or None."""
        return self._auth.problem

    @property
    def most_per_call(self) -> int:
        return MOST_PER_CALL

    @property
    def most_names_per_call(self) -> int:
        return MOST_NAMES_PER_CALL

    async def discover(self, words: Sequence[str]) -> AsyncIterator[Outcome[Page]]:
        """Pages of the popular, new and default communities, then of a search for each word."""
        for path in DISCOVERY:
            async for page in self.pages(path, PAGES_PER_LISTING):
                yield page
        for word in words:
            async for page in self.pages("/subreddits/search", PAGES_PER_LISTING, params={"q": word}):
                yield page

    async def about(self, name: str) -> Outcome[Subreddit]:
        """One subreddit's metadata."""
        if not SUBREDDIT_NAME.fullmatch(name):
            return self._counted(Refused("missing", f"{name!r:.40} cannot be a subreddit's name"))
        return self._counted(_then(await self._ask(f"/r/{name}/about"), subreddit_of))

    async def metadata_by_name(self, names: Sequence[str]) -> Outcome[Found]:
        """Metadata of up to 100 subreddits by name, in one request; those Reddit leaves out are `missing`.

        Raises:
            TooManyNames: more than 100.
        """
        askable = [name for name in names if SUBREDDIT_NAME.fullmatch(name)]
        return await self._found("sr_name", askable, names)

    async def metadata(self, fullnames: Sequence[str]) -> Outcome[Found]:
        """Metadata of up to 100 subreddits by fullname (`t5_…`), in one request.

        Raises:
            TooManyNames: more than 100.
        """
        return await self._found("id", fullnames, fullnames)

    async def new_posts(self, names: Sequence[str], since: datetime) -> AsyncIterator[Outcome[Page]]:
        """Pages of `/r/a+b+c/new` until one holds nothing newer than `since`; /new is not strictly in order.

        Of several names those that are refused are left out without a word.
        """
        async for outcome in self.pages(f"/r/{'+'.join(names)}/new"):
            yield outcome
            if isinstance(outcome, Alive) and not any(
                post.created_at > since for post in outcome.value.posts if not post.stickied
            ):
                return

    async def posts(self, fullnames: Sequence[str]) -> Outcome[FoundPosts]:
        """Up to 100 posts by fullname (`t3_…`), in one request; those Reddit leaves out are `missing`.

        Raises:
            TooManyNames: more than 100.
        """
        _at_most_a_hundred(fullnames)
        outcome = _then(await self._ask("/api/info", {"id": ",".join(fullnames)}), page_from)
        return self._counted(_then(outcome, lambda page: Alive(found_posts(page, fullnames))))

    async def details(self, name: str) -> Outcome[Details]:
        """Rules and posting requirements, in two requests."""
        rules = _then(await self._ask(f"/r/{name}/about/rules"), rules_of)
        if not isinstance(rules, Alive):
            return self._counted(rules)
        asked = await self._ask(f"/api/v1/{name}/post_requirements")
        requirements = asked.value if isinstance(asked, Alive) and isinstance(asked.value, dict) else None
        return self._counted(Alive(Details(rules.value, requirements)))

    async def listing(
        self, path: str, after: str | None = None, limit: int = MOST_PER_CALL, params: Params | None = None
    ) -> Outcome[Page]:
        """One page of `/r/name/new`, `/r/a+b/top`, `/subreddits/popular` and their like."""
        path = "/" + path.lstrip("/")
        query = {**(params or {}), "limit": str(limit)} | ({"after": after} if after else {})
        outcome = _then(await self._ask(path, query), page_from)
        if path.startswith("/r/"):
            may_be_empty = after is not None or path.partition("?")[0].endswith(MAY_BE_EMPTY)
            outcome = _then(outcome, lambda page: posts_expected(page, may_be_empty))
        return self._counted(outcome)

    async def pages(
        self, path: str, max_pages: int = 10, limit: int = MOST_PER_CALL, params: Params | None = None
    ) -> AsyncIterator[Outcome[Page]]:
        """Page after page, until `after` is null or repeats, a page is not alive, or `max_pages` are read."""
        after: str | None = None
        for _ in range(max_pages):
            outcome = await self.listing(path, after, limit, params)
            yield outcome
            if not isinstance(outcome, Alive) or outcome.value.after in (None, after):
                return
            after = outcome.value.after

    async def _found(self, key: str, askable: Sequence[str], asked: Sequence[str]) -> Outcome[Found]:
        _at_most_a_hundred(asked)
        if not askable:
            return Alive(Found((), tuple(asked)))
        outcome = _then(await self._ask("/api/info", {key: ",".join(askable)}), page_from)
        return self._counted(_then(outcome, lambda page: Alive(found(page, asked))))

    async def _ask(self, path: str, params: Params | None = None) -> Outcome[Any]:
        """The judged JSON of one path, after as many tries as its failures are worth."""
        query = {**(params or {}), "raw_json": "1"}  # else &, < and > come escaped
        answer = await with_tries(lambda: self._once(path, query, renew=True), self._sleep)
        return answer.outcome

    async def _once(self, path: str, query: Params, *, renew: bool) -> Answer:
        token = await self._auth.token()
        if not isinstance(token, Alive):
            return Answer(401, token)  # has had its own tries
        used_up = await self._wait_for_budget()
        if used_up is not None:
            return Answer(429, used_up)
        self.tally["requests"] += 1
        answer = await send(self._http, self._request(path, query, token.value.text))
        rate = RateLimit.from_headers(answer.headers)
        if rate is not None:
            await self._budget.report(rate)
        if answer.status == 401:
            self._auth.forget(token.value)
            return await self._once(path, query, renew=False) if renew else answer
        return answer

    async def _wait_for_budget(self) -> Unknown | None:
        """None once the request may go; throttled when that takes longer than a queue should be held up."""
        while (seconds := await self._budget.take()) > 0:
            if seconds > LONGEST_PAUSE_SECONDS:
                return Unknown("throttled", f"the budget is used up for {seconds:.0f} s", seconds)
            await self._sleep(seconds)
        return None

    def _request(self, path: str, query: Params, token: str) -> httpx.Request:
        headers = {"Authorization": f"bearer {token}", "User-Agent": self._app.user_agent}
        url = f"{self._app.api_url.rstrip('/')}/{path.lstrip('/')}"
        return self._http.build_request("GET", url, params=dict(query), headers=headers)

    def _counted(self, outcome: Outcome[T]) -> Outcome[T]:
        word = type(outcome).__name__.lower()
        self.tally[word] += 1
        if not isinstance(outcome, Alive):
            self.tally[f"{word}:{outcome.reason}"] += 1
        return outcome


def _at_most_a_hundred(asked: Sequence[str]) -> None:
    if len(asked) > MOST_PER_CALL:
        raise TooManyNames(f"{len(asked)} names in one call; Reddit answers {MOST_PER_CALL}")


def _then(outcome: Outcome[T], next_step: Callable[[T], Outcome[U]]) -> Outcome[U]:
    """Judge the value further when there is one."""
    return next_step(outcome.value) if isinstance(outcome, Alive) else outcome
