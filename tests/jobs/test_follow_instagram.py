from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from collectors.instagram import InstagramClient
from db import instagram, rounds, sources
from db.database import Database
from jobs import follow_instagram
from jobs.context import Context
from jobs.follow_instagram import LATEST, SOONEST, due_again_in
from jobs.job import Arguments, SourceFailed
from tests.collectors.instagram_replies import Script, app_usage, discovery, error, reply
from tests.collectors.instagram_replies import medium as media_json
from tests.factories import medium
from tests.stored import sql

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
VALID = {"data": {"is_valid": True, "expires_at": 1_900_000_000}}

Answering = Callable[..., Script]


@pytest.fixture
async def answering(context: Context, monkeypatch: pytest.MonkeyPatch) -> Answering:
    """Let Instagram answer as a test says; it has been asked about its token before, and nobody is followed yet."""
    await rounds.move(context.db, follow_instagram.SEEDED, "followed")

    def answer(*answers: httpx.Response | Exception) -> Script:
        script = Script(list(answers))
        client = script.client()
        client.token_told_at = datetime.now(UTC)
        monkeypatch.setattr(context, "instagram", client)
        return script

    return answer


def client_of(context: Context) -> InstagramClient:
    assert context.instagram is not None
    return context.instagram


async def follow(db: Database, *names: str) -> None:
    async with db.transaction() as session:
        await instagram.follow(session, names)


async def plan(context: Context) -> list[Arguments]:
    async with context.db.transaction() as session:
        return await follow_instagram.plan(context, session)


async def account(db: Database, name: str) -> dict[str, Any]:
    found = await instagram.account(db, name)
    assert found is not None
    return dict(found)


def page(numbers: Sequence[int], after: str | None = None, **of_account: Any) -> httpx.Response:
    of_account = {"followers_count": 500, "media_count": 120, **of_account}
    return reply(discovery(*(media_json(number) for number in numbers), after=after, **of_account))


async def test_profile_and_posts_are_kept(db: Database, context: Context, answering: Answering) -> None:
    await follow(db, "meta")
    answering(page(range(60, 10, -1), "more"), page(range(10, 0, -1)))
    assert await follow_instagram.run(context, ["meta"]) == 60
    row = await account(db, "meta")
    assert (row["state"], row["followers"], row["posts"]) == ("alive", 500, 60)
    assert row["next_due_at"] > row["refreshed_at"]


async def test_the_newest_are_read_again_and_older_ones_are_not(
    db: Database, context: Context, answering: Answering
) -> None:
    await follow(db, "meta")
    answering(page(range(400, 350, -1), "a"), page(range(350, 300, -1), "b"), page(range(300, 250, -1)))
    await follow_instagram.run(context, ["meta"])
    script = answering(page(range(402, 352, -1), "a"), page(range(352, 302, -1), "b"))
    assert await follow_instagram.run(context, ["meta"]) == 2
    assert len(script.requests) == 2
    assert (await account(db, "meta"))["posts"] == 152


async def test_growing_likes_are_noted(db: Database, context: Context, answering: Answering) -> None:
    await follow(db, "meta")
    for likes in (3, 30):
        answering(reply(discovery(media_json(1, like_count=likes), followers_count=likes)))
        await follow_instagram.run(context, ["meta"])
    assert await sql(db, "SELECT likes FROM instagram_posts") == [(30,)]
    assert await sql(db, "SELECT followers FROM instagram_snapshots") == [(30,)]


async def test_pages_that_break_off_leave_no_gap(
    db: Database, context: Context, answering: Answering
) -> None:
    await follow(db, "meta")
    answering(page([100]))
    await follow_instagram.run(context, ["meta"])
    answering(page([300], "a", followers_count=501), error(10))
    assert await follow_instagram.run(context, ["meta"]) == 0
    row = await account(db, "meta")
    assert (row["followers"], row["posts"]) == (501, 1)
    assert row["next_due_at"] - row["refreshed_at"] == SOONEST
    answering(page([300], "a"), page([200], "b"), page([100]))
    assert await follow_instagram.run(context, ["meta"]) == 2


async def test_of_a_first_reading_that_breaks_off_what_came_is_kept(
    db: Database, context: Context, answering: Answering
) -> None:
    await follow(db, "meta")
    answering(page([300], "a"), error(10))
    assert await follow_instagram.run(context, ["meta"]) == 1


@pytest.mark.parametrize(
    ("answer", "state", "reason", "days"),
    [
        (error(110, 2207013), "refused", "missing", 7),
        (error(10), "unknown", "forbidden", 1),
        (error(100, 33), "unknown", "bad_request", 1),
    ],
)
async def test_a_refusal_is_noted_and_the_next_account_is_asked(
    db: Database,
    context: Context,
    answering: Answering,
    answer: httpx.Response,
    state: str,
    reason: str,
    days: int,
) -> None:
    await follow(db, "kettles", "meta")
    answering(answer, page([1]))
    assert await follow_instagram.run(context, ["kettles", "meta"]) == 1
    row = await account(db, "kettles")
    assert (row["state"], row["state_reason"]) == (state, reason)
    assert row["next_due_at"] - row["refreshed_at"] == timedelta(days=days)


