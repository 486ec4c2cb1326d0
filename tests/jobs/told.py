"""A source that knows what a test tells it, pages as Reddit does, and remembers what it was asked."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from typing import Any

from collectors.listing import Found, FoundPosts, Page
from collectors.outcome import Alive, Outcome, Refused, Unknown
from collectors.records import Details, Post, Subreddit

Failure = Refused | Unknown


class ToldSource:
    """The communities and posts of a test; `fails` holds how a question about one of its names or ids ends."""

    most_per_call = 100
    most_names_per_call = 50

    def __init__(self, communities: Iterable[Subreddit] = (), posts: Iterable[Post] = ()) -> None:
        self.communities, self.posts_there = list(communities), list(posts)
        self.fails: dict[str, Failure] = {}
        self.down: Failure | None = None
        self.page_length = 100
        self.told_details: dict[str, Details] = {}
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.pages_given = 0
        self.tally: Counter[str] = Counter()

    def calls(self, question: str) -> list[tuple[str, ...]]:
        """What was asked about in each call of this kind."""
        return [about for kind, about in self.asked if kind == question]

    async def discover(self, words: Sequence[str]) -> AsyncIterator[Outcome[Page]]:
        for kind, about in [("listing", "new"), *(("search", word) for word in words)]:
            self.asked.append((kind, (about,)))
            yield self._failure([about]) or Alive(Page(tuple(self.communities), None, 0))

    async def metadata(self, fullnames: Sequence[str]) -> Outcome[Found]:
        return self._found("metadata", fullnames, "id")

    async def metadata_by_name(self, names: Sequence[str]) -> Outcome[Found]:
        return self._found("metadata_by_name", names, "name")

    def _found(self, question: str, keys: Sequence[str], field: str) -> Outcome[Found]:
        self.asked.append((question, tuple(keys)))
        wanted = {key.lower() for key in keys}
        there = [one for one in self.communities if getattr(one, field).lower() in wanted]
        names = {getattr(one, field).lower() for one in there}
        missing = tuple(key for key in keys if key.lower() not in names)
        return self.down or Alive(Found(tuple(there), missing))

    async def about(self, name: str) -> Outcome[Subreddit]:
        self.asked.append(("about", (name,)))
        there = [one for one in self.communities if one.name.lower() == name.lower()]
        return self._failure([name]) or (Alive(there[-1]) if there else Refused("missing", "told so"))

    async def new_posts(self, names: Sequence[str], since: datetime) -> AsyncIterator[Outcome[Page]]:
        self.asked.append(("new_posts", tuple(names)))
        if failure := self._failure(names):
            yield failure
            return
        wanted = {name.lower() for name in names}
        found = sorted(
            (post for post in self.posts_there if post.subreddit.lower() in wanted),
            key=lambda post: post.created_at,
            reverse=True,
        )[:1000]
        if not found:
            yield Unknown("empty", "told so")
        for start in range(0, len(found), self.page_length):
            page = found[start : start + self.page_length]
            after = page[-1].id if start + self.page_length < len(found) else None
            self.pages_given += 1
            yield Alive(Page(tuple(page), after, 0))
            if not any(post.created_at > since for post in page if not post.stickied):
                return

    async def posts(self, fullnames: Sequence[str]) -> Outcome[FoundPosts]:
        self.asked.append(("posts", tuple(fullnames)))
        there = [post for post in self.posts_there if post.id in fullnames]
        missing = tuple(set(fullnames) - {post.id for post in there})
        return self._failure(fullnames) or Alive(FoundPosts(tuple(there), missing))

    async def details(self, name: str) -> Outcome[Details]:
        self.asked.append(("details", (name,)))
        told = self.told_details.get(name)
        return self._failure([name]) or (Alive(told) if told else Refused("bad_request", "none to tell"))

    def _failure(self, keys: Sequence[str]) -> Any:
        return self.down or next((self.fails[key] for key in keys if key in self.fails), None)
