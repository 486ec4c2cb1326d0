from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from db import alerts, latency, measure, runs, series, slow_queries, statement_times
from db.database import Database
from db.errors import DatabaseDown
from jobs import flush_telemetry, probe_self, prune, sample_process
from jobs.context import Context
from pulse import Part
from tests.stored import sql

MINUTE = timedelta(minutes=1)


def lately() -> tuple[datetime, datetime]:
    return datetime.now(UTC) - MINUTE, datetime.now(UTC) + MINUTE


async def calls(db: Database) -> dict[str, int]:
    """How often each statement ran in the last minute, as far as it was stored."""
    found = await statement_times.by_statement(db, *lately())
    return {one.statement: one.totals.calls for one in found}


async def test_requests_and_statements_are_flushed_once(db: Database, context: Context) -> None:
    for _ in range(3):
        context.requests.add("/api/stats", "GET", 200, 0.1)
    db.recorder.drain()
    await runs.is_paused(db, "prune")
    assert await flush_telemetry.run(context) >= 4
    since = datetime.now(UTC) - MINUTE
    (route,) = await latency.by_route(db, since, datetime.now(UTC) + MINUTE)
    assert (route.route, route.count) == ("/api/stats", 3)
    assert (await calls(db))["runs.is_paused"] == 1
    await flush_telemetry.run(context)
    (route,) = await latency.by_route(db, since, datetime.now(UTC) + MINUTE)
    assert route.count == 3


async def test_slow_statements_are_flushed_with_their_plan(db: Database, context: Context) -> None:
    db.recorder.slow_seconds = 0.02
    await sql(db, "SELECT pg_sleep(%s)", 0.03)
    db.recorder.slow_seconds = 100
    await flush_telemetry.run(context)
    (slow,) = await slow_queries.newest(db, *lately())
    opened = await slow_queries.one(db, slow.at, slow.id)
    assert opened is not None
    assert opened.plan
    assert opened.text == "SELECT pg_sleep(%s)"
    assert slow.seconds >= 0.03


