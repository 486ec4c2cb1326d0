import pytest

from db.advice import missing
from db.diagnosis.abilities import abilities
from db.diagnosis.target import Target
from tests.db.advice.asking import (
    NEWEST,
    OF_THE_LAST_DAY,
    OURS,
    advised,
    advised_for_ours,
    asked,
    the_advice,
)
from tests.stored import sql


async def test_nothing_is_advised_on_our_own_schema(any_ours: Target) -> None:
    found = await advised_for_ours(any_ours)
    assert found.advice == ()
    assert found.explained > 0.85 * len(OURS)
    assert all("staged_" in one.why for one in found.unexplained), (
        "what is only staged is not there to be planned"
    )


async def test_the_index_that_was_dropped_is_found(any_ours: Target) -> None:
    await sql(any_ours.db, "DROP INDEX instagram_posts_by_timestamp")
    advice = await the_advice(any_ours, NEWEST)
    assert advice.sql == (
        'CREATE INDEX CONCURRENTLY "instagram_posts_by_timestamp_desc" '
        'ON "subpulse_sandbox"."instagram_posts" ("timestamp" DESC)'
    )
    assert [one.asked.text for one in advice.statements] == [NEWEST]
    assert advice.rows_before == pytest.approx(50_000)
    assert advice.rows_after == 100
    assert 500_000 < advice.size_bytes < 3_000_000


async def test_a_range_is_served_by_the_index_in_whose_order_others_want_their_rows(any_ours: Target) -> None:
    await sql(any_ours.db, "DROP INDEX instagram_posts_by_timestamp, instagram_posts_by_account")
    advice = await the_advice(any_ours, NEWEST, OF_THE_LAST_DAY)
    assert advice.columns == ("timestamp descending",)
    assert [one.asked.text for one in advice.statements] == [NEWEST, OF_THE_LAST_DAY]


async def test_our_own_statements_tell_which_index_they_lack(any_ours: Target) -> None:
    await sql(any_ours.db, "DROP INDEX instagram_posts_by_account, instagram_posts_by_timestamp")
    (advice,) = (await advised_for_ours(any_ours)).advice
    assert advice.columns == ("username", "timestamp descending")
    assert {"instagram.accounts", "instagram.posts", "instagram.account"} <= {
        one.asked.statement for one in advice.statements
    }


async def test_hypopg_says_what_the_plan_would_cost_and_statistics_alone_do_not(any_ours: Target) -> None:
    await sql(any_ours.db, "DROP INDEX instagram_posts_by_timestamp")
    has_hypopg = await sql(any_ours.db, "SELECT 1 FROM pg_extension WHERE extname = 'hypopg'")
    advice = await the_advice(any_ours, NEWEST)
    assert advice.checked_with == ("hypopg" if has_hypopg else "estimate")
    assert advice.cost_after is None if not has_hypopg else advice.cost_after < advice.cost_before / 10  # type: ignore[operator]


async def test_a_slow_join_is_found(any_ours: Target) -> None:
    await sql(any_ours.db, "DROP INDEX posts_by_subreddit")
    advice = await the_advice(
        any_ours,
        "SELECT count(*) FROM subreddits JOIN posts ON posts.subreddit_id = subreddits.id"
        " WHERE lower(name) = lower(%(name)s)",
    )
    assert advice.table == "subpulse_sandbox.posts"
    assert advice.columns == ("subreddit_id",)
    assert advice.rows_after < 50


async def test_nothing_is_made_up_of_a_table_that_was_never_analyzed(any_ours: Target) -> None:
    text = "SELECT id FROM fresh WHERE id > %(after)s AND gone IS NULL ORDER BY id LIMIT %(limit)s"
    await sql(
        any_ours.db, "CREATE TABLE fresh (id text PRIMARY KEY, gone date) WITH (autovacuum_enabled = off)"
    )
    await sql(any_ours.db, "INSERT INTO fresh SELECT n FROM generate_series(1, 20000) AS n")
    await sql(any_ours.db, "VACUUM fresh")  # which counts rows, and looks at none
    assert (await advised(any_ours, text)).advice == ()
    await sql(any_ours.db, "ANALYZE fresh")
    assert (await advised(any_ours, text)).advice == (), "nor afterwards, when it is known that all are null"


async def test_an_order_with_a_limit_is_found_after_what_is_equal(any_ours: Target) -> None:
    text = "SELECT id FROM posts WHERE subreddit_id = %(id)s ORDER BY score DESC, id LIMIT 10"
    await sql(any_ours.db, "UPDATE posts SET subreddit_id = 't5_' || (score % 9 + 1)")
    await sql(any_ours.db, "ANALYZE posts")
    advice = await the_advice(any_ours, text)
    assert advice.columns == ("subreddit_id", "score descending")  # some twenty rows have the same score


async def test_the_most_selective_column_comes_first_and_no_more_than_are_needed(any_ours: Target) -> None:
    advice = await the_advice(
        any_ours, "SELECT FROM posts WHERE domain = %(domain)s AND author = %(author)s AND is_self"
    )
    assert advice.columns == ("author",)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT FROM posts WHERE author = $1 OR domain = $2",
        "SELECT FROM posts WHERE upper(author) = $1",
        "SELECT FROM posts WHERE score::text = $1",
        "SELECT FROM posts WHERE author = title",
        "SELECT FROM posts WHERE score > random() * 1000000",
        "SELECT FROM posts WHERE domain = $1",  # all have the same
        "SELECT FROM posts WHERE score > $1",
        "SELECT FROM deployments WHERE version = $1",  # small
        "SELECT FROM posts WHERE id = $1 AND author = $2",
        "SELECT FROM posts ORDER BY created_at LIMIT 50",  # read backwards
        "SELECT FROM posts ORDER BY lower(title) LIMIT 50",
        "SELECT count(*) FROM posts",
        "SELECT relname FROM pg_catalog.pg_class WHERE relpages = $1",
    ],
)
async def test_nothing_is_advised_where_an_index_would_not_help(ours: Target, text: str) -> None:
    found = await advised(ours, text)
    assert (found.advice, found.unexplained) == ((), ())


