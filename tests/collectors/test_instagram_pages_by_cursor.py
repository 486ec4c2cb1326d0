"""Profile, media page by page, and what Meta says of the token."""

from datetime import UTC, datetime
from typing import Any

import pytest

from collectors.instagram import Account, Media, MediaPage, Profile
from collectors.instagram.client import ACCOUNT_FIELDS, MEDIA_FIELDS
from collectors.instagram.records import media_from
from collectors.outcome import Alive, Outcome, Refused, Unknown
from tests.collectors.instagram_replies import APP, TOKEN, Script, discovery, error, medium, reply


async def pages(script: Script, since: datetime | None = None, **options: Any) -> list[Outcome[MediaPage]]:
    return [page async for page in script.client().media("meta", since, **options)]


async def test_profile_and_first_media_come_with_one_question() -> None:
    script = Script(
        [reply(discovery(medium(1), after="QVFI", username="Meta", followers_count=7, name="Meta"))]
    )
    outcome = await script.client().account("Meta")
    assert isinstance(outcome, Alive)
    profile = outcome.value
    assert isinstance(profile, Profile)
    assert profile.account == Account("meta", "17841407673135339", "Meta", "", "", 7, None, None)
    assert profile.media.after == "QVFI"
    (request,) = script.requests
    assert request.url.path == f"/v25.0/{APP.user_id}", "it asks in the name of our own account"
    assert script.asked == [
        f"business_discovery.username(Meta){{{ACCOUNT_FIELDS},media.limit(50){{{MEDIA_FIELDS}}}}}"
    ]


def test_a_medium_keeps_what_is_told() -> None:
    children = {"data": [{"id": "1"}, {"id": "2"}]}
    assert media_from(medium(5, media_type="CAROUSEL_ALBUM", children=children)) == Media(
        id="17885103395500005",
        caption="Number 5",
        media_type="CAROUSEL_ALBUM",
        product_type="FEED",
        permalink="https://www.instagram.com/p/C5/",
        timestamp=datetime(2026, 11, 1, 5, tzinfo=UTC),
        likes=50,
        comments=5,
        children=2,
    )


def test_hidden_likes_are_not_zero() -> None:
    shown = medium(5)
    del shown["like_count"]
    assert media_from(shown).likes is None
    assert media_from(medium(5, like_count=0)).likes == 0


def test_every_field_but_the_id_may_be_missing() -> None:
    assert media_from({"id": "17"}) == Media("17", "", None, None, "", None, None, None, 0)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "http://www.instagram.com/p/C/",
        "https://instagram.com.example/p",
        "https://[/",
        "//",
    ],
)
def test_only_a_link_to_instagram_is_kept(url: str) -> None:
    assert media_from(medium(permalink=url)).permalink == ""


def test_a_links_query_is_not_kept() -> None:
    url = "https://www.instagram.com/reel/C9/?access_token=abc"
    assert media_from(medium(permalink=url)).permalink == "https://www.instagram.com/reel/C9/"


async def test_media_without_an_id_are_counted_as_skipped() -> None:
    script = Script([reply(discovery(medium(1), {"caption": "no id"}, medium(2, id="drop table")))])
    (page,) = await pages(script)
    assert isinstance(page, Alive)
    assert (len(page.value.items), page.value.skipped) == (1, 2)


async def test_it_follows_cursors_to_the_end() -> None:
    script = Script(
        [
            reply(discovery(medium(9), after="one")),
            reply(discovery(medium(8), after="two")),
            reply(discovery(medium(7))),
        ]
    )
    assert [type(page) for page in await pages(script)] == [Alive, Alive, Alive]
    assert [fields.partition("{id")[0].partition("{")[2] for fields in script.asked] == [
        "media.limit(50)",
        "media.limit(50).after(one)",
        "media.limit(50).after(two)",
    ]


async def test_it_can_go_on_behind_the_page_that_came_with_the_profile() -> None:
    script = Script([reply(discovery(medium(7)))])
    await pages(script, after="behind")
    assert ".after(behind)" in script.asked[0]


