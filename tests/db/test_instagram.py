from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db import instagram
from db.database import Database
from db.measure import QueryRecorder
from tests.factories import account, medium
from tests.stored import sql

SOON = timedelta(hours=1)
LEASE = timedelta(minutes=10)


async def follow(db: Database, *names: str) -> list[str]:
    async with db.transaction() as session:
        return await instagram.follow(session, names)


async def keep(db: Database, *media: Any, **of_account: Any) -> int:
    async with db.transaction() as session:
        return await instagram.merge(session, account(**of_account), media, SOON)


async def unfollow(db: Database, name: str = "teapots") -> bool:
    async with db.transaction() as session:
        return await instagram.unfollow(session, name)


async def total(db: Database) -> int:
    ((value,),) = await sql(db, "SELECT value FROM totals WHERE name = 'instagram_posts'")
    return int(value)


@pytest.fixture
async def followed(db: Database) -> Database:
    await follow(db, "teapots")
    return db


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Meta", "meta"),
        (" @Meta ", "meta"),
        ("a.b_9", "a.b_9"),
        ("https://www.instagram.com/Meta/?igsh=abc", "meta"),
        ("instagram.com/meta", "meta"),
        ("https://www.instagram.com/p/C1/", None),
        ("https://example.org/meta", None),
        ("https://[/meta", None),
        ("", None),
        ("me ta", None),
        ("meta){id}", None),
        ("m" * 31, None),
    ],
)
def test_a_name_is_read_from_what_people_write(written: str, name: str | None) -> None:
    assert instagram.username_of(written) == name


async def test_following_twice_is_following_once(db: Database) -> None:
    assert sorted(await follow(db, "teapots", "kettles", "teapots")) == ["kettles", "teapots"]
    assert await follow(db, "teapots") == []


async def test_a_new_account_is_unknown_and_due_at_once(followed: Database) -> None:
    row = await instagram.account(followed, "teapots")
    assert row is not None
    assert (row["state"], row["followers"], row["refreshed_at"], row["posts"]) == ("unknown", None, None, 0)
    async with followed.transaction() as session:
        assert await instagram.lease_due(session, LEASE, 10) == ["teapots"]


async def test_what_is_leased_is_not_leased_again(followed: Database, database_url: str) -> None:
    await follow(followed, *(f"tea{n}" for n in range(9)))
    other = Database(database_url, followed.schema, QueryRecorder(100), pool_size=4)
    await other.open()
    async with followed.transaction() as mine, other.transaction() as theirs:
        first = await instagram.lease_due(mine, LEASE, 6)
        second = await instagram.lease_due(theirs, LEASE, 6)
    await other.close()
    assert (len(first), len(second)) == (6, 4)
    assert not set(first) & set(second)


async def test_an_answer_becomes_the_account_a_point_and_its_posts(followed: Database) -> None:
    assert await keep(followed, medium(), medium(id="2", likes=None, children=3)) == 2
    row = await instagram.account(followed, "teapots")
    assert row is not None
    assert (row["state"], row["followers"], row["name"], row["posts"]) == (
        "alive",
        1000,
        "Teapots of the world",
        2,
    )
    assert row["leased_until"] is None
    assert row["next_due_at"] - row["refreshed_at"] == SOON
    points = "SELECT at = date_trunc('hour', now()), followers, media_count FROM instagram_snapshots"
    assert await sql(followed, points) == [(True, 1000, 250)]
    assert await sql(followed, "SELECT likes, children FROM instagram_posts ORDER BY id") == [
        (80, 0),
        (None, 3),
    ]
    assert await total(followed) == 2


