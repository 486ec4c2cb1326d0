"""Listings page by page, and a hundred names at once."""

import pytest

from collectors.errors import TooManyNames
from collectors.outcome import Alive, Refused, Unknown
from tests.collectors.replies import Script, listing, reply, t3, t5


async def test_pages_end_when_after_is_null() -> None:
    script = Script([reply(value=listing(t3("a"), after="t3_a")), reply(value=listing(t3("b")))])
    pages = [outcome async for outcome in script.client().pages("/r/a_place/new")]
    assert [page.value.posts[0].id for page in pages if isinstance(page, Alive)] == ["t3_a", "t3_b"]
    assert len(script.requests) == 2


async def test_pages_end_when_after_repeats() -> None:
    script = Script([reply(value=listing(t3("a"), after="t3_a"))])
    assert len([outcome async for outcome in script.client().pages("/r/a_place/new")]) == 2


async def test_pages_end_at_the_number_asked_for() -> None:
    script = Script([reply(value=listing(t3(str(n)), after=f"t3_{n}")) for n in range(9)])
    assert len([outcome async for outcome in script.client().pages("/r/a_place/new", max_pages=3)]) == 3


async def test_pages_end_with_the_first_that_is_not_alive() -> None:
    script = Script([reply(value=listing(t3("a"), after="t3_a")), reply(404, {"reason": "banned"})])
    outcomes = [outcome async for outcome in script.client().pages("/r/a_place/new")]
    assert isinstance(outcomes[-1], Refused)
    assert len(outcomes) == 2


async def test_a_page_may_be_longer_than_its_limit() -> None:
    script = Script([reply(value=listing(*(t3(f"a{n}") for n in range(102))))])
    outcome = await script.client().listing("/r/a_place/new")
    assert isinstance(outcome, Alive)
    assert len(outcome.value.items) == 102


async def test_what_no_record_can_be_made_of_is_counted() -> None:
    comment = {"kind": "t1", "data": {"id": "c"}}
    script = Script([reply(value=listing(t3(), t3("b", title=None), comment, {"kind": "t3"}))])
    outcome = await script.client().listing("/r/a_place/new")
    assert isinstance(outcome, Alive)
    assert (len(outcome.value.items), outcome.value.skipped) == (1, 3)


async def test_subreddits_where_posts_were_asked_mean_a_missing_one() -> None:
    outcome = await Script([reply(value=listing(t5()))]).client().listing("/r/a_place/new")
    assert isinstance(outcome, Refused)
    assert outcome.reason == "missing"


async def test_subreddits_are_welcome_where_they_were_asked_for() -> None:
    outcome = await Script([reply(value=listing(t5()))]).client().listing("/subreddits/popular")
    assert isinstance(outcome, Alive)


@pytest.mark.parametrize(("path", "known"), [("/r/a_place/new", False), ("/r/a_place/top?t=hour", True)])
async def test_an_empty_first_page_leaves_it_open(path: str, known: bool) -> None:
    outcome = await Script([reply(value=listing())]).client().listing(path)
    assert isinstance(outcome, Alive) == known


async def test_an_empty_last_page_is_a_page() -> None:
    outcome = await Script([reply(value=listing())]).client().listing("/r/a_place/new", after="t3_x")
    assert isinstance(outcome, Alive)


@pytest.mark.parametrize("value", [{"kind": "t5"}, [], {"kind": "Listing", "data": None}, {"names": []}])
async def test_another_thing_than_a_listing_is_unknown(value: object) -> None:
    outcome = await Script([reply(value=value)]).client().listing("/r/a_place/new")
    assert isinstance(outcome, Unknown)
    assert outcome.reason == "bad_body"


async def test_a_listing_where_one_subreddit_was_asked_means_a_missing_one() -> None:
    outcome = await Script([reply(value=listing())]).client().about("a_place")
    assert isinstance(outcome, Refused)
    assert outcome.reason == "missing"


@pytest.mark.parametrize("name", ["", "x", "a/b", "../api", "a b", "a,b", "x" * 25, "ä" * 5])
async def test_what_cannot_be_a_name_is_not_asked(name: str) -> None:
    script = Script([reply(value=t5())])
    outcome = await script.client().about(name)
    assert isinstance(outcome, Refused)
    assert script.requests == []


async def test_names_that_reddit_leaves_out_are_missing() -> None:
    script = Script([reply(value=listing(t5("Here_It_Is")))])
    outcome = await script.client().metadata_by_name(["here_it_is", "gone", "not/a/name"])
    assert isinstance(outcome, Alive)
    assert [one.name for one in outcome.value.subreddits] == ["Here_It_Is"]
    assert outcome.value.missing == ("gone", "not/a/name")
    assert script.requests[0].url.params["sr_name"] == "here_it_is,gone"


async def test_fullnames_are_asked_for_as_ids() -> None:
    script = Script([reply(value=listing(t5("abc")))])
    outcome = await script.client().metadata(["t5_abc", "t5_def"])
    assert isinstance(outcome, Alive)
    assert outcome.value.missing == ("t5_def",)
    assert script.requests[0].url.params["id"] == "t5_abc,t5_def"


async def test_a_hundred_names_are_the_most() -> None:
    with pytest.raises(TooManyNames):
        await Script([]).client().metadata_by_name(["name"] * 101)


async def test_no_names_are_no_request() -> None:
    script = Script([])
    assert isinstance(await script.client().metadata_by_name([]), Alive)
    assert script.requests == []
