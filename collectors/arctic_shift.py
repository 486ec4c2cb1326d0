"""Arctic Shift's API: what is asked of the archive that needs no account.

It knows what it read and when, not what is: metadata of communities is months old, posts are read within minutes
and again after 36 hours. What it does not know is never a community's refusal.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime

import httpx

from collectors.arctic_shift_answers import (
    found_of,
    found_posts_of,
    history_in,
    judge_archive,
    posts_page,
    rate_of,
    rules_in,
    subreddits_page,
)
from collectors.arctic_shift_wire import ArcticShiftWire, Gate
from collectors.asking import Asking, then
from collectors.budget import Budget
from collectors.listing import Found, FoundPosts, Page
from collectors.names import askable_fullnames, askable_names, at_most
from collectors.outcome import Alive, Outcome, Refused, Unknown
from collectors.records import Details, Subreddit
from collectors.wire import Sleep

MOST_PER_CALL = 500
MOST_NAMES_PER_CALL = 1  # a search is of one community
LEAST_SUBSCRIBERS = 100
"""Of discovered communities: most of the 21.9 million are empty or somebody's profile."""
COMMUNITIES_PER_PAGE = 250
"""A thousand are allowed; rows have a hundred fields, and a page is parsed at once."""
PAGES_PER_LISTING = 10
LEAST_OF_AUTO = 100
"""With `limit=auto` an answer holds 100 to 1,000 posts, as the server has time; fewer are all there are."""
SMALL_PAGE = 50
"""What mostly still works where a larger page takes the server too long (ArthurHeitmann/arctic_shift #66)."""

History = tuple[tuple[datetime, int], ...]