async def test_the_same_answer_twice_changes_nothing(followed: Database) -> None:
    look = "SELECT ctid::text, read_at FROM instagram_posts"
    batch = [medium(), medium(id="2"), medium()]
    assert await keep(followed, *batch) == 2
    before = await sql(followed, look)
    snapshot = await sql(followed, "SELECT ctid::text FROM instagram_snapshots")
    assert await keep(followed, *batch) == 0
    assert await sql(followed, look) == before
    assert await sql(followed, "SELECT ctid::text FROM instagram_snapshots") == snapshot
    assert await total(followed) == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("likes", 81),
        ("likes", None),
        ("comments", 21),
        ("caption", "Blue."),
        ("permalink", "https://www.instagram.com/p/C2/"),
        ("product_type", "REELS"),
        ("children", 2),
    ],
)
async def test_what_may_change_of_a_post_follows(followed: Database, field: str, value: Any) -> None:
    await keep(followed, medium())
    ((before,),) = await sql(followed, "SELECT to_jsonb(p) FROM instagram_posts AS p")
    assert await keep(followed, medium(**{field: value})) == 0
    ((after,),) = await sql(followed, "SELECT to_jsonb(p) FROM instagram_posts AS p")
    assert after[field] == value
    assert after["collected_at"] == before["collected_at"]
    assert after["read_at"] > before["read_at"]


async def test_an_answer_without_type_and_time_takes_none_away(followed: Database) -> None:
    await keep(followed, medium())
    await keep(followed, medium(media_type=None, timestamp=None, likes=99))
    assert await sql(followed, "SELECT media_type, timestamp, likes FROM instagram_posts") == [
        ("IMAGE", datetime(2026, 11, 1, 12, 30, tzinfo=UTC), 99)
    ]


async def test_a_post_that_never_told_its_time_is_left_out(followed: Database) -> None:
    assert await keep(followed, medium(timestamp=None), medium(id="2", media_type=None)) == 1
    assert await sql(followed, "SELECT id, media_type FROM instagram_posts") == [("2", None)]


async def test_of_an_account_nobody_follows_nothing_is_kept(db: Database) -> None:
    assert await keep(db, medium()) == 0
    assert await sql(db, "SELECT count(*) FROM instagram_posts") == [(0,)]
    assert await sql(db, "SELECT count(*) FROM instagram_snapshots") == [(0,)]


async def test_a_batch_is_all_or_nothing(followed: Database) -> None:
    async def interrupted() -> None:
        async with followed.transaction() as session:
            await instagram.merge(session, account(), [medium()], SOON)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await interrupted()
    assert await sql(followed, "SELECT count(*) FROM instagram_posts") == [(0,)]
    assert await total(followed) == 0


async def test_hidden_followers_are_no_point_of_growth_but_no_zero_either(followed: Database) -> None:
    await keep(followed, followers=None, media_count=None)
    assert await sql(followed, "SELECT count(*) FROM instagram_snapshots") == [(0,)]
    row = await instagram.account(followed, "teapots")
    assert row is not None
    assert row["followers"] is None


async def test_unfollowing_forgets_posts_growth_and_their_count(followed: Database) -> None:
    await follow(followed, "kettles")
    await keep(followed, medium(), medium(id="2"))
    await keep(followed, medium(id="3"), username="kettles")
    assert await unfollow(followed)
    assert not await unfollow(followed)
    assert await sql(followed, "SELECT username FROM instagram_posts") == [("kettles",)]
    assert await sql(followed, "SELECT username FROM instagram_snapshots") == [("kettles",)]
    assert await total(followed) == 1


async def test_a_refusal_is_its_state_and_is_asked_about_later(followed: Database) -> None:
    for _ in range(2):
        async with followed.transaction() as session:
            await instagram.set_state(session, "teapots", "refused", "missing", timedelta(days=7))
    row = await instagram.account(followed, "teapots")
    assert row is not None
    assert (row["state"], row["state_reason"]) == ("refused", "missing")
    assert row["state_since"] < row["refreshed_at"], "since the first of them"
    assert row["next_due_at"] - row["refreshed_at"] == timedelta(days=7)
    await keep(followed)
    row = await instagram.account(followed, "teapots")
    assert row is not None
    assert (row["state"], row["state_reason"]) == ("alive", None)


async def test_it_knows_how_far_back_it_knows(followed: Database) -> None:
    assert await instagram.known_back_to(followed, "teapots", 3) is None
    days = [datetime(2026, 11, day, tzinfo=UTC) for day in range(1, 6)]
    await keep(followed, *(medium(id=str(day.day), timestamp=day) for day in days))
    assert await instagram.known_back_to(followed, "teapots", 3) == days[2]
    assert await instagram.known_back_to(followed, "teapots", 90) == days[0]


