"""What the jobs ask of any source of communities: Reddit, the sandbox and Arctic Shift answer alike."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol

from collectors.listing import Found, FoundPosts, Page
from collectors.outcome import Outcome
from collectors.records import Details, Subreddit


class CommunitySource(Protocol):
    """A client of one source. It paces itself by the shared budget and counts what came back.

    Every question comes back as an outcome (alive, refused, unknown); none raises for what the source said.
    """

    @property
    def tally(self) -> Counter[str]:
        """Since the process began: requests, alive, refused, unknown, and each reason as `refused:private`."""

    @property
    def most_per_call(self) -> int:
        """How many ids `metadata` and `posts` take at once."""

    @property
    def most_names_per_call(self) -> int:
        """How many communities `new_posts` takes at once."""

    def discover(self, words: Sequence[str]) -> AsyncIterator[Outcome[Page]]:
        """Pages of communities, known or not: the source's own listings, then a search for each word.

        A listing that is not alive ends early; the next one follows.
        """

    async def metadata(self, fullnames: Sequence[str]) -> Outcome[Found]:
        """Communities by fullname (`t5_…`), at most `most_per_call`; those left out are `missing`.

        An archive may lack what is still there: its `missing` is no refusal. `about` tells which it is.
        """

    async def metadata_by_name(self, names: Sequence[str]) -> Outcome[Found]:
        """The same by name."""

    async def about(self, name: str) -> Outcome[Subreddit]:
        """One community by name, or why there is none."""

    def new_posts(self, names: Sequence[str], since: datetime) -> AsyncIterator[Outcome[Page]]:
        """Pages of the communities' posts, newest first, until one is wholly older than `since`.

        Pages hold older and stickied posts too. Of several communities at once, a refusal comes as unknown
        (`unattributed`, or `empty` where none has posts): whoever needs to know asks for each by itself.
        """

    async def posts(self, fullnames: Sequence[str]) -> Outcome[FoundPosts]:
        """Posts by fullname (`t3_…`), at most `most_per_call`; those left out are `missing`."""

    async def details(self, name: str) -> Outcome[Details]:
        """A community's rules and its requirements of a post."""