class ArcticShiftClient:
    """Asks the archive gently, within the budget, and counts what came back.

    Args:
        url: base of the API.
        user_agent: how we name ourselves.
        sleep, clock: replaceable in tests; seconds.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        budget: Budget,
        *,
        url: str,
        user_agent: str,
        sleep: Sleep = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._asking = Asking(http, budget, sleep, judge_archive, rate_of)
        self._wire = ArcticShiftWire(self._asking, Gate(sleep, clock), url, user_agent)

    @property
    def tally(self) -> Counter[str]:
        """Since the client began: requests, alive, refused, unknown, and each reason as `unknown:timeout`."""
        return self._asking.tally

    @property
    def most_per_call(self) -> int:
        return MOST_PER_CALL

    @property
    def most_names_per_call(self) -> int:
        return MOST_NAMES_PER_CALL

    async def discover(self, words: Sequence[str]) -> AsyncIterator[Outcome[Page]]:
        """Pages of the communities with most subscribers, then of those whose names begin with each word."""
        async for page in self._largest({"min_subscribers": str(LEAST_SUBSCRIBERS)}, PAGES_PER_LISTING):
            yield page
        for word in words:
            prefix = "".join(sign for sign in word if sign.isascii() and (sign.isalnum() or sign == "_"))
            if prefix:
                async for page in self._largest({"subreddit_prefix": prefix}, 1):
                    yield page

    async def about(self, name: str) -> Outcome[Subreddit]:
        """One community's metadata as of when the archive read it; unknown where it did not."""
        found = await self._search(name)
        if not isinstance(found, Alive):
            return self._asking.counted(found)
        if not found.value.subreddits:
            return self._asking.counted(Unknown("empty", "the archive does not know it"))
        return self._asking.counted(Alive(found.value.subreddits[0]))

    async def metadata(self, fullnames: Sequence[str]) -> Outcome[Found]:
        """Metadata of up to 500 communities by fullname (`t5_…`); those the archive lacks are `missing`.

        Raises:
            TooManyNames: more than 500.
        """
        outcome = await self._found(_ids(askable_fullnames(fullnames, "t5")), fullnames)
        return self._asking.counted(outcome)

    async def metadata_by_name(self, names: Sequence[str]) -> Outcome[Found]:
        """The same by name.

        Whether `/api/subreddits/ids` takes names is not written down: where it finds none of them, each is
        searched for by itself.

        Raises:
            TooManyNames: more than 500.
        """
        askable = askable_names(names)
        outcome = await self._found(",".join(askable), names)
        is_puzzled = isinstance(outcome, Refused) or (
            isinstance(outcome, Alive) and not outcome.value.subreddits
        )
        if askable and is_puzzled:
            outcome = await self._found_singly(askable, names)
        return self._asking.counted(outcome)

    async def new_posts(self, names: Sequence[str], since: datetime) -> AsyncIterator[Outcome[Page]]:
        """Pages of each community's posts after `since`, newest first; one without posts: there are no more."""
        for name in names:
            if not askable_names([name]):
                yield self._asking.counted(_no_name(name))
                continue
            async for page in self._new_posts(name, since):
                yield page

    async def posts(self, fullnames: Sequence[str]) -> Outcome[FoundPosts]:
        """Up to 500 posts by fullname (`t3_…`); those the archive lacks are `missing`.

        Raises:
            TooManyNames: more than 500.
        """
        at_most(MOST_PER_CALL, fullnames)
        askable = askable_fullnames(fullnames, "t3")
        if not askable:
            return Alive(FoundPosts((), tuple(fullnames)))
        data = await self._wire.get("/api/posts/ids", {"ids": _ids(askable)})
        return self._asking.counted(then(data, lambda rows: found_posts_of(rows, fullnames)))

    async def details(self, name: str) -> Outcome[Details]:
        """A community's rules; of its requirements of a post the archive knows nothing."""
        if not askable_names([name]):
            return self._asking.counted(_no_name(name))
        data = await self._wire.get("/api/subreddits/rules", {"subreddits": name})
        return self._asking.counted(then(data, lambda rows: rules_in(rows, name)))

    async def subscriber_history(self, name: str, since: datetime) -> Outcome[History]:
        """(day in UTC, subscribers) from `since` on, oldest first, as far as the archive counted."""
        if not askable_names([name]):
            return self._asking.counted(_no_name(name))
        query = {"key": f"r/{name}/subscribers", "precision": "day", "after": _epoch(since)}
        return self._asking.counted(then(await self._wire.get("/api/time_series", query), history_in))

    async def _largest(self, which: dict[str, str], pages: int) -> AsyncIterator[Outcome[Page]]:
        """Pages by subscribers, each beginning at the number at which the last one ended."""
        query = {**which, "sort_type": "subscribers", "sort": "desc", "limit": str(COMMUNITIES_PER_PAGE)}
        seen: set[str] = set()
        for _ in range(pages):
            outcome = then(await self._wire.get("/api/subreddits/search", query), subreddits_page)
            yield self._asking.counted(outcome)
            if not isinstance(outcome, Alive):
                return
            there = outcome.value.subreddits
            fewest = min((one.subscribers for one in there if one.subscribers is not None), default=None)
            fresh = {one.id for one in there} - seen
            if fewest is None or not fresh or len(there) + outcome.value.skipped < COMMUNITIES_PER_PAGE:
                return
            seen = {one.id for one in there}
            query["max_subscribers"] = str(fewest)

    async def _new_posts(self, name: str, since: datetime) -> AsyncIterator[Outcome[Page]]:
        query = {"subreddit": name, "sort": "desc", "after": _epoch(since), "limit": "auto"}
        seen: frozenset[str] = frozenset()
        for number in range(PAGES_PER_LISTING):
            outcome = await self._posts_page(query)
            fresh = Alive(_without(outcome.value, seen)) if isinstance(outcome, Alive) else outcome
            yield self._asking.counted(fresh)
            if not isinstance(outcome, Alive):
                return
            posts = outcome.value.posts
            is_all = number == 0 and len(posts) + outcome.value.skipped < LEAST_OF_AUTO
            if (is_all and query["limit"] == "auto") or all(post.id in seen for post in posts):
                return
            oldest = min(post.created_at for post in posts)
            # From that second on, the same again, as others may have posted in it.
            query["before"] = str(int(oldest.timestamp()) + 1)
            seen = frozenset(post.id for post in posts if post.created_at >= oldest)

    async def _posts_page(self, query: dict[str, str]) -> Outcome[Page]:
        """One page; from the first that takes the server too long on, smaller ones."""
        outcome = then(await self._wire.get("/api/posts/search", query), posts_page)
        if isinstance(outcome, Unknown) and outcome.reason == "timeout" and query["limit"] == "auto":
            query["limit"] = str(SMALL_PAGE)
            outcome = then(await self._wire.get("/api/posts/search", query), posts_page)
        return outcome

    async def _found(self, ids: str, asked: Sequence[str]) -> Outcome[Found]:
        at_most(MOST_PER_CALL, asked)
        if not ids:
            return Alive(Found((), tuple(asked)))
        data = await self._wire.get("/api/subreddits/ids", {"ids": ids})
        return then(data, lambda rows: found_of(rows, asked))

    async def _found_singly(self, askable: Sequence[str], asked: Sequence[str]) -> Outcome[Found]:
        there: list[Subreddit] = []
        for name in askable:
            found = await self._search(name)
            if not isinstance(found, Alive):
                return found
            there += found.value.subreddits
        came = {one.name.lower() for one in there}
        return Alive(Found(tuple(there), tuple(name for name in asked if name.lower() not in came)))

    async def _search(self, name: str) -> Outcome[Found]:
        if not askable_names([name]):
            return _no_name(name)
        data = await self._wire.get("/api/subreddits/search", {"subreddit": name, "limit": "1"})
        return then(data, lambda rows: found_of(rows, [name]))


def _without(page: Page, seen: frozenset[str]) -> Page:
    return Page(tuple(post for post in page.posts if post.id not in seen), None, page.skipped)


def _ids(fullnames: Sequence[str]) -> str:
    """Comma-separated, without their kind: only of posts and comments is it written that they may keep it."""
    return ",".join(one.partition("_")[2] for one in fullnames)


def _epoch(at: datetime) -> str:
    return str(int(at.timestamp()))


def _no_name(name: str) -> Refused:
    return Refused("missing", f"{name!r:.40} cannot be a subreddit's name")
