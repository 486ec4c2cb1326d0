import orjson
import pytest

from db import subreddits
from db.database import Database
from db.subreddits import Filters
from tests.factories import subreddit
from tests.stored import keep


async def found(db: Database, q: str) -> list[str]:
    page = await subreddits.page(db, Filters(q=q), "name")
    names = [row["name"] for row in orjson.loads(page.items)]
    assert await subreddits.matching(db, Filters(q=q)) == len(names)
    return names


@pytest.fixture
async def shelf(db: Database) -> Database:
    await keep(
        db,
        subreddit(id="t5_1", name="Teapots", title="Teapots of the world", description="Pots & kettles"),
        subreddit(id="t5_2", name="MechKeys", title="Mechanical keyboards", description="Click, clack"),
        subreddit(id="t5_3", name="Cafe", title="Café au lait", description="O'Hara's 日本茶 🫖"),
    )
    return db


FINDS = [
    ("teapots", ["Teapots"]),
    ("TEAP", ["Teapots"]),
    ("mech key", ["MechKeys"]),
    ("key mech", ["MechKeys"]),
    ("kettles world", ["Teapots"]),
    ("mech kettles", []),
    ("eapots", []),
    ("café", ["Cafe"]),
    ("hara", ["Cafe"]),
    ("o'hara", ["Cafe"]),
    ("日本", ["Cafe"]),
]
WORDLESS = [None, "", "   ", "!!!", "'", "&", ":*", "|", "()", "<->", "\\", "🫖", "🫖 🎉"]
HOSTILE = [
    "tea' & pots",
    "tea:*",
    "tea:ABCD",
    "tea & | ! pots",
    "!teapots",
    "(teapots",
    "tea <-> pots",
    "'teapots'",
    "teapots\\",
    "teapots'); DROP TABLE subreddits; --",
    "_",
    "___ teapots",
    "²",
    "हिन्दी",
    "and or not",
    "-teapots",
    "x" * 3000,
    "teapots " * 300,
    "\u0000teapots",
    "%s %(q)s",
]


async def test_each_word_may_be_the_beginning_of_one(shelf: Database) -> None:
    for q, names in FINDS:
        assert await found(shelf, q) == names, q


async def test_without_any_word_nothing_is_left_out(shelf: Database) -> None:
    for q in WORDLESS:
        assert (await subreddits.page(shelf, Filters(q=q), "name")).count == 3, q


async def test_hostile_words_are_only_words(shelf: Database) -> None:
    for q in HOSTILE:
        assert set(await found(shelf, q)) <= {"Teapots", "MechKeys", "Cafe"}, q
    assert (await subreddits.page(shelf, Filters())).count == 3
