"""Records: null is not zero, times are UTC, hostile values do not pass."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from collectors.errors import UnusableRecord
from collectors.records import Post, Subreddit, post_from, subreddit_from
from tests.collectors.replies import t3, t5


def post(**fields: Any) -> Post:
    return post_from(t3(**fields)["data"])


def subreddit(**fields: Any) -> Subreddit:
    return subreddit_from(t5(**fields)["data"])


def test_null_stays_unknown() -> None:
    one = subreddit(over18=None, subscribers=None, lang=None, quarantine=None)
    assert (one.over18, one.subscribers, one.lang, one.quarantine) == (None, None, None, None)


@pytest.mark.parametrize("value", [-667, 2**31, True, "12", 1.5])
def test_impossible_subscribers_are_unknown(value: object) -> None:
    assert subreddit(subscribers=value).subscribers is None


def test_zero_subscribers_are_zero() -> None:
    assert subreddit(subscribers=0).subscribers == 0


def test_the_name_keeps_its_case() -> None:
    assert subreddit(display_name="AskThisPlace").name == "AskThisPlace"


@pytest.mark.parametrize("fields", [{"subreddit_type": "user"}, {"display_name": "u_someone"}])
def test_profiles_are_recognised(fields: dict[str, str]) -> None:
    assert subreddit(**fields).is_profile
    assert not subreddit().is_profile


@pytest.mark.parametrize("value", [1435003525, 1435003525.0, "1435003525"])
def test_times_come_as_int_float_or_text(value: object) -> None:
    assert post(created_utc=value).created_at == datetime(2015, 6, 22, 20, 5, 25, tzinfo=UTC)


@pytest.mark.parametrize("value", [None, "", "soon", "nan", 1e20, False, [], {}])
def test_a_post_without_a_usable_time_is_unusable(value: object) -> None:
    with pytest.raises(UnusableRecord, match="created_utc") as caught:
        post(created_utc=value)
    assert caught.value.field == "created_utc"


@pytest.mark.parametrize("field", ["subreddit", "subreddit_id", "title", "score", "num_comments"])
def test_a_post_needs_its_fields(field: str) -> None:
    with pytest.raises(UnusableRecord, match=field):
        post(**{field: None})


def test_a_dump_may_lack_the_fullname() -> None:
    assert post(name=None, id="1qb2q2").id == "t3_1qb2q2"


@pytest.mark.parametrize("name", ["t1_abc", "t3_", "t3_a b", "t3_ä", "abc"])
def test_a_thing_of_another_kind_is_unusable(name: str) -> None:
    with pytest.raises(UnusableRecord, match="name"):
        post(name=name)


def test_gone_authors_have_no_name() -> None:
    assert post(author="[deleted]").author is None
    assert post(author=None).author is None


def test_edited_is_a_time_or_nothing() -> None:
    assert post(edited=False).edited_at is None
    assert post(edited=1700000100.0).edited_at == datetime(2023, 11, 14, 22, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("permalink", "path"),
    [
        ("/r/x/comments/a/b/", "/r/x/comments/a/b/"),
        ("https://www.reddit.com/r/x/comments/a/b/", "/r/x/comments/a/b/"),
        ("https://[broken", ""),
        (None, ""),
    ],
)
def test_permalinks_become_paths(permalink: str | None, path: str) -> None:
    assert post(permalink=permalink).permalink == path


def test_text_can_be_stored_and_sent() -> None:
    one = post(title="null\x00 and half \ud83d a pair", selftext="ünchanged \N{GRINNING FACE}")
    assert one.title == "null and half ? a pair"
    assert one.text == "ünchanged \N{GRINNING FACE}"
    assert orjson.loads(orjson.dumps(one))["title"] == one.title