async def test_of_a_failing_server_nothing_is_concluded(
    db: Database, context: Context, answering: Answering
) -> None:
    await follow(db, "meta")
    answering(page([1]))
    await follow_instagram.run(context, ["meta"])
    answering(reply("<html>", 502))
    assert await follow_instagram.run(context, ["meta"]) == 0
    row = await account(db, "meta")
    assert (row["state"], row["state_reason"], row["leased_until"]) == ("alive", None, None)


@pytest.mark.parametrize("answer", [error(190, 463), error(4, status=403), error(368)])
async def test_being_turned_away_altogether_ends_the_run_and_asks_nothing_for_a_while(
    db: Database, context: Context, answering: Answering, answer: httpx.Response
) -> None:
    await follow(db, "kettles", "meta")
    script = answering(answer)
    with pytest.raises(SourceFailed):
        await follow_instagram.run(context, ["kettles", "meta"])
    assert len(script.requests) == 1
    assert (await account(db, "kettles"))["state"] == "unknown"
    assert await plan(context) == []
    script.now += client_of(context).rests_seconds + 1
    assert [sorted(batch["ids"]) for batch in await plan(context)] == [["kettles", "meta"]]


async def test_a_process_heeds_what_another_was_told(
    db: Database, context: Context, answering: Answering
) -> None:
    await follow(db, "meta")
    answering(page([1]))
    later = datetime.now(UTC) + timedelta(minutes=5)
    await sources.note_credentials(db, "instagram", quota_percent=97, quota_name="app", quota_back_at=later)
    assert await plan(context) == []
    await sources.note_credentials(db, "instagram", quota_back_at=datetime.now(UTC) - timedelta(minutes=5))
    assert await plan(context) == [{"ids": ["meta"]}]


async def test_less_is_planned_while_the_quota_runs_low(
    db: Database, context: Context, answering: Answering
) -> None:
    await follow(db, *(f"tea{n}" for n in range(30)))
    script = answering(reply(discovery(followers_count=1), X_App_Usage=app_usage(90)))
    assert sum(len(batch["ids"]) for batch in await plan(context)) == 20
    await client_of(context).account("meta")
    assert len(script.requests) == 1
    assert sum(len(batch["ids"]) for batch in await plan(context)) == 5


async def test_the_token_is_asked_about_once_a_day(
    db: Database, context: Context, answering: Answering
) -> None:
    await follow(db, "meta")
    script = answering(reply(VALID), page([1]))
    client_of(context).token_told_at = None
    await follow_instagram.run(context, ["meta"])
    await follow_instagram.run(context, ["meta"])
    assert [request.url.path for request in script.requests].count("/v25.0/debug_token") == 1
    assert client_of(context).token_expires_at == datetime.fromtimestamp(1_900_000_000, UTC)


async def test_without_instagram_nothing_is_planned_or_done(
    db: Database, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    await follow(db, "meta")
    monkeypatch.setattr(context, "instagram", None)
    assert await plan(context) == []
    assert await follow_instagram.run(context, ["meta"]) == 0


@pytest.mark.parametrize(
    ("ages_in_hours", "expected"),
    [
        ([], LATEST),
        ([3], LATEST),
        ([0, 8, 16, 24], timedelta(hours=1)),
        ([0, 1, 2, 3], SOONEST),
        ([40, 41, 42], timedelta(hours=5)),  # nothing for 40 hours
        ([0, 24 * 30, 24 * 60], LATEST),
    ],
)
def test_it_is_due_eight_times_between_two_posts(ages_in_hours: list[float], expected: timedelta) -> None:
    posts = [medium(id=str(n), timestamp=NOW - timedelta(hours=age)) for n, age in enumerate(ages_in_hours)]
    assert due_again_in(posts, NOW) == expected


async def test_in_the_sandbox_its_accounts_are_followed_once(db: Database, context: Context) -> None:
    planned = [name for batch in await plan(context) for name in batch["ids"]]
    assert len(planned) == 20
    known = await sql(db, "SELECT count(*) FROM instagram_accounts")
    async with db.transaction() as session:
        await instagram.unfollow(session, planned[0])
    await plan(context)
    assert await sql(db, "SELECT count(*) + 1 FROM instagram_accounts") == known


async def test_the_sandboxs_accounts_are_read_with_their_posts(db: Database, context: Context) -> None:
    (batch, *_) = await plan(context)
    new = await follow_instagram.run(context, batch["ids"])
    assert new > 100
    assert await sql(db, "SELECT value FROM totals WHERE name = 'instagram_posts'") == [(new,)]
    for name in batch["ids"]:
        row = await account(db, name)
        assert row["state"] == "alive"
        assert row["followers"] > 0
    assert await follow_instagram.run(context, batch["ids"]) == 0
    assert client_of(context).quota_percent is not None
    assert client_of(context).tally["alive"] > 5