async def test_ten_thousand_slow_statements_are_counted_and_one_is_kept(
    db: Database, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    db.recorder.drain()
    for number in range(10_000):
        db.recorder.add("SELECT pg_sleep(%s)", 0.2 + number / 1e6, 1, (0.2,))
    for number in range(300):
        db.recorder.add(f"SELECT pg_sleep(%s) AS column_{number}", 0.2, 1, (0.2,))
    monkeypatch.setattr(flush_telemetry, "PLANNING_SECONDS", 0)
    await flush_telemetry.run(context)
    assert (await calls(db))["SELECT pg_sleep(%s)"] == 10_000
    kept = await slow_queries.newest(db, *lately(), limit=1000)
    assert len(kept) == measure.SLOW_KEPT, "beyond, the newest"
    opened = await slow_queries.one(db, kept[0].at, kept[0].id)
    assert opened is not None
    assert opened.plan_missing == slow_queries.TOO_MANY


async def test_requests_outlive_an_outage(
    db: Database, context: Context, going_away: Callable[[bool], None]
) -> None:
    context.requests.add("/api/stats", "GET", 200, 0.1)
    going_away(True)
    for _ in range(2):
        with pytest.raises(DatabaseDown):
            await flush_telemetry.run(context)
        context.requests.add("/api/stats", "GET", 503, 0.1)
    going_away(False)
    await flush_telemetry.run(context)
    (route,) = await latency.by_route(db, datetime.now(UTC) - MINUTE, datetime.now(UTC) + MINUTE)
    assert (route.count, route.server_errors) == (3, 2)


async def test_statements_and_slow_ones_outlive_an_outage_in_the_middle(
    db: Database, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    db.recorder.slow_seconds = 0
    await runs.is_paused(db, "prune")
    db.recorder.slow_seconds = 100

    async def fail(*_: object, **__: object) -> None:
        raise DatabaseDown

    for module in (statement_times, slow_queries):
        with monkeypatch.context() as patch:
            patch.setattr(module, "add", fail)
            with pytest.raises(DatabaseDown):
                await flush_telemetry.run(context)
    await flush_telemetry.run(context)
    assert (await calls(db))["runs.is_paused"] == 1
    slow = await slow_queries.newest(db, *lately())
    assert [one.statement for one in slow].count("runs.is_paused") == 1


async def test_a_sample_holds_the_processs_figures_and_those_of_the_pulse(
    db: Database, context: Context
) -> None:
    context.pulse.publish(lambda: Part(series={"p95": 12.5, "hit_rate": None}))
    context.pulse.tick()
    await sql(db, "UPDATE instances SET seen_at = now() - interval '1 hour'")
    await sample_process.run(context)
    ((rows,),) = await sql(db, "SELECT readings FROM samples_live")
    assert {"heap", "python_blocks", "pg_connections", "pg_size", "queue_waiting"} <= set(rows)
    assert rows["p95"] == 12.5
    assert "hit_rate" not in rows, "nothing was looked up, which is not a rate of 0"
    assert await sql(db, "SELECT seen_at > now() - interval '1 minute' FROM instances") == [(True,)]


async def test_without_a_pulse_the_process_is_sampled_all_the_same(db: Database, context: Context) -> None:
    assert await sample_process.run(context) > 20
    ((rows,),) = await sql(db, "SELECT readings FROM samples_live")
    assert {"rss", "threads", "open_files", "system_memory", "pool_in_use"} <= set(rows)
    assert rows["rss"] > 2**20
    assert set(rows) <= set(series.SERIES), "each series is in the catalogue"


async def test_the_caches_rates_are_sampled_where_there_is_one(db: Database, context: Context) -> None:
    context.cache_rates = lambda: {"stats": {"hits": 2.5, "bytes": 700.0}}
    await sample_process.run(context)
    ((rows,),) = await sql(db, "SELECT readings FROM samples_live")
    assert (rows["cache_stats_hits"], rows["cache_stats_bytes"]) == (2.5, 700)


OLD = {
    "source_answers": "INSERT INTO source_answers VALUES "
    "(now() - interval '31 days', 'reddit', 'me', 'alive', '', 1, now()), "
    "(now() - interval '29 days', 'reddit', 'me', 'alive', '', 1, now())",
    "alert_transitions": "INSERT INTO alert_transitions "
    "(rule, instance, state, at, value, threshold, message) VALUES "
    "('memory', 'me', 'ok', now() - interval '366 days', 1, 1, ''), "
    "('memory', 'me', 'ok', now() - interval '364 days', 1, 1, '')",
    "job_runs": "INSERT INTO job_runs (job, instance, outcome, started_at) SELECT 'prune', 'me', outcome, "
    "now() - age FROM (VALUES ('failed', interval '15 days'), ('missed', '15 days'), ('failed', '13 days')) "
    "AS t (outcome, age)",
}


async def test_what_is_too_old_is_forgotten_and_the_rest_is_kept(
    db: Database, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prune, "RUNS_AT_ONCE", 1)
    async with db.connection() as connection:
        for statement in OLD.values():
            await connection.execute(statement)  # type: ignore[arg-type]
    assert await prune.run(context) == 4
    async with db.connection() as connection:
        for table in OLD:
            cursor = await connection.execute(f"SELECT count(*) FROM {table}")  # type: ignore[arg-type] # noqa: S608
            assert await cursor.fetchone() == (1,), table
    assert await prune.run(context) == 0


async def test_alert_states_of_forgotten_processes_are_forgotten(db: Database, context: Context) -> None:
    for instance in (context.instance, "forgotten", ""):
        await alerts.state(db, "memory", instance)
    assert await prune.run(context) == 1
    left = {instance for (instance,) in await sql(db, "SELECT instance FROM alert_states")}
    assert left == {context.instance, ""}


async def test_a_run_that_lasts_is_not_forgotten(db: Database, context: Context) -> None:
    await runs.start(db, "prune", "me", datetime.now(UTC) - timedelta(days=30), 1, {}, None)
    assert await prune.run(context) == 0


async def test_finished_entries_of_the_queue_are_forgotten_after_two_days(
    db: Database, context: Context
) -> None:
    await sql(
        db,
        "INSERT INTO procrastinate_jobs (queue_name, task_name, status) "
        "SELECT 'default', 'x', s::procrastinate_job_status "
        "FROM unnest(ARRAY['failed', 'todo', 'doing', 'failed']) AS s",
    )
    await sql(db, "DELETE FROM procrastinate_events")
    await sql(
        db,
        "INSERT INTO procrastinate_events (job_id, type, at) SELECT id, 'deferred', now() - interval '3 days' "
        "FROM procrastinate_jobs",
    )
    await sql(
        db,
        "UPDATE procrastinate_events SET at = now() WHERE job_id = (SELECT max(job_id) FROM procrastinate_events)",
    )
    assert await prune.run(context) == 1
    left = await sql(db, "SELECT status::text FROM procrastinate_jobs ORDER BY id")
    assert left == [("todo",), ("doing",), ("failed",)]


async def test_the_probe_asks_as_a_client_would(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(503)

    client = httpx.AsyncClient
    monkeypatch.setattr(
        httpx, "AsyncClient", lambda **options: client(transport=httpx.MockTransport(answer), **options)
    )
    assert await probe_self.run(context) == len(probe_self.PATHS)
    assert [request.url.path for request in asked] == list(probe_self.PATHS)
    assert {str(request.url.copy_with(path="/")) for request in asked} == {"http://127.0.0.1:8501/"}
    context.settings = context.settings.model_copy(update={"bind_address": "0.0.0.0", "port": 9})
    await probe_self.run(context)
    assert (asked[-1].url.host, asked[-1].url.port) == ("127.0.0.1", 9)
    context.settings = context.settings.model_copy(update={"bind_address": "::1"})
    await probe_self.run(context)
    assert asked[-1].url.host == "::1"
