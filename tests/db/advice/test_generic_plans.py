import pytest

from db.advice.scans import indexes_used
from db.diagnosis.target import Target
from db.generic_plans import NotExplained, as_numbered, generic_plan
from tests.stored import sql


@pytest.mark.parametrize(
    ("text", "numbered"),
    [
        ("SELECT %(b)s, %(a)s, %(b)s", "SELECT $1, $2, $1"),
        ("SELECT %s, %s", "SELECT $1, $2"),
        ("SELECT 5 %% %(a)s", "SELECT 5 % $1"),
        ("SELECT a % b FROM t WHERE c = $1", "SELECT a % b FROM t WHERE c = $1"),
        ("-- up to %(many)s\nSELECT %(a)s", "SELECT $1"),
        ("SELECT a FROM t LIMIT %(limit)s", "SELECT a FROM t LIMIT 100"),
        ("SELECT a FROM t LIMIT $1 OFFSET $2", "SELECT a FROM t LIMIT 100 OFFSET $1"),
        ("SELECT a, $1 FROM t LIMIT $1", "SELECT a, $1 FROM t LIMIT $1"),
        ("SELECT now() - interval $1", "SELECT now() - $1::interval"),
        (
            "SELECT a FROM t WHERE b = ? AND c = %(c)s LIMIT ?",
            "SELECT a FROM t WHERE b = $1 AND c = $2 LIMIT 100",
        ),
        ("SELECT a FROM t WHERE b IN (?, ...)", "SELECT a FROM t WHERE b IN ($1)"),
        ("SELECT a FROM t WHERE b ? 'c'", "SELECT a FROM t WHERE b ? 'c'"),
    ],
)
def test_psycopgs_placeholders_become_postgresqls(text: str, numbered: str) -> None:
    assert as_numbered(text) == numbered


async def test_a_plan_is_the_same_for_all_parameters(any_ours: Target) -> None:
    async with any_ours.db.connection() as connection:
        plan = await generic_plan(connection, "SELECT FROM posts WHERE id = %(id)s AND score > %(score)s")
        (prepared,) = await (
            await connection.execute("SELECT count(*) FROM pg_prepared_statements WHERE name ~ 'explained'")
        ).fetchall()
    assert indexes_used(plan) == {"posts_pkey"}
    assert plan[0]["Plan"]["Filter"] == "(posts.score > $2)"
    assert prepared == (0,)


async def test_what_is_taken_from_now_is_an_interval(ours: Target) -> None:
    async with ours.db.connection() as connection:
        plan = await generic_plan(connection, "SELECT FROM posts WHERE created_at > now() - %(since)s")
    assert "now() - $1" in str(plan)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1; DROP TABLE posts",
        "SELECT 1; COMMIT; DROP TABLE posts",
        "DELETE FROM posts; SELECT $1",
        "SELECT 1) ; DROP TABLE posts; --",
    ],
)
async def test_a_second_statement_is_refused(ours: Target, text: str) -> None:
    async with ours.db.connection() as connection:
        with pytest.raises(NotExplained, match=r"multiple commands|syntax error"):
            await generic_plan(connection, text)
    assert await sql(ours.db, "SELECT count(*) FROM posts") == [(100_000,)]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("VACUUM posts", "explains only"),
        ("SELECT FROM nowhere", 'relation "nowhere" does not exist'),
        ("SELECT FROM WHERE", "syntax error"),
    ],
)
async def test_what_cannot_be_explained_says_why(ours: Target, text: str, why: str) -> None:
    async with ours.db.connection() as connection, connection.transaction():
        with pytest.raises(NotExplained, match=why):
            await generic_plan(connection, text)
        await connection.execute("SELECT 1")  # the transaction goes on


async def test_explaining_runs_nothing(ours: Target) -> None:
    async with ours.db.connection() as connection:
        await generic_plan(connection, "DELETE FROM posts WHERE score > %(score)s")
    assert await sql(ours.db, "SELECT count(*) FROM posts") == [(100_000,)]
