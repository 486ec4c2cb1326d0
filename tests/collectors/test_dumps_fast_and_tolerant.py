"""The fast way and the tolerant way give the same row, and every real line is a record or has a named reason."""

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from collectors.dumps.kinds import COMMENT, CUSTOM, Community, Metadata, Reject, Submission, thing_of
from collectors.dumps.opened import open_dump
from collectors.dumps.stretches import stretches
from collectors.dumps.submissions import FIELDS, UNUSUAL, Row, decode, row_of
from db.posts import COLUMNS
from tests.collectors.dump_lines import line

ODD = [
    None,
    True,
    False,
    0,
    -1,
    3,
    2**40,
    0.5,
    "",
    "x",
    "12",
    "\0",
    "a\0b",
    "[deleted]",
    "u_x",
    "t3_q",
    [],
    {},
    "1e400",
]
ODD += [
    "https://www.reddit.com/r/a/comments/1/",
    {"retrieved_2nd_on": 5},
    {"removal_type": "author"},
    "y" * 200,
]


def fast(content: bytes) -> Row | None:
    try:
        return row_of(decode(content))
    except UNUSUAL:
        return None


def tolerant(content: bytes) -> Row | None:
    thing = thing_of(content)
    return thing.row if isinstance(thing, Submission) else None


def test_rows_are_in_the_order_of_the_table() -> None:
    assert FIELDS == COLUMNS


def test_both_ways_agree_on_every_real_line(shared_data: Path) -> None:
    ways = Counter[str]()
    for path in sorted((shared_data / "posts").glob("*.ndjson")):
        for content in path.read_bytes().splitlines():
            row = fast(content)
            ways["tolerant" if row is None else "fast"] += 1
            assert row is None or row == tolerant(content)
    print(f"\nreal lines: {dict(ways)}")
    assert ways["fast"] >= 1500


def test_both_ways_agree_on_lines_that_chance_has_bent() -> None:
    chance, names = random.Random(7), [*json.loads(line(1)), "_meta", "retrieved_utc"]
    ways = Counter[str]()
    for number in range(5_000):
        bent = {name: chance.choice(ODD) for name in chance.sample(names, chance.randrange(1, 3))}
        content = line(number, **bent)
        row = fast(content)
        ways["tolerant" if row is None else "fast"] += 1
        assert row is None or row == tolerant(content), bent
    assert min(ways.values()) > 300


def test_every_real_file_gives_records_or_reasons(shared_data: Path) -> None:
    counts: dict[str, Counter[str]] = {}
    paths = [
        path for path in (shared_data / "posts").rglob("*") if path.is_file() and "schema" not in path.name
    ]
    for path in sorted(paths):
        found = counts.setdefault(path.parent.name if path.suffix == ".csv" else path.name, Counter())
        for stretch in stretches(open_dump(path), profiles=True):
            found["lines"] += stretch.lines
            found["rows"] += len(stretch.rows)
            found.update(each.reason for each in stretch.rejected)
            assert stretch.lines == len(stretch.rows) + len(stretch.rejected)
    for name, found in counts.items():
        print(f"\n{name}: {dict(found)}", end="")
    assert counts["arctic_shift_submissions.ndjson"] == {"lines": 15, "rows": 15}
    assert counts["arctic_shift_comments.ndjson"] == {"lines": 15, "rows": 0, COMMENT: 15}
    assert counts["pushshift_api_submissions_2021-2022.ndjson"] == {"lines": 1500, "rows": 1500}
    assert counts["pushshift_dump_old_lines.ndjson"] == {"lines": 2, "rows": 1, COMMENT: 1}
    assert counts["custom_submission_cscareerquestions_may_1st.json"] == {
        "lines": 591,
        "rows": 0,
        CUSTOM: 591,
    }
    assert counts["umbrae_top2013"]["rows"] == counts["umbrae_top2013"]["lines"] > 17_000


def row(content: bytes) -> dict[str, Any]:
    found = fast(content) or tolerant(content)
    assert found is not None
    return dict(zip(FIELDS, found, strict=True))


def test_the_second_reading_is_the_time_of_reading_and_tells_what_was_removed() -> None:
    second = {"retrieved_2nd_on": 1_700_200_000, "removal_type": "deleted"}
    read = row(line(1, _meta=second))
    assert read["read_at"].timestamp() == 1_700_200_000
    assert read["removed_by_category"] == "deleted"
    for content in (
        line(1, _meta=second, removed_by_category="reddit"),  # as the first reading found it
        line(1, _meta=second, removed_by_category="reddit", title="Tea\0"),  # the tolerant way
    ):
        assert row(content)["removed_by_category"] == "deleted"
    assert row(line(1))["read_at"].timestamp() == 1_700_000_101
    assert row(line(1, retrieved_on=None))["read_at"].timestamp() == 1_700_000_001  # when it was written


def test_half_a_surrogate_pair_and_nul_are_mended() -> None:
    assert row(line(1).replace(b"Teapot 1", rb"Tea\ud83d \u0000pot"))["title"] == "Tea? pot – größer"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{not json", "not JSON"),
        (b"[1]", "not a JSON object"),
        (b'{"x": 1}', "neither a submission nor a community"),
        (line(1, title=None), "no usable title"),
        (line(1, id="x" * 5_000, name=None), "no usable name"),
        (line(1, created_utc="soon"), "no usable created_utc"),
    ],
)
def test_what_is_no_record_has_a_named_reason(content: bytes, reason: str) -> None:
    assert fast(content) is None
    assert thing_of(content) == Reject(reason)


def test_communities_are_records_when_the_archive_says_when_it_read_them() -> None:
    known = {
        "id": "2qh0",
        "name": "t5_2qh0",
        "display_name": "Tea",
        "subscribers": 9,
        "retrieved_on": 1_700_000_000,
    }
    thing = thing_of(json.dumps(known).encode())
    assert isinstance(thing, Metadata)
    assert thing.record.read_at is not None
    only_a_name = thing_of(b'{"_meta": {"num_posts": 3}, "display_name": "Tea", "id": "2qh0"}')
    assert only_a_name == Community("t5_2qh0", "Tea", "public", None)


def test_a_community_without_an_id_gets_a_stand_in() -> None:
    thing = thing_of(line(1, subreddit_id=None))
    assert isinstance(thing, Submission)
    assert (thing.community.id, thing.community.is_placeholder) == ("r/teapots1", True)