async def test_it_stops_where_it_reaches_what_is_known() -> None:
    script = Script(
        [reply(discovery(medium(9), medium(8), after="one")), reply(discovery(medium(7), after="two"))]
    )
    since = datetime(2026, 11, 1, 7, tzinfo=UTC)
    assert len(await pages(script, since)) == 2


async def test_it_stops_at_a_page_that_is_not_alive() -> None:
    script = Script([reply(discovery(medium(9), after="one")), error(10)])
    first, second = await pages(script)
    assert isinstance(first, Alive)
    assert isinstance(second, Refused)


async def test_it_does_not_go_in_circles() -> None:
    script = Script([reply(discovery(medium(9), after="same"))])
    assert len(await pages(script)) == 2


async def test_it_reads_no_more_than_asked_for() -> None:
    script = Script([reply(discovery(medium(9), after=f"c{n}")) for n in range(9)])
    assert len(await pages(script, max_pages=4)) == 4


async def test_a_cursor_that_would_change_the_question_is_not_followed() -> None:
    script = Script([reply(discovery(medium(9), after="x){id}"))])
    (page,) = await pages(script)
    assert isinstance(page, Alive)
    assert page.value.after is None


@pytest.mark.parametrize("name", ["", "a" * 31, "me ta", "meta){id}", "méta", "a/b"])
async def test_what_cannot_be_a_name_is_not_asked_for(name: str) -> None:
    script = Script([reply({})])
    outcome = await script.client().account(name)
    assert isinstance(outcome, Refused)
    assert outcome.reason == "missing"
    assert script.requests == []


async def test_an_account_without_media_is_alive() -> None:
    outcome = await Script([reply(discovery(followers_count=3, media_count=0))]).client().account("meta")
    assert isinstance(outcome, Alive)
    assert outcome.value.media == MediaPage((), None, 0)


@pytest.mark.parametrize("value", [{}, {"id": "1"}, {"business_discovery": []}])
async def test_another_answer_than_the_one_asked_for_is_unknown(value: Any) -> None:
    outcome = await Script([reply(value)]).client().account("meta")
    assert isinstance(outcome, Unknown)
    assert outcome.reason == "bad_body"


RIGHTS = ["instagram_basic", "instagram_manage_insights", "pages_read_engagement"]


def debugged(**data: Any) -> dict[str, Any]:
    return {"data": {"app_id": "1", "is_valid": True, "expires_at": 0, "scopes": RIGHTS, **data}}


async def test_meta_says_when_the_token_ends() -> None:
    script = Script([reply(debugged(expires_at=1_800_000_000, data_access_expires_at=1_790_000_000))])
    client = script.client()
    outcome = await client.token()
    assert isinstance(outcome, Alive)
    assert outcome.value.valid
    assert client.token_expires_at == datetime.fromtimestamp(1_790_000_000, UTC), "whichever is sooner"
    assert client.token_problem is None
    assert dict(script.requests[0].url.params) == {"input_token": TOKEN}


async def test_a_token_that_never_ends_has_no_end() -> None:
    client = Script([reply(debugged(data_access_expires_at=0))]).client()
    await client.token()
    assert client.token_expires_at is None
    assert client.token_told_at is not None


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (
            {"is_valid": False, "error": {"code": 190, "message": "Session has expired"}},
            "Session has expired",
        ),
        ({"is_valid": False}, "it is not valid"),
        ({"scopes": RIGHTS[:1]}, "it lacks instagram_manage_insights, pages_read_engagement"),
    ],
)
async def test_what_is_wrong_with_the_token_is_told(data: dict[str, Any], problem: str) -> None:
    client = Script([reply(debugged(**data))]).client()
    await client.token()
    assert client.token_problem == problem


async def test_meta_may_not_let_us_know_about_the_token() -> None:
    client = Script([error(100)]).client()
    assert isinstance(await client.token(), Refused)
    assert (client.token_problem, client.token_expires_at) == (None, None)
