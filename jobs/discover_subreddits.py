"""Find communities that are not known yet: the source's own listings, and a search for some words more each time."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import chain, zip_longest

from categorization.taxonomy import Category, Taxonomy, load_taxonomy
from collectors.listing import Page
from collectors.outcome import Alive
from db import rounds, subreddits
from jobs.context import Context
from jobs.job import SourceFailed
from jobs.refusals import HOPELESS
from jobs.shares import calls

EVERY = timedelta(minutes=10)
ROUND = "discovery words"
# What a source's own listings cost, and what a search costs as a rule (at most ten pages, mostly one or two).
CALLS_FOR_LISTINGS = 30
CALLS_A_WORD = 3
MOST_WORDS = 200


async def run(context: Context) -> int:
    """How many communities were seen; user profiles are left out. A listing that breaks off costs only its rest.

    Raises:
        SourceFailed: no listing gave anything, or the source turns us away; the same words come again.
    """
    seen: set[str] = set()
    failure: SourceFailed | None = None
    words = await _next_words(context)
    async for outcome in context.source.discover(words):
        if isinstance(outcome, Alive):
            seen |= await _keep(context, outcome.value)
            continue
        failure = SourceFailed(outcome)
        if outcome.reason in HOPELESS:
            break
    else:
        await rounds.move(context.db, ROUND, words[-1])
    if failure is not None and not seen:
        raise failure
    return len(seen)


async def _keep(context: Context, page: Page) -> set[str]:
    found = [one for one in page.subreddits if not one.is_profile]
    async with context.db.transaction() as session:
        await subreddits.merge(session, found)
    return {one.id for one in found}


async def _next_words(context: Context) -> list[str]:
    """As many words as the budget affords, behind those of the last run; the first follow the last."""
    affordable = await calls(context.budget, "discover_subreddits", EVERY)
    count = min(max((affordable - CALLS_FOR_LISTINGS) // CALLS_A_WORD, 1), MOST_WORDS)
    words = search_words(load_taxonomy())
    last = await rounds.position(context.db, ROUND)
    start = words.index(last) + 1 if last in words else 0
    return [words[(start + n) % len(words)] for n in range(min(count, len(words)))]


def search_words(taxonomy: Taxonomy) -> list[str]:
    """The taxonomy's words, each once, a word of every category in turn.

    Of each the hints and the short words come first: those stand in many titles, while what settles a category is
    often the name of one thing.
    """
    in_turn: Iterable[str | None] = chain.from_iterable(zip_longest(*map(_hints_first, taxonomy.categories)))
    return list(dict.fromkeys(word for word in in_turn if word is not None))


def _hints_first(category: Category) -> list[str]:
    return sorted(category.words, key=lambda word: (category.words[word], len(word)))
