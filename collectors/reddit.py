"""Reddit's API: what is asked of it, and outcomes that hold plain records."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime

import httpx

from collectors.asking import Asking, then
from collectors.budget import Budget
from collectors.listing import (
    Found,
    FoundPosts,
    Page,
    found_in,
    found_posts_in,
    page_from,
    posts_expected,
    requirements_of,
    rules_of,
    subreddit_of,
    unattributed,
)
from collectors.names import askable_fullnames, askable_names, at_most
from collectors.outcome import Alive, Outcome, Refused, Unknown
from collectors.records import Details, Subreddit
from collectors.reddit_auth import RedditApp, RedditAuth
from collectors.reddit_wire import Params, RedditWire
from collectors.wire import Sleep

MOST_PER_CALL = 100
MOST_NAMES_PER_CALL = 50  # in /r/a+b+c/new, so that the URL stays below 1,500 characters
DISCOVERY = ("/subreddits/popular", "/subreddits/new", "/subreddits/default")
PAGES_PER_LISTING = 10  # a listing ends near a thousand items
MAY_BE_EMPTY = ("/rising", "/top", "/controversial", "/search")


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
        self._asking = Asking(http, budget, sleep)
        self._auth = RedditAuth(http, app, sleep=sleep, clock=clock)
        self._wire = RedditWire(self._asking, app, self._auth)

    @property
    def tally(self) -> Counter[str]:
        """Since the client began: requests, alive, refused, unknown, and each reason as `refused:private`."""
        return self._asking.tally

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
            async for page in self.pages(path):
                yield page
        for word in words:
            async for page in self.pages("/subreddits/search", params={"q": word}):
                yield page

    async def about(self, name: str) -> Outcome[Subreddit]:
        """One subreddit's metadata, or why there is none."""
        if not askable_names([name]):
            return self._asking.counted(_no_name(name))
        return self._asking.counted(then(await self._wire.get(f"/r/{name}/about"), subreddit_of))

    async def metadata_by_name(self, names: Sequence[str]) -> Outcome[Found]:
        """Metadata of up to 100 subreddits by name, in one request; those Reddit leaves out are `missing`.

        Raises:
            TooManyNames: more than 100.
        """
        return await self._found("sr_name", askable_names(names), names)

    async def metadata(self, fullnames: Sequence[str]) -> Outcome[Found]:
        """Metadata of up to 100 subreddits by fullname (`t5_…`), in one request.

        Raises:
            TooManyNames: more than 100.
        """
        return await self._found("id", askable_fullnames(fullnames, "t5"), fullnames)

    async def new_posts(self, names: Sequence[str], since: datetime) -> AsyncIterator[Outcome[Page]]:
        """Pages of `/r/a+b+c/new`, newest first, until one is wholly older than `since`.

        Neither the first old post ends it, as /new is not strictly in order, nor a stickied one, nor a short page.
        Of several names Reddit leaves out those that it refuses; where it refuses all or none has posts, that is
        unknown, as it is not said of whom.

        Raises:
            TooManyNames: more than 50.
        """
        at_most(MOST_NAMES_PER_CALL, names)
        askable = askable_names(names)
        if not askable:
            if names:
                yield self._asking.counted(_no_name(", ".join(names)))
            return
        async for outcome in self.pages(f"/r/{'+'.join(askable)}/new"):
            yield outcome
            if isinstance(outcome, Alive) and outcome.value.is_before(since):
                return

    async def posts(self, fullnames: Sequence[str]) -> Outcome[FoundPosts]:
        """Up to 100 posts by fullname (`t3_…`), in one request; those Reddit leaves out are `missing`.

        Raises:
            TooManyNames: more than 100.
        """
        at_most(MOST_PER_CALL, fullnames)
        askable = askable_fullnames(fullnames, "t3")
        if not askable:
            return Alive(FoundPosts((), tuple(fullnames)))
        answer = await self._wire.get("/api/info", {"id": ",".join(askable)})
        return self._asking.counted(then(answer, lambda value: found_posts_in(value, fullnames)))

    async def details(self, name: str) -> Outcome[Details]:
        """Rules and posting requirements, in two requests; without requirements where Reddit refuses these."""
        if not askable_names([name]):
            return self._asking.counted(_no_name(name))
        rules = then(await self._wire.get(f"/r/{name}/about/rules"), rules_of)
        if not isinstance(rules, Alive):
            return self._asking.counted(rules)
        requirements = then(await self._wire.get(f"/api/v1/{name}/post_requirements"), requirements_of)
        if isinstance(requirements, Unknown):
            return self._asking.counted(requirements)
        told = requirements.value if isinstance(requirements, Alive) else None
        return self._asking.counted(Alive(Details(rules.value, told)))

    async def listing(
        self, path: str, after: str | None = None, limit: int = MOST_PER_CALL, params: Params | None = None
    ) -> Outcome[Page]:
        """One page of `/r/name/new`, `/r/a+b/top`, `/subreddits/popular` and their like."""
        path = "/" + path.lstrip("/")
        query = {**(params or {}), "limit": str(limit)} | ({"after": after} if after else {})
        outcome = then(await self._wire.get(path, query), page_from)
        if path.startswith("/r/"):
            may_be_empty = after is not None or path.partition("?")[0].endswith(MAY_BE_EMPTY)
            outcome = then(outcome, lambda page: posts_expected(page, may_be_empty))
            if "+" in path:
                outcome = unattributed(outcome)
        return self._asking.counted(outcome)

    async def pages(
        self,
        path: str,
        max_pages: int = PAGES_PER_LISTING,
        limit: int = MOST_PER_CALL,
        params: Params | None = None,
    ) -> AsyncIterator[Outcome[Page]]:
        """Page after page, until `after` is null or was there before, a page is not alive, or `max_pages`."""
        after: str | None = None
        seen: set[str] = set()
        for _ in range(max_pages):
            outcome = await self.listing(path, after, limit, params)
            yield outcome
            if not isinstance(outcome, Alive):
                return
            after = outcome.value.after
            if after is None or after in seen:
                return
            seen.add(after)

    async def _found(self, key: str, askable: Sequence[str], asked: Sequence[str]) -> Outcome[Found]:
        at_most(MOST_PER_CALL, asked)
        if not askable:
            return Alive(Found((), tuple(asked)))
        answer = await self._wire.get("/api/info", {key: ",".join(askable)})
        return self._asking.counted(then(answer, lambda value: found_in(value, asked)))


def _no_name(name: str) -> Refused:
    return Refused("missing", f"{name!r:.40} cannot be a subreddit's name")
