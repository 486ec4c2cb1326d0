"""Probes on the real PostgreSQL: who checks what, what is kept, and what an edit or a pause does to it."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from db import probe_tests, probes
from db.database import Database
from db.probe_definition import Definition
from db.probes import Check, Probe, Standing
from tests.stored import sql

SHOP = Definition("Shop", "https://shop.example.org/", headers={"X-Key": "s3cret"}, every_seconds=60)


async def new(db: Database, definition: Definition = SHOP) -> int:
    found = await probes.add(db, definition)
    assert found is not None
    return found


async def claim_one(db: Database) -> Probe:
    await sql(db, "UPDATE probes SET next_due_at = now(), leased_until = NULL")
    (probe,) = await probes.claim(db, 5)
    return probe


def now() -> datetime:
    return datetime.now(UTC)


def failed(reason: str = "answered 503") -> Check:
    return Check(now(), 0.1, 503, reason)


async def down(db: Database) -> None:
    """Let the only probe go down."""
    assert await probes.store(db, await claim_one(db), failed(), Standing("down", now()))


async def test_a_new_probe_is_due_at_once_and_whole(db: Database) -> None:
    probe_id = await new(db)
    (probe,) = await probes.claim(db, 5)
    assert (probe.id, probe.definition, probe.standing.state) == (probe_id, SHOP, "unknown")
    assert await probes.claim(db, 5) == [], "it is leased"


async def test_names_are_taken_once(db: Database) -> None:
    first = await new(db)
    second = await new(db, replace(SHOP, name="Blog"))
    assert await probes.add(db, SHOP) is None
    assert not await probes.change(db, second, SHOP)
    assert await probes.change(db, first, replace(SHOP, method="HEAD"))
    assert (await probes.one(db, first) or {})["method"] == "HEAD"
    assert not await probes.change(db, 99, replace(SHOP, name="Nobody"))


async def test_no_probe_is_claimed_twice_however_many_ask(db: Database) -> None:
    for n in range(30):
        await new(db, replace(SHOP, name=f"Shop {n}"))
    claims = await asyncio.gather(*(probes.claim(db, 5) for _ in range(12)))
    ids = [probe.id for claim in claims for probe in claim]
    assert len(ids) == len(set(ids)) == 30


async def test_the_beat_is_kept_and_what_fell_behind_does_not_hurry(db: Database) -> None:
    await new(db)
    await sql(db, "UPDATE probes SET next_due_at = now() - interval '3 s'")
    await probes.claim(db, 1)
    ((wait,),) = await sql(db, "SELECT extract(epoch FROM next_due_at - now())::float FROM probes")
    assert wait == pytest.approx(57, abs=1)
    await sql(db, "UPDATE probes SET next_due_at = now() - interval '1 hour', leased_until = NULL")
    await probes.claim(db, 1)
    ((wait,),) = await sql(db, "SELECT extract(epoch FROM next_due_at - now())::float FROM probes")
    assert wait == pytest.approx(55, abs=1)


async def test_a_lease_that_ran_out_can_be_claimed_and_its_late_answer_tells_nothing(db: Database) -> None:
    await new(db)
    (late,) = await probes.claim(db, 1)
    await sql(db, "UPDATE probes SET leased_until = now() - interval '1 s', next_due_at = now()")
    (again,) = await probes.claim(db, 1)
    assert not await probes.store(db, late, failed(), Standing("down", now()))
    assert await probes.store(db, again, Check(now(), 0.2, 200), Standing("up", now()))


async def test_a_state_in_doubt_is_looked_at_again_soon(db: Database) -> None:
    await new(db)
    probe = await claim_one(db)
    assert await probes.store(db, probe, failed(), Standing("unknown", now(), 1, now()))
    ((wait,),) = await sql(db, "SELECT extract(epoch FROM next_due_at - now())::float FROM probes")
    assert wait == pytest.approx(10, abs=1)
    assert await probes.claim(db, 1) == [], "but not at once"


async def test_an_outage_has_a_begin_an_end_and_its_reasons(db: Database) -> None:
    probe_id = await new(db)
    began = now() - timedelta(minutes=3)
    assert await probes.store(db, await claim_one(db), failed("a"), Standing("down", began))
    for reason in ("b", "a", *(f"c{n}" for n in range(20))):
        assert await probes.store(db, await claim_one(db), failed(reason), Standing("down", began))
    since, until = now() - timedelta(hours=1), now() + timedelta(seconds=1)
    (lasting,) = await probes.outages(db, probe_id, since, until)
    assert (lasting["began_at"], lasting["ended_at"]) == (began, None)
    assert lasting["reasons"] == ["a", "b", *(f"c{n}" for n in range(8))]
    ended = now()
    assert await probes.store(db, await claim_one(db), Check(now(), 0.1, 200), Standing("up", ended))
    (over,) = await probes.outages(db, probe_id, since, until)
    assert over["ended_at"] == ended
    assert await probes.outages(db, probe_id, ended, until) == [], "it touches the range no more"
    assert await probes.outages(db, probe_id, since, began) == []
    (row,) = await probes.all_of_them(db)
    assert (row["outage_began_at"], row["outage_ended_at"]) == (began, ended)


async def test_pausing_ends_an_outage_and_nothing_is_due_until_it_is_resumed(db: Database) -> None:
    probe_id = await new(db)
    await down(db)
    probe = await claim_one(db)
    await probes.pause(db, probe_id)
    assert not await probes.store(db, probe, failed(), Standing("down", now())), "it was paused meanwhile"
    ((ended, state),) = await sql(
        db, "SELECT ended_at IS NOT NULL, state FROM probe_outages JOIN probes ON probes.id = probe_id"
    )
    assert (ended, state) == (True, "unknown")
    assert await probes.claim(db, 5) == []
    await probes.resume(db, probe_id)
    assert len(await probes.claim(db, 5)) == 1


async def test_an_edit_makes_the_check_on_its_way_tell_nothing_and_forgets_another_ones_certificate(
    db: Database,
) -> None:
    probe_id = await new(db)
    ends_at = now() + timedelta(days=9)
    assert await probes.store(
        db, await claim_one(db), Check(now(), 0.1, 200, None, ends_at), Standing("up", now())
    )
    assert await probes.change(db, probe_id, replace(SHOP, timeout_seconds=3))
    assert (await probes.one(db, probe_id) or {})["tls_ends_at"] == ends_at
    probe = await claim_one(db)
    assert await probes.change(db, probe_id, replace(SHOP, url="https://blog.example.org"))
    assert (await probes.one(db, probe_id) or {})["tls_ends_at"] is None
    assert not await probes.store(db, probe, failed(), Standing("down", now()))


async def test_deleting_takes_the_outages_along(db: Database) -> None:
    probe_id = await new(db)
    await down(db)
    assert await probes.remove(db, probe_id)
    assert not await probes.remove(db, probe_id)
    assert await sql(db, "SELECT count(*) FROM probe_outages") == [(0,)]


async def test_outages_are_forgotten_with_the_latency_of_their_time(db: Database) -> None:
    await new(db)
    await down(db)
    assert await probes.forget_old(db) == 0, "one that lasts is never old"
    await sql(db, "UPDATE probe_outages SET began_at = '2020-01-01', ended_at = '2020-01-02'")
    assert await probes.forget_old(db) == 1


async def test_what_is_down_comes_first_and_what_is_paused_last(db: Database) -> None:
    ids = [await new(db, replace(SHOP, name=name)) for name in ("a", "B", "c")]
    await probes.pause(db, ids[0])
    await sql(db, "UPDATE probes SET state = 'down' WHERE id = %s", ids[2])
    assert [row["name"] for row in await probes.all_of_them(db)] == ["c", "B", "a"]


async def test_a_test_is_answered_once_and_its_secrets_are_forgotten(db: Database) -> None:
    test = await probe_tests.ask(db, SHOP)
    assert await probe_tests.answer_of(db, test, 0) is None
    taken = await asyncio.gather(*(probe_tests.take(db) for _ in range(3)))
    assert [one for some in taken for one in some] == [(test, SHOP)]
    await probe_tests.answer(db, test, {"reason": None})
    ((question,),) = await sql(db, "SELECT question::text FROM probe_tests")
    assert question == "{}"
    assert await probe_tests.answer_of(db, test, 0) == {"reason": None}
    assert await probe_tests.answer_of(db, test, 0) is None


async def test_nobody_tries_out_what_nobody_waits_for(db: Database) -> None:
    await probe_tests.ask(db, SHOP)
    await sql(db, "UPDATE probe_tests SET asked_at = now() - interval '3 minutes'")
    assert await probe_tests.take(db) == []
    assert await sql(db, "SELECT count(*) FROM probe_tests") == [(0,)]