async def test_growth_is_against_a_point_a_week_old_or_unknown(followed: Database) -> None:
    await keep(followed)
    assert [row["growth"] for row in await instagram.accounts(followed)] == [None]
    for days, followers in ((3, 990), (8, 900), (30, 100)):
        await sql(
            followed,
            "INSERT INTO instagram_snapshots VALUES ('teapots', now() - %s, %s, 1)",
            timedelta(days=days),
            followers,
        )
    assert [row["growth"] for row in await instagram.accounts(followed)] == [100]
    assert [row["followers"] for row in await instagram.growth(followed, "teapots", timedelta(days=9))] == [
        900,
        990,
        1000,
    ]


def ago(**of: float) -> datetime:
    return datetime.now(UTC) - timedelta(**of)


async def test_engagement_counts_only_posts_that_tell_and_had_a_day(followed: Database) -> None:
    await keep(
        followed,
        medium(id="1", timestamp=ago(days=2), likes=80, comments=20),
        medium(id="2", timestamp=ago(days=3), likes=0, comments=0),
        medium(id="3", timestamp=ago(days=4), likes=None),
        medium(id="4", timestamp=ago(hours=2), likes=0, comments=0),
        medium(id="5", timestamp=ago(days=40), likes=300, comments=0),
    )
    (row,) = await instagram.accounts(followed)
    assert row["counted"] == 3
    assert float(row["engagement"]) == pytest.approx((10 + 0 + 30) / 3)
    assert float(row["posts_a_week"]) == 1.0
    await keep(followed, followers=0)
    (row,) = await instagram.accounts(followed)
    assert row["engagement"] is None, "nobody follows: there is no share of nobody"


async def test_engagement_by_type_takes_reels_apart_and_says_of_how_many(followed: Database) -> None:
    await keep(
        followed,
        medium(id="1", timestamp=ago(days=2), likes=10, comments=0),
        medium(id="2", timestamp=ago(days=3), likes=30, comments=0),
        medium(id="3", timestamp=ago(days=3), likes=None),
        medium(
            id="4", timestamp=ago(days=3), media_type="VIDEO", product_type="REELS", likes=90, comments=10
        ),
    )
    rows = await instagram.engagement_by_type(followed, "teapots", timedelta(days=365))
    assert [(row["type"], row["posts"], row["counted"], row["engagement"]) for row in rows] == [
        ("IMAGE", 3, 2, 2.0),
        ("REELS", 1, 1, 10.0),
    ]


async def test_engagement_by_time_is_in_the_viewers_zone(followed: Database) -> None:
    sunday = datetime(2026, 11, 1, 22, 30, tzinfo=UTC)
    await keep(followed, medium(timestamp=sunday))
    since = datetime.now(UTC) - sunday + timedelta(days=9)
    for zone, place in (("UTC", (7, 5)), ("Europe/Berlin", (7, 5)), ("Asia/Tokyo", (1, 1))):
        (row,) = await instagram.engagement_by_time(followed, "teapots", since, zone)
        assert (row["weekday"], row["part"]) == place, zone
        assert (row["counted"], row["engagement"]) == (1, 10.0)


async def test_posts_are_read_newest_first(followed: Database) -> None:
    await keep(
        followed, medium(id="1", timestamp=ago(days=2)), medium(id="2", timestamp=ago(days=1), likes=None)
    )
    rows = await instagram.posts(followed, "teapots", 10)
    assert [(row["id"], row["engagement"] and float(row["engagement"])) for row in rows] == [
        ("2", None),
        ("1", 10.0),
    ]


async def test_posts_of_all_accounts_are_found_by_time_through_an_index(followed: Database) -> None:
    async with followed.transaction() as session:
        await session.connection.execute("SET LOCAL enable_seqscan = off")
        cursor = await session.connection.execute(
            "EXPLAIN SELECT id FROM instagram_posts WHERE timestamp > now() - interval '1 day'"
        )
        plan = "\n".join(row[0] for row in await cursor.fetchall())
    assert "instagram_posts_by_timestamp" in plan