async def test_why_an_index_is_not_worth_it_is_told(ours: Target) -> None:
    (refused,) = (await advised(ours, "SELECT FROM posts WHERE score > $1")).refused
    assert refused.definition.table == "posts"
    assert "would still leave 33 % of the 100,000 rows of posts" in refused.sentence


async def test_a_table_that_is_written_more_than_read_gets_none(ours: Target) -> None:
    await sql(ours.db, "UPDATE posts SET score = score + 1")
    await sql(ours.db, "UPDATE posts SET score = score + 1")
    await sql(ours.db, "SELECT pg_stat_force_next_flush()")
    await sql(ours.db, "VACUUM ANALYZE posts")
    found = await advised(ours, "SELECT FROM posts WHERE author = $1")
    assert found.advice == ()
    assert "is written more than read" in found.refused[0].sentence


async def test_a_partial_index_serves_only_those_who_ask_for_its_rows(ours: Target) -> None:
    await sql(ours.db, "CREATE INDEX ON posts (author) WHERE over18 IS NULL AND score IS NOT NULL")
    asks_for_them = "SELECT FROM posts WHERE author = $1 AND over18 IS NULL AND score > 5"
    asks_for_all = "SELECT FROM posts WHERE author = $1"
    found = await advised(ours, asks_for_them, asks_for_all)
    assert [one.asked.text for one in found.advice[0].statements] == [asks_for_all]


async def test_an_invalid_index_serves_nobody(ours: Target) -> None:
    await sql(ours.db, "CREATE INDEX broken ON posts (author)")
    await sql(ours.db, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken'::regclass")
    assert (await the_advice(ours, "SELECT FROM posts WHERE author = $1")).columns == ("author",)


async def test_one_index_serves_all_of_whose_columns_it_begins_with(any_ours: Target) -> None:
    await sql(any_ours.db, "UPDATE posts SET domain = 'example' || score % 400 || '.org'")
    await sql(any_ours.db, "ANALYZE posts")
    by_domain = "SELECT id FROM posts WHERE domain = %(domain)s"
    newest = "SELECT id FROM posts WHERE domain = %(domain)s ORDER BY score LIMIT 20"
    advice = await the_advice(any_ours, by_domain, newest)
    assert advice.columns == ("domain", "score")
    assert {one.asked.text for one in advice.statements} == {by_domain, newest}


async def test_rows_that_lie_all_over_the_table_are_not_worth_an_index(any_ours: Target) -> None:
    """A fortieth of the rows is on nearly each page: PostgreSQL itself and our guess say the same."""
    await sql(any_ours.db, "UPDATE posts SET domain = 'example' || score % 40 || '.org'")
    await sql(any_ours.db, "VACUUM FULL ANALYZE posts")
    assert (await advised(any_ours, "SELECT id FROM posts WHERE domain = $1")).advice == ()


async def test_a_partitioned_table_gets_its_index_part_by_part(any_ours: Target) -> None:
    advice = await the_advice(any_ours, "SELECT FROM slow_requests WHERE seconds = %(seconds)s")
    first, *others = advice.sql.split(";\n")
    assert first == (
        'CREATE INDEX "slow_requests_by_seconds" ON ONLY "subpulse_sandbox"."slow_requests" ("seconds")'
    )
    assert {line.partition(" ON ")[0][:25] for line in others} == {
        "CREATE INDEX CONCURRENTLY",
        "ALTER INDEX " + '"subpulse_san',
    }
    assert advice.undo_sql == 'DROP INDEX "subpulse_sandbox"."slow_requests_by_seconds"'


async def test_how_much_of_the_time_could_be_looked_at_is_told(ours: Target) -> None:
    found = await advised(ours, "SELECT count(*) FROM posts", "SELECT FROM nowhere")
    assert found.coverage_percent == 50
    assert [one.why for one in found.unexplained] == ['relation "nowhere" does not exist']


async def test_a_statement_that_never_has_a_plan_lacks_none(ours: Target) -> None:
    found = await advised(ours, "LISTEN written", "COPY posts FROM STDIN")
    assert (found.explained, found.unexplained) == (0, ())


async def test_the_reason_is_one_sentence(ours: Target) -> None:
    text = "SELECT FROM posts WHERE author = $1"
    assert (await the_advice(ours, text)).reason == (
        f"{text} reads some 100,000 rows of posts each time, of which an index on author would leave some 10."
    )


async def test_the_dearest_are_planned_first_where_there_is_little_time(
    ours: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(100))
    monkeypatch.setattr(missing, "monotonic", lambda: next(clock))
    wanted = [asked(f"SELECT {number}", f"the {number}.", seconds=number) for number in range(1, 5)]
    found = await missing.missing_indexes(ours, wanted, await abilities(ours), planning_seconds=3)
    assert found.explained == 2
    assert found.coverage_percent == 70
    assert [(one.statement, one.why) for one in found.unexplained] == [("2 more", missing.NO_TIME)]
