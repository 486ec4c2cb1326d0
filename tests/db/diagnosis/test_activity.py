import dataclasses
from datetime import UTC

import pytest

from db.attribution import asked_by
from db.diagnosis.activity import (
    Activity,
    Backend,
    activity,
    connections,
    idle_in_transaction,
    judged,
    long_statements,
    long_transactions,
)
from db.diagnosis.target import Target
from tests.db.diagnosis.others import another
from tests.waiting import until_found


async def the_other(target: Target) -> Backend:
    found = await activity(target)
    assert isinstance(found, Activity)
    return next(one for one in found.backends if one.application == "reports")


async def test_whoever_has_a_transaction_open_is_seen_with_what_it_did(theirs: Target) -> None:
    async with another(theirs) as other:
        await other.execute("SELECT 'a ''secret'''")
        seen = await the_other(theirs)
        assert seen.pid == other.info.backend_pid
    assert (seen.state, seen.role) == ("idle in transaction", "postgres")
    assert (seen.text, seen.client, seen.asker, seen.is_ours) == ("SELECT 'a ''secret'''", None, None, False)
    assert seen.transaction_since is not None
    assert seen.transaction_since.tzinfo is not None
    assert seen.transaction_since.utcoffset() == UTC.utcoffset(None)
    assert 0 <= (seen.transaction_seconds or -1) < 60
    assert seen.name == f"process {seen.pid} of postgres (reports)"


async def test_our_own_connections_are_labelled_with_whom_they_work_for(ours: Target) -> None:
    with asked_by("job prune"):
        async with ours.db.transaction() as session:
            await session.value("diagnosis_activity.hidden")
            found = await activity(ours)
    assert isinstance(found, Activity)
    assert [(one.asker, one.is_ours) for one in found.backends] == [("job prune", True)]
    assert found.backends[0].name.endswith("of postgres (subpulse, job prune)")
    assert ours.db.askers() == {}


async def test_whoever_copies_takes_the_time_it_takes(theirs: Target) -> None:
    async with another(theirs) as other:
        await other.execute("CREATE TABLE sales (id int)")
        async with other.cursor() as cursor, cursor.copy("COPY sales FROM STDIN") as copy:
            await copy.write("1\n")

            async def is_seen() -> bool:
                return (await the_other(theirs)).reports_progress

            await until_found(is_seen)


async def test_connections_are_counted_by_state_and_application(theirs: Target) -> None:
    async with another(theirs) as one, another(theirs) as two, another(theirs):
        await one.execute("SELECT 1")
        await two.execute("SELECT 1")
        found = await connections(theirs)
        name = one.info.dbname
    assert isinstance(found, list)
    counted = {(each.state, each.application): each.count for each in found if each.database == name}
    assert counted[("idle in transaction", "reports")] == 2
    assert counted[("idle", "reports")] == 1
    assert counted[("active", "subpulse")] == 1


async def test_nothing_is_said_of_a_transaction_that_has_just_begun(theirs: Target) -> None:
    async with another(theirs) as other:
        await other.execute("SELECT 1")
        found = await activity(theirs)
    assert isinstance(found, Activity)
    assert found.backends
    assert not found.hidden
    assert judged(found) == []


@pytest.mark.parametrize(
    ("changed", "severity", "title"),
    [
        ({"state_seconds": 59.0, "transaction_seconds": 59.0}, None, None),
        ({"state_seconds": 61.0, "transaction_seconds": 61.0}, "watch", "Idle in a transaction"),
        ({"state_seconds": 601.0, "transaction_seconds": 4000.0}, "bad", "Idle in a transaction"),
        ({"state": "active", "statement_seconds": 61.0}, "watch", "A long statement"),
        ({"state": "active", "statement_seconds": 3601.0}, "bad", "A long statement"),
        ({"state": "idle", "statement_seconds": 3601.0, "transaction_seconds": None}, None, None),
        ({"state": "active", "transaction_seconds": 301.0}, "watch", "A long transaction"),
        ({"state": "active", "transaction_seconds": 3601.0}, "bad", "A long transaction"),
        ({"state": "active", "statement_seconds": 3500.0, "reports_progress": True}, None, None),
        ({"state": "active", "transaction_seconds": 3500.0, "reports_progress": True}, None, None),
        (
            {"state": "active", "transaction_seconds": 3601.0, "reports_progress": True},
            "bad",
            "A long transaction",
        ),
        ({"state": None, "state_seconds": None, "transaction_seconds": None}, None, None),
    ],
)
async def test_each_is_told_of_once_by_the_worst_of_it(
    ours: Target, changed: dict[str, object], severity: str | None, title: str | None
) -> None:
    async with another(ours) as other:
        await other.execute("SELECT 1")
        seen = dataclasses.replace(await the_other(ours), **changed)  # type: ignore[arg-type]
    findings = judged(Activity([seen], 0))
    assert [(one.severity, one.title) for one in findings] == ([(severity, title)] if title else [])
    for one in findings:
        assert f"process {seen.pid} of postgres (reports)" in one.sentence
        assert str(seen.pid) in (one.remedy_sql or "")


async def test_the_longest_come_first(ours: Target) -> None:
    async with another(ours) as other:
        await other.execute("SELECT 1")
        seen = await the_other(ours)
    both = [
        dataclasses.replace(seen, pid=pid, transaction_seconds=s, state_seconds=s, statement_seconds=s)
        for pid, s in ((1, 400.0), (2, 500.0))
    ]
    assert [one.pid for one in long_transactions(both)] == [2, 1]
    assert [one.pid for one in idle_in_transaction(both)] == [2, 1]
    assert long_statements(both) == []
    assert [one.pid for one in long_statements(dataclasses.replace(one, state="active") for one in both)] == [
        2,
        1,
    ]
