import base64
from typing import Any

import orjson
import pytest

from db import subreddits
from db.database import Database
from db.subreddits import SORTS, BadCursor, Filters, Sort, decode_cursor, encode_cursor
from tests.factories import subreddit
from tests.stored import keep

VALUES: dict[Sort, str] = {
    "subscribers": "-1",
    "name": "téapots “&”",
    "first_seen": "2026-11-01T12:30:00.123456+00:00",
}


def forged(*parts: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")


@pytest.mark.parametrize("sort", SORTS)
def test_a_cursor_comes_back_as_what_it_was_made_of(sort: Sort) -> None:
    assert decode_cursor(sort, encode_cursor(sort, VALUES[sort], "t5_1")) == (VALUES[sort], "t5_1")


@pytest.mark.parametrize("cursor", [None, ""])
def test_without_one_the_first_page_is_meant(cursor: str | None) -> None:
    assert decode_cursor("name", cursor) == (None, None)


@pytest.mark.parametrize("made_for", SORTS)
@pytest.mark.parametrize("sort", SORTS)
def test_a_cursor_of_another_order_is_refused(sort: Sort, made_for: Sort) -> None:
    if sort != made_for:
        with pytest.raises(BadCursor, match="leave it out to begin at the first page"):
            decode_cursor(sort, encode_cursor(made_for, VALUES[made_for], "t5_1"))


HOSTILE = [
    "x",
    "nonsense",
    "%%%",
    "ünïcode",
    "AAAA" * 100,
    forged(),
    forged("subscribers"),
    forged("subscribers", "1"),
    forged("subscribers", "1", "t5_1", "more"),
    forged("subscribers", 1, "t5_1"),
    forged("subscribers", "1", ["t5_\0"]),
    forged("first_seen", "0001-01-01T00:00:00+14:00", "t5_1"),
    forged("first_seen", "9999-12-31T23:59:59-14:00", "t5_1"),
    forged("subscribers", None, None),
    forged("subscribers", "many", "t5_1"),
    forged("subscribers", "1.5", "t5_1"),
    forged("subscribers", "9" * 30, "t5_1"),
    forged("subscribers", "٣", "t5_1"),
    forged("subscribers", "1_000", "t5_1"),
    forged("subscribers", "9" * 5000, "t5_1"),
    forged("subscribers", "1", "t5_\0"),
    forged("name", "a\0b", "t5_1"),
    forged("first_seen", "yesterday", "t5_1"),
    forged("first_seen", "2026-W01-1", "t5_1"),
    forged("first_seen", "20260101", "t5_1"),
    forged("first_seen", "2026-01-01 00:00", "t5_1"),
    base64.urlsafe_b64encode(b'{"subscribers": 1}').decode(),
    base64.urlsafe_b64encode(b'"subscribers"').decode(),
    base64.urlsafe_b64encode(b"\xff\xfe").decode(),
]


async def test_a_forged_cursor_is_refused_or_understood_by_postgresql(db: Database) -> None:
    await keep(db, subreddit())
    for cursor in HOSTILE:
        refused = 0
        for sort in SORTS:
            try:
                await subreddits.page(db, Filters(), sort, 10, cursor)
            except BadCursor:
                refused += 1
        assert refused >= 2, f"{cursor} can belong to one order at most"
