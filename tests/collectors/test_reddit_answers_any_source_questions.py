"""RedditClient as a CommunitySource: discovery, new posts, posts by id, rules and requirements."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from collectors.community_source import CommunitySource
from collectors.errors import TooManyNames
from collectors.listing import Page
from collectors.outcome import Alive, Outcome, Refused, Unknown
from collectors.reddit import MOST_NAMES_PER_CALL, MOST_PER_CALL
from tests.collectors.replies import Script, listing, reply, t3, t5

NOW = 1_700_000_000
SINCE = datetime.fromtimestamp(NOW, UTC)
RULES = {
    "rules": [
        {
            "kind": "link",
            "short_name": "Be\x00 kind",
            "description": "x",
            "violation_reason": "y",
            "z": 1,
        },
        "not a rule",
    ],
    "site_rules": [],
}
REQUIREMENTS = {
    "title_text_max_length": 200,
    "domain_whitelist": ["a.test"],
    "deep": {"x": 1},
    "none": None,
}
BLOCK_PAGE = "<!doctype html><h1>whoa there, pardner!</h1>"


async def collected(pages: AsyncIterator[Outcome[Page]]) -> list[Outcome[Page]]:
    return [page async for page in pages]


def page_of(*ages: int, after: str | None = None, **fields: Any) -> Any:
    """A page of posts so many seconds after SINCE, or before."""
    return reply(
        value=listing(*(t3(f"p{age + 1000}", created_utc=NOW + age, **fields) for age in ages), after=after)
    )


def why(outcome: Outcome[Any]) -> str:
    return "alive" if isinstance(outcome, Alive) else outcome.reason


def test_it_is_a_community_source() -> None:
    client: CommunitySource = Script([]).client()
    assert (client.most_per_call, client.most_names_per_call) == (MOST_PER_CALL, MOST_NAMES_PER_CALL)


class TestNewPosts:
    async def test_several_communities_come_in_one_call(self) -> None:
        script = Script([page_of(5, -5)])
        await collected(script.client().new_posts(["a_place", "reddit.com", "u_some-body"], SINCE))
        assert script.requests[0].url.path == "/r/a_place+reddit.com+u_some-body/new"

    async def test_it_pages_back_until_a_page_is_wholly_old(self) -> None:
        answers = [page_of(9, 5, after="t3_a"), page_of(-1, 1, after="t3_b"), page_of(-2, -3, after="t3_c")]
        script = Script(answers)
        pages = await collected(script.client().new_posts(["a_place"], SINCE))
        assert len(pages) == 3, "one old post among new ones ends nothing"

    async def test_stickied_posts_decide_nothing(self) -> None:
        old = listing(
            t3("old", created_utc=NOW - 5), t3("top", created_utc=NOW + 9, stickied=True), after="x"
        )
        script = Script([reply(value=old)])
        assert len(await collected(script.client().new_posts(["a_place"], SINCE))) == 1

        pinned = reply(value=listing(t3("top", created_utc=NOW - 999, stickied=True), after="t3_x"))
        script = Script([pinned, page_of(5)])
        assert len(await collected(script.client().new_posts(["a_place"], SINCE))) == 2

    async def test_a_short_page_says_nothing(self) -> None:
        script = Script([page_of(7, after="t3_a"), page_of(6)])
        assert len(await collected(script.client().new_posts(["a_place"], SINCE))) == 2

    async def test_after_values_that_go_round_end_it(self) -> None:
        around = [page_of(9, after="a"), page_of(8, after="b"), page_of(9, after="a"), page_of(1)]
        assert len(await collected(Script(around).client().new_posts(["a_place"], SINCE))) == 3

    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            (reply(403, BLOCK_PAGE), "blocked"),
            (reply(403, {"reason": "private", "error": 403}), "private"),
            (reply(302, "", location="/subreddits/search?q=a_place"), "missing"),
            (reply(value=listing()), "empty"),
            (reply(value=listing(t5())), "missing"),
        ],
    )
    async def test_what_is_not_posts_of_one_community_says_why(self, answer: Any, reason: str) -> None:
        pages = await collected(Script([answer]).client().new_posts(["a_place"], SINCE))
        assert [why(page) for page in pages] == [reason]

    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            (reply(403, BLOCK_PAGE), "blocked"),
            (reply(403, {"reason": "private", "error": 403}), "unattributed"),
            (reply(404, {"reason": "banned", "error": 404}), "unattributed"),
            (reply(302, "", location="/subreddits/search?q=a_place"), "unattributed"),
            (reply(value=listing()), "empty"),
            (reply(value=listing(t5())), "unattributed"),
        ],
    )
    async def test_of_several_communities_a_refusal_is_nobodys(self, answer: Any, reason: str) -> None:
        (page,) = await collected(Script([answer]).client().new_posts(["a_place", "another"], SINCE))
        assert isinstance(page, Unknown)
        assert page.reason == reason

    async def test_what_cannot_be_a_name_is_left_out(self) -> None:
        script = Script([page_of(-5)])
        await collected(script.client().new_posts(["a_place", "../../api/v1/me", "a+b"], SINCE))
        assert script.requests[0].url.path == "/r/a_place/new"
        assert [why(page) for page in await collected(script.client().new_posts([".."], SINCE))] == [
            "missing"
        ]
        assert await collected(script.client().new_posts([], SINCE)) == []
        assert len(script.requests) == 1

    async def test_the_url_stays_short(self) -> None:
        script = Script([page_of(-5)])
        names = [f"{number:024}" for number in range(MOST_NAMES_PER_CALL)]
        await collected(script.client().new_posts(names, SINCE))
        assert len(str(script.requests[0].url)) < 1500
        with pytest.raises(TooManyNames):
            await collected(script.client().new_posts([*names, "one_more"], SINCE))


class TestDiscovery:
    async def test_it_reads_the_listings_then_searches_each_word(self) -> None:
        script = Script([reply(value=listing(t5(), after="t5_x")), reply(value=listing(t5()))])
        pages = await collected(script.client().discover(["tea & cake", "bread"]))
        assert len(pages) == len(script.requests) == 6
        assert [request.url.path for request in script.requests] == [
            "/subreddits/popular",
            "/subreddits/popular",
            "/subreddits/new",
            "/subreddits/default",
            "/subreddits/search",
            "/subreddits/search",
        ]
        assert script.requests[4].url.params["q"] == "tea & cake"

    async def test_a_listing_that_breaks_off_ends_early_and_the_next_follows(self) -> None:
        script = Script([reply(404, "<html>"), reply(value=listing(t5()))])
        pages = await collected(script.client().discover([]))
        assert [why(page) for page in pages] == ["missing", "alive", "alive"]


class TestPosts:
    async def test_those_left_out_are_missing(self) -> None:
        script = Script([reply(value=listing(t3("a"), t3("b", title=None)))])
        outcome = await script.client().posts(["t3_a", "t3_b", "t3_c", "t5_a", "not,an id"])
        assert isinstance(outcome, Alive)
        assert [post.id for post in outcome.value.posts] == ["t3_a"]
        assert outcome.value.missing == ("t3_c", "t5_a", "not,an id"), "t3_b came, though of no use"
        assert script.requests[0].url.params["id"] == "t3_a,t3_b,t3_c"

    async def test_a_block_page_is_no_missing_post(self) -> None:
        assert why(await Script([reply(403, BLOCK_PAGE)]).client().posts(["t3_a"])) == "blocked"

    async def test_a_hundred_are_the_most_and_none_are_no_request(self) -> None:
        script = Script([])
        with pytest.raises(TooManyNames):
            await script.client().posts(["t3_a"] * 101)
        assert isinstance(await script.client().posts([]), Alive)
        assert script.requests == []


class TestDetails:
    async def test_rules_and_requirements_come_together(self) -> None:
        script = Script([reply(value=RULES), reply(value=REQUIREMENTS)])
        outcome = await script.client().details("a_place")
        assert isinstance(outcome, Alive)
        assert outcome.value.rules == (
            {"kind": "link", "short_name": "Be kind", "description": "x", "violation_reason": "y"},
        )
        assert outcome.value.requirements == {
            "title_text_max_length": 200,
            "domain_whitelist": ["a.test"],
            "none": None,
        }
        assert [request.url.path for request in script.requests] == [
            "/r/a_place/about/rules",
            "/api/v1/a_place/post_requirements",
        ]

    async def test_refused_requirements_are_none(self) -> None:
        script = Script([reply(value=RULES), reply(403, {"message": "Forbidden", "error": 403})])
        outcome = await script.client().details("a_place")
        assert isinstance(outcome, Alive)
        assert outcome.value.requirements is None

    @pytest.mark.parametrize("trouble", [reply(403, BLOCK_PAGE), reply(500, ""), reply(value=listing())])
    async def test_requirements_that_are_not_known_are_not_none(self, trouble: Any) -> None:
        outcome = await Script([reply(value=RULES), trouble]).client().details("a_place")
        assert isinstance(outcome, Unknown)

    async def test_refused_rules_are_a_refusal_and_end_it(self) -> None:
        script = Script([reply(403, {"reason": "private", "error": 403})])
        assert why(await script.client().details("a_place")) == "private"
        assert len(script.requests) == 1

    @pytest.mark.parametrize("name", ["..", "a/b", "x?y", ""])
    async def test_what_cannot_be_a_name_is_not_asked(self, name: str) -> None:
        script = Script([])
        assert isinstance(await script.client().details(name), Refused)
        assert script.requests == []


async def test_subreddits_that_came_but_are_of_no_use_are_not_missing() -> None:
    script = Script([reply(value=listing(t5("abc", display_name=None)))])
    outcome = await script.client().metadata(["t5_abc", "t5_def", "t5_,"])
    assert isinstance(outcome, Alive)
    assert outcome.value.missing == ("t5_def", "t5_,")
