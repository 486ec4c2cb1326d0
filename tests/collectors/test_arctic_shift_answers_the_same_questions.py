"""ArcticShiftClient: the same questions as Reddit's, of an archive that needs no account."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from collectors.archive import archived_post
from collectors.arctic_shift import COMMUNITIES_PER_PAGE, MOST_PER_CALL, ArcticShiftClient
from collectors.budget import LocalBudget
from collectors.community_source import CommunitySource
from collectors.errors import TooManyNames
from collectors.listing import Page
from collectors.outcome import Alive, Outcome, Refused, Unknown
from collectors.sandbox import sandbox_app
from tests.collectors.archives import TIMED_OUT, Archive, data, post_row, subreddit_row
from tests.collectors.replies import reply

NOW = 1_700_000_000
SINCE = datetime.fromtimestamp(NOW, UTC)


async def collected(pages: AsyncIterator[Outcome[Page]]) -> list[Outcome[Page]]:
    return [page async for page in pages]


def ids(page: Outcome[Page]) -> list[str]:
    assert isinstance(page, Alive)
    return [item.id for item in page.value.items]


def why(outcome: Outcome[Any]) -> str:
    return "alive" if isinstance(outcome, Alive) else outcome.reason


def test_it_is_a_community_source() -> None:
    client: CommunitySource = Archive([]).client()
    assert (client.most_per_call, client.most_names_per_call) == (MOST_PER_CALL, 1)


async def test_it_says_who_asks() -> None:
    archive = Archive([data(subreddit_row())])
    await archive.client().about("a_place")
    (request,) = archive.requests
    assert request.headers["user-agent"] == "subpulse-tests"
    assert str(request.url) == "http://archive.test/api/subreddits/search?subreddit=a_place&limit=1"


# Communities


async def test_a_community_is_as_of_when_it_was_read() -> None:
    row = subreddit_row(subscribers=7, retrieved_on=NOW)
    outcome = await Archive([data(row)]).client().about("A_Place")
    assert isinstance(outcome, Alive)
    assert (outcome.value.subscribers, outcome.value.read_at) == (7, SINCE)


@pytest.mark.parametrize("rows", [[], [subreddit_row(name="another")]])
async def test_what_the_archive_lacks_is_not_refused(rows: list[Any]) -> None:
    assert why(await Archive([data(*rows)]).client().about("a_place")) == "empty"


async def test_communities_are_found_by_id() -> None:
    archive = Archive([data(subreddit_row("abc", "One"), subreddit_row("zzz", "NotAsked"))])
    outcome = await archive.client().metadata(["t5_abc", "t5_def", "t3_abc"])
    assert isinstance(outcome, Alive)
    assert [one.name for one in outcome.value.subreddits] == ["One"]
    assert outcome.value.missing == ("t5_def", "t3_abc")
    assert archive.asked == [("/api/subreddits/ids", {"ids": "abc,def"})]


async def test_communities_are_found_by_name_at_once_where_names_are_understood() -> None:
    archive = Archive([data(subreddit_row("abc", "One"))])
    outcome = await archive.client().metadata_by_name(["one", "two", "../three"])
    assert isinstance(outcome, Alive)
    assert outcome.value.missing == ("two", "../three")
    assert archive.asked == [("/api/subreddits/ids", {"ids": "one,two"})]


@pytest.mark.parametrize(
    "puzzled", [data(), data(subreddit_row("one", "SomewhereElse")), reply(400, {"error": "not an id"})]
)
async def test_communities_are_searched_for_singly_where_names_are_not_understood(
    puzzled: httpx.Response,
) -> None:
    archive = Archive([puzzled, data(subreddit_row("abc", "One")), data()])
    outcome = await archive.client().metadata_by_name(["one", "two"])
    assert isinstance(outcome, Alive)
    assert [one.name for one in outcome.value.subreddits] == ["One"]
    assert outcome.value.missing == ("two",)
    assert [params.get("subreddit") for _, params in archive.asked] == [None, "one", "two"]


async def test_a_search_that_fails_leaves_nobody_missing() -> None:
    archive = Archive([data(), data(subreddit_row("abc", "One")), reply(503, "")])
    assert why(await archive.client().metadata_by_name(["one", "two"])) == "server_error"


async def test_five_hundred_are_the_most() -> None:
    client = Archive([]).client()
    for ask in (client.metadata, client.metadata_by_name, client.posts):
        with pytest.raises(TooManyNames):
            await ask(["t5_a"] * 501)


async def test_discovery_goes_down_by_subscribers_then_by_words() -> None:
    full = [subreddit_row(f"{n}", f"place{n}", subscribers=9_000 - n) for n in range(COMMUNITIES_PER_PAGE)]
    archive = Archive([data(*full), data(full[-1], subreddit_row("last", "last", subscribers=5)), data()])
    pages = await collected(archive.client().discover(["Ask!", "äö"]))
    assert len(pages) == 3
    first, second, third = (params for _, params in archive.asked)
    assert (first["min_subscribers"], first["sort_type"], first["sort"]) == ("100", "subscribers", "desc")
    assert second["max_subscribers"] == str(9_000 - COMMUNITIES_PER_PAGE + 1)
    assert third["subreddit_prefix"] == "Ask"


async def test_discovery_does_not_turn_in_circles() -> None:
    same = data(*(subreddit_row(f"{n}", f"place{n}", subscribers=1) for n in range(COMMUNITIES_PER_PAGE)))
    assert len(await collected(Archive([same]).client().discover([]))) == 2


async def test_a_search_that_breaks_off_ends_early_and_the_next_follows() -> None:
    pages = await collected(Archive([reply(500, "")] * 3 + [data()]).client().discover(["tea"]))  # type: ignore[arg-type]
    assert [why(page) for page in pages] == ["server_error", "alive"]


# Posts


async def test_new_posts_are_those_after_a_time() -> None:
    archive = Archive([data(post_row("b"), post_row("a"))])
    (page,) = await collected(archive.client().new_posts(["a_place"], SINCE))
    assert ids(page) == ["t3_b", "t3_a"]
    wanted = {"subreddit": "a_place", "sort": "desc", "after": str(NOW), "limit": "auto"}
    assert archive.asked == [("/api/posts/search", wanted)]


async def test_paging_back_loses_none_of_the_same_second() -> None:
    first = [post_row(f"a{n}", created_utc=NOW + 500 - n) for n in range(100)]
    second = [post_row("a99", created_utc=NOW + 401), post_row("twin", created_utc=NOW + 401)]
    archive = Archive([data(*first), data(*second)])
    pages = await collected(archive.client().new_posts(["a_place"], SINCE))
    assert [ids(page) for page in pages[1:]] == [["t3_twin"], []], "it asks until nothing more comes"
    assert archive.asked[1][1]["before"] == str(NOW + 402)


async def test_a_page_that_brings_nothing_new_ends_it() -> None:
    same = data(*(post_row(f"a{n}", created_utc=NOW + 5) for n in range(100)))
    assert len(await collected(Archive([same]).client().new_posts(["a_place"], SINCE))) == 2


async def test_a_page_that_takes_too_long_is_asked_for_smaller() -> None:
    slow = reply(422, TIMED_OUT)
    archive = Archive([slow, slow, data(post_row("a", created_utc=NOW + 9)), data()])
    pages = await collected(archive.client().new_posts(["a_place"], SINCE))
    assert [why(page) for page in pages] == ["alive", "alive"]
    assert [params["limit"] for _, params in archive.asked] == ["auto", "auto", "50", "50"]
    assert "before" in archive.asked[3][1], "a small page does not say that it is the last"


async def test_a_quiet_community_has_no_new_posts_and_that_is_known() -> None:
    (page,) = await collected(Archive([data()]).client().new_posts(["a_place"], SINCE))
    assert ids(page) == []


async def test_each_name_is_a_question_of_its_own() -> None:
    archive = Archive([data(post_row()), reply(500, ""), reply(500, ""), reply(500, ""), data()])
    pages = await collected(archive.client().new_posts(["one", "two", "..", "three"], SINCE))
    assert [why(page) for page in pages] == ["alive", "server_error", "missing", "alive"]


async def test_posts_are_found_by_id() -> None:
    archive = Archive([data(post_row("a"), post_row("b", title=None))])
    outcome = await archive.client().posts(["t3_a", "t3_b", "t3_c"])
    assert isinstance(outcome, Alive)
    assert [post.id for post in outcome.value.posts] == ["t3_a"]
    assert outcome.value.missing == ("t3_c",)
    assert archive.asked == [("/api/posts/ids", {"ids": "a,b,c"})]


def test_a_post_is_as_of_its_last_reading_with_what_became_of_it() -> None:
    once = archived_post(post_row(removed_by_category=None))
    assert once.read_at == datetime.fromtimestamp(1_700_000_060, UTC)
    later = {"retrieved_2nd_on": 1_700_129_600, "removal_type": "deleted", "was_deleted_later": True}
    twice = archived_post(post_row(_meta=later))
    assert twice.read_at == datetime.fromtimestamp(1_700_129_600, UTC)
    assert twice.is_deleted
    assert archived_post(post_row(_meta={"removal_type": "author"})).is_deleted
    unsaid = archived_post({**post_row(), "retrieved_on": None})
    assert unsaid.read_at == unsaid.created_at, "an archive never speaks of now"


async def test_real_rows_come_through(shared_data: Path) -> None:
    lines = (shared_data / "posts" / "arctic_shift_submissions.ndjson").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    archive = Archive([data(*rows)])
    (page,) = await collected(archive.client().new_posts(["a_place"], datetime.fromtimestamp(0, UTC)))
    assert isinstance(page, Alive)
    assert (len(page.value.posts), page.value.skipped) == (len(rows), 0)
    assert all(post.read_at is not None for post in page.value.posts)
    outcome = await archive.client().posts([f"t3_{row['id']}" for row in rows])
    assert isinstance(outcome, Alive)
    assert outcome.value.missing == ()


# Rules and history


async def test_rules_come_without_requirements() -> None:
    rule = {
        "kind": "all",
        "short_name": "Be kind",
        "description": "d",
        "violation_reason": "v",
        "priority": 0,
    }
    archive = Archive([data({"subreddit": "A_Place", "rules": [rule]})])
    outcome = await archive.client().details("a_place")
    assert isinstance(outcome, Alive)
    assert [one["short_name"] for one in outcome.value.rules] == ["Be kind"]
    assert outcome.value.requirements is None
    assert archive.asked == [("/api/subreddits/rules", {"subreddits": "a_place"})]


@pytest.mark.parametrize("rows", [[], [{"subreddit": "other", "rules": []}], [{"rules": 1}], [7]])
async def test_rules_that_the_archive_lacks_are_not_no_rules(rows: list[Any]) -> None:
    assert why(await Archive([data(*rows)]).client().details("a_place")) == "empty"


async def test_subscribers_come_by_the_day() -> None:
    rows = [
        {"date": NOW + 86_400, "value": 12},
        {"date": NOW, "value": 10},
        {"date": "2023-11-16", "value": 13},
        {"date": (NOW + 3 * 86_400) * 1000, "value": 14},
        {"date": NOW, "value": None},
        {"date": "soon", "value": 1},
        "nothing",
    ]
    archive = Archive([data(*rows)])
    outcome = await archive.client().subscriber_history("a_place", SINCE)
    assert isinstance(outcome, Alive)
    assert [value for _, value in outcome.value] == [10, 12, 13, 14]
    assert outcome.value[0][0] == SINCE
    wanted = {"key": "r/a_place/subscribers", "precision": "day", "after": str(NOW)}
    assert archive.asked == [("/api/time_series", wanted)]


# What its refusals mean


@pytest.mark.parametrize(
    ("answer", "reason", "requests"),
    [
        (reply(422, TIMED_OUT), "timeout", 2),
        (reply(200, {"data": None, "error": "Query timed out"}), "timeout", 1),
        (reply(400, {"data": None, "error": "Under maintenance"}), "server_error", 1),
        (reply(429, {"data": None, "error": "Slow down a little"}), "throttled", 3),
        (reply(403, "<html>Just a moment...</html>"), "blocked", 1),
        (reply(403, {"error": "Forbidden"}), "blocked", 1),
        (reply(502, "<html>"), "server_error", 3),
        (reply(301, "", location="http://elsewhere.test/"), "redirected", 1),
        (reply(200, ""), "bad_body", 2),
        (reply(200, {"data": None}), "bad_body", 2),
        (reply(200, {"data": "text"}), "bad_body", 2),
        (reply(200, {"data": {"a": 1}}), "bad_body", 1),
        (reply(200, [1]), "bad_body", 2),
        (httpx.ConnectError("refused"), "network", 3),
        (httpx.ReadTimeout("slow"), "timeout", 3),
    ],
)
async def test_trouble_says_nothing_of_the_posts(answer: Any, reason: str, requests: int) -> None:
    archive = Archive([answer])
    outcome = await archive.client().posts(["t3_a"])
    assert isinstance(outcome, Unknown)
    assert (outcome.reason, len(archive.requests)) == (reason, requests)


@pytest.mark.parametrize("status", [200, 400, 404, 422])
async def test_a_wrong_question_is_refused_and_no_state_of_a_community(status: int) -> None:
    archive = Archive([reply(status, {"data": None, "error": "Parameter 'after' is\nwrong"})])
    outcome = await archive.client().about("a_place")
    assert isinstance(outcome, Refused)
    assert not outcome.is_of_the_community
    assert str(outcome) == f"refused (bad_request): HTTP {status} Parameter 'after' is wrong"
    assert len(archive.requests) == 1


# Gentleness


async def test_requests_go_apart_and_few_at_a_time() -> None:
    archive = Archive([data()])
    client = archive.client()
    await asyncio.gather(*(client.posts(["t3_a"]) for _ in range(4)))
    assert archive.slept == [0.5, 0.5, 0.5]


async def test_never_more_than_two_are_under_way() -> None:
    under_way, most, let_go = 0, 0, asyncio.Event()

    async def answer(_: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await let_go.wait()
        under_way -= 1
        return data()

    archive = Archive([])
    client = ArcticShiftClient(
        httpx.AsyncClient(transport=httpx.MockTransport(answer)),
        LocalBudget(),
        url="http://archive.test",
        user_agent="x",
        sleep=archive._sleep,
        clock=archive._clock,
    )
    asking = asyncio.gather(*(client.posts(["t3_a"]) for _ in range(6)))
    for _ in range(200):
        await asyncio.sleep(0)
    let_go.set()
    await asking
    assert most == 2


@pytest.mark.parametrize("reset", ["30", str(NOW + 30), str((NOW + 30) * 1000)])
async def test_what_remains_paces_it_however_the_end_is_told(
    reset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.arctic_shift_answers.now", lambda: float(NOW))
    archive = Archive([data(x_ratelimit_remaining="0", x_ratelimit_reset=reset), data()])
    client = archive.client()
    await client.posts(["t3_a"])
    await client.posts(["t3_a"])
    assert archive.slept == [0.5, 29.5]


async def test_the_tally_counts_like_reddits() -> None:
    archive = Archive([data(), reply(422, TIMED_OUT)])
    client = archive.client()
    await client.posts(["t3_a"])
    await client.posts(["t3_a"])
    assert client.tally == {"requests": 3, "alive": 1, "unknown": 1, "unknown:timeout": 1}


# Against the sandbox, which has the same paths


async def test_it_reads_the_sandbox() -> None:
    async def no_sleep(_: float) -> None:
        """Pass the time at once."""

    now = datetime.now(UTC)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(sandbox_app(7))) as http:
        client = ArcticShiftClient(
            http, LocalBudget(), url="http://sandbox.test", user_agent="x", sleep=no_sleep
        )
        first = await anext(client.discover([]))
        assert isinstance(first, Alive)
        known = first.value.subreddits[:5]
        found = await client.metadata_by_name([one.name for one in known])
        assert isinstance(found, Alive)
        assert found.value.missing == ()
        again = await client.metadata([one.id for one in known])
        assert isinstance(again, Alive)
        assert [one.id for one in again.value.subreddits] == [one.id for one in known]
        name = known[0].name
        pages = await collected(client.new_posts([name], now - timedelta(days=3)))
        posts = [post for page in pages if isinstance(page, Alive) for post in page.value.posts]
        assert posts
        assert len({post.id for post in posts}) == len(posts)
        assert all(post.subreddit == name and post.read_at is not None for post in posts)
        reread = await client.posts([post.id for post in posts[:500]])
        assert isinstance(reread, Alive)
        assert reread.value.missing == ()
        details = await client.details(name)
        assert isinstance(details, Alive)
        history = await client.subscriber_history(name, now - timedelta(days=30))
        assert isinstance(history, Alive)
        assert 25 <= len(history.value) <= 31
