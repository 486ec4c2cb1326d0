"""One database's report: all that is asked of it, one question after the other."""

from datetime import datetime

from db import report_costs, reports, samples
from db.advice.gathered import statements_asked
from db.advice.missing import missing_indexes
from db.database import Database
from db.diagnosis import bloat, findings, tables, workload
from db.diagnosis.abilities import abilities
from db.diagnosis.analyze import StaleTable, analyze_each
from db.diagnosis.findings import NotKnown
from db.diagnosis.target import Target
from db.reports import Counters, MissingIndex, Report

WATCHED_IS_NOT_WRITTEN_TO = "Subpulse writes to no database that it only watches"


async def gathered(kept: Database, target: Target, at: datetime) -> tuple[Report, Counters | None]:
    """The report on a database, and the counters that the next one compares with, where there are any.

    Statistics are made anew first, so that what is judged and advised rests on fresh ones.

    Args:
        kept: our own database.

    Raises:
        DatabaseDown: the target, or our own database, is away.
    """
    lacking = NotKnown()
    stale = await _stale(target, lacking)
    verdict = await findings.verdict(target, kept, await samples.machine_memory_bytes(kept))
    for unanswered in verdict.unanswered:
        lacking.known(unanswered)
    wasted = lacking.known(await bloat.bloat(target))
    counted = lacking.known(await workload.workload(target))
    others, counters = None, None
    if counted is not None:
        before = await reports.counters_before(kept, target.name, at)
        others, counters = report_costs.others_costs(counted, before, at)
    report = Report(
        target.name,
        at,
        own=await report_costs.own_costs(kept, at) if target.is_own else None,
        others=others,
        findings=tuple(verdict.findings),
        missing_indexes=await _missing_indexes(target),
        bloat=tuple(bloat.most(wasted)) if wasted is not None else (),
        stale=tuple(stale),
        unanswered=tuple(lacking.all),
    )
    return report, counters


async def _stale(target: Target, lacking: NotKnown) -> list[StaleTable]:
    upkeep = lacking.known(await tables.upkeep(target))
    found = tables.stale_statistics(upkeep or [])
    if target.is_own:
        return await analyze_each(target, found)
    return [
        StaleTable(one.table, tables.stale_finding(one).sentence, WATCHED_IS_NOT_WRITTEN_TO) for one in found
    ]


async def _missing_indexes(target: Target) -> tuple[MissingIndex, ...]:
    advised = await missing_indexes(target, await statements_asked(target), await abilities(target))
    return tuple(
        MissingIndex(
            table=one.table,
            columns=one.columns,
            reason=one.reason,
            sql=one.sql,
            undo_sql=one.undo_sql,
            size_bytes=one.size_bytes,
            seconds=one.total_seconds,
        )
        for one in advised.advice
    )
