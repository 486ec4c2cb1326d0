"""Probes from end to end: real servers on this machine, the real PostgreSQL, states, figures, alerts."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db import alerts, probe_tests, probes
from db.database import Database
from db.errors import DatabaseDown
from db.probe_definition import Definition
from jobs import check_alerts, check_probes
from jobs.context import Context
from jobs.probe_alerts import check_probe_alerts, duration
from jobs.runtime import Runtime
from tests.collectors.services import Request, Service, always, answer, serving
from tests.stored import sql, transitions


async def add(db: Database, service: Service, **options: Any) -> int:
    definition = Definition("Shop", service.url("/health?token=s3cret"), headers={"X-Key": "s3cret"})
    found = await probes.add(db, replace(definition, **options))
    assert found is not None
    return found


async def tick(context: Context, times: int = 1) -> list[int]:
    """As if the next check were due; how many were checked each time."""
    done = []
    for _ in range(times):
        await sql(context.db, "UPDATE probes SET next_due_at = now() WHERE NOT paused")
        done.append(await check_probes.run(context))
    return done


async def row(db: Database) -> dict[str, Any]:
    (found,) = await probes.all_of_them(db)
    return found


class Shop:
    """Answers with the statuses that a test lists, the last one for ever."""

    def __init__(self, *statuses: str) -> None:
        self.statuses = list(statuses)

    async def __call__(self, _: Request) -> bytes:
        return answer(status=self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0])


WELL, ILL = "200 OK", "503 Service Unavailable"


async def test_without_probes_nothing_is_asked(context: Context) -> None:
    assert await check_probes.run(context) == 0
    assert context.requests.drain().count == 0


async def test_a_probe_goes_down_after_two_failures_and_up_again(db: Database, context: Context) -> None:
    async with serving(Shop(WELL, ILL, ILL, WELL)) as service:
        probe_id = await add(db, service)
        seen = []
        for _ in range(4):
            await tick(context)
            found = await row(db)
            seen.append((found["state"], found["status"], found["reason"]))
    why = "answered 503 Service Unavailable"
    assert seen == [("up", 200, None), ("up", 503, why), ("down", 503, why), ("up", 200, None)]
    (outage,) = await probes.outages(
        db, probe_id, datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC) + timedelta(hours=1)
    )
    assert outage["reasons"] == [why]
    assert outage["began_at"] < outage["ended_at"] == (await row(db))["since"]


async def test_each_check_is_counted_under_a_label_that_survives_a_new_name(
    db: Database, context: Context
) -> None:
    async with serving(Shop(WELL, ILL, WELL)) as service:
        probe_id = await add(db, service)
        await tick(context, 2)
        assert await probes.change(db, probe_id, Definition("Store", service.url()))
        await tick(context)
    context.requests.drain()
    label = f"probe {probe_id}"
    counted = {key: found.count for key, found in context.requests.totals.items()}
    assert counted == {(label, "PROBE", 2): 2, (label, "PROBE", 5): 1}


async def test_what_hangs_holds_up_only_itself(db: Database, context: Context) -> None:
    async with serving(always(None)) as hung, serving(always(answer())) as well:
        await add(db, hung, name="Hung", timeout_seconds=0.5)
        for n in range(10):
            await add(db, well, name=f"Well {n}", timeout_seconds=0.5)
        began = asyncio.get_running_loop().time()
        assert await tick(context) == [11]
        assert asyncio.get_running_loop().time() - began < 1.5
    reasons = {found["name"]: found["reason"] for found in await probes.all_of_them(db)}
    assert reasons.pop("Hung") == "connected, but no answer within 0.5 s"
    assert set(reasons.values()) == {None}


async def test_a_run_ends_also_where_all_hang_and_are_due_again(
    db: Database, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_probes, "NEW_ONES_FOR", timedelta(seconds=0.2))

    async def due_again(_: Request) -> bytes:
        await sql(db, "UPDATE probes SET next_due_at = now() - interval '1 hour'")
        await asyncio.sleep(0.1)
        return answer()

    async with serving(due_again) as service:
        await add(db, service, every_seconds=10)
        (done,) = await tick(context)
    assert 2 <= done <= 3


async def test_two_processes_never_check_one_probe_twice(db: Database, context: Context) -> None:
    async with serving(always(answer())) as service:
        for n in range(30):
            await add(db, service, name=f"Shop {n}")
        done = await asyncio.gather(*(check_probes.run(context) for _ in range(3)))
    assert sum(done) == len(service.asked) == 30


async def test_what_is_paused_while_it_is_checked_is_not_counted(db: Database, context: Context) -> None:
    async def pause(_: Request) -> bytes:
        await probes.pause(db, probe_id)
        return answer()

    async with serving(pause) as service:
        probe_id = await add(db, service)
        await tick(context)
    assert ((await row(db))["state"], context.requests.drain().count) == ("unknown", 0)


async def test_a_check_that_cannot_be_understood_keeps_no_other_from_being_checked(
    db: Database, context: Context, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(question: Any) -> Any:
        raise RuntimeError(f"what of {question.headers}")

    monkeypatch.setattr(check_probes, "ask", broken)
    async with serving(always(answer())) as service:
        await add(db, service)
        assert await tick(context) == [1]
    assert (await row(db))["reason"] == "it could not be asked: RuntimeError"
    assert "s3cret" not in caplog.text


async def test_the_database_going_away_fails_the_run_and_counts_nothing(
    db: Database, context: Context
) -> None:
    async def leave(_: Request) -> bytes:
        db.down_reason = "connection refused"
        return answer()

    async with serving(leave) as service:
        await add(db, service)
        with pytest.raises(DatabaseDown):
            await tick(context)
    db.down_reason = None
    assert context.requests.drain().count == 0


async def test_trying_out_answers_and_keeps_nothing(db: Database, context: Context) -> None:
    async with serving(Shop(ILL)) as service:
        test = await probe_tests.ask(db, Definition("New", service.url(), contains="x"))
        assert await check_probes.run(context) == 1
    found = await probe_tests.answer_of(db, test, 0)
    assert found is not None
    assert (found["status"], found["reason"]) == (503, "answered 503 Service Unavailable")
    assert (found["tls_ends_at"], found["seconds"] > 0) == (None, True)
    assert context.requests.drain().count == 0
    assert await probes.all_of_them(db) == []


async def test_the_job_is_on_the_list_and_runs_through_the_queue(runtime: Runtime) -> None:
    job = runtime.jobs["check_probes"]
    assert job.shared
    assert await runtime.queue.start(job) == 1


async def messages(db: Database) -> Sequence[tuple[str, str]]:
    return [(found["rule"], found["message"]) for found in reversed(await transitions(db))]


async def test_one_message_when_it_goes_down_and_one_when_it_is_back(db: Database, context: Context) -> None:
    async with serving(Shop(WELL, ILL, ILL, ILL, WELL)) as service:
        probe_id = await add(db, service)
        changed = []
        for _ in range(6):
            await tick(context)
            changed.append(await check_alerts.run(context))
    assert changed == [0, 0, 1, 0, 1, 0]
    (down_rule, down), (back_rule, back) = await messages(db)
    assert down_rule == back_rule == f"probe {probe_id}"
    host = f"127.0.0.1:{service.port}"
    assert down.startswith(f"Shop ({host}) is down since {datetime.now(UTC):%Y-}")
    assert down.endswith("UTC: answered 503 Service Unavailable")
    assert back.startswith(f"Shop ({host}) is up again after ")
    assert "s3cret" not in down + back


async def go_down(db: Database, context: Context) -> int:
    async with serving(Shop(ILL)) as service:
        probe_id = await add(db, service, down_after=1)
        await tick(context)
    assert await check_probe_alerts(context) == 1
    return probe_id


async def test_two_processes_tell_of_it_once(db: Database, context: Context) -> None:
    async with serving(Shop(ILL)) as service:
        await add(db, service, down_after=1)
        await tick(context)
    assert sum(await asyncio.gather(*(check_probe_alerts(context) for _ in range(3)))) == 1


async def test_pausing_and_deleting_end_the_alert_and_say_so(db: Database, context: Context) -> None:
    probe_id = await go_down(db, context)
    await probes.pause(db, probe_id)
    assert await check_probe_alerts(context) == 1
    assert " is paused after " in (await messages(db))[-1][1]
    await probes.remove(db, probe_id)
    assert await check_probe_alerts(context) == 0
    await probes.remove(db, await go_down(db, context))
    assert await check_probe_alerts(context) == 1
    assert (await messages(db))[-1][1] == "The probe was deleted"
    assert await alerts.firing(db) == []


async def test_a_certificate_that_ends_soon_is_told_once_and_over_with_a_new_one(
    db: Database, context: Context
) -> None:
    async with serving(always(answer())) as service:
        probe_id = await add(db, service)
    counts = []
    for days in (15, 13.5, 13, 0.5, -1, 90):
        await sql(db, "UPDATE probes SET tls_ends_at = now() + %s * interval '1 day'", days)
        counts.append(await check_probe_alerts(context))
    assert counts == [0, 1, 0, 0, 0, 1]
    (rule, soon), (_, over) = await messages(db)
    assert rule == f"probe tls {probe_id}"
    assert "has a certificate that ends soon: in 13 days, on " in soon
    assert "has a certificate that ends on " in over


async def test_a_paused_probe_does_not_tell_of_its_certificate(db: Database, context: Context) -> None:
    async with serving(always(answer())) as service:
        probe_id = await add(db, service)
    await sql(db, "UPDATE probes SET tls_ends_at = now() + interval '3 days'")
    assert await check_probe_alerts(context) == 1
    await probes.pause(db, probe_id)
    assert await check_probe_alerts(context) == 1
    await probes.resume(db, probe_id)
    assert await check_probe_alerts(context) == 1
    assert await probes.change(db, probe_id, Definition("Shop", "http://other.example.org"))
    assert await check_probe_alerts(context) == 1
    assert (await messages(db))[-1][1].endswith("has no certificate that we know of any more")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (42.4, "42 s"), (200, "3 min 20 s"), (7500, "2 h 5 min"), (90_061, "1 d 1 h")],
)
def test_an_outages_length_has_two_units_at_most(seconds: float, words: str) -> None:
    assert duration(seconds) == words
