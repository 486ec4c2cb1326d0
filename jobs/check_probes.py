"""Ask the operator's other services what is due, and keep how each stands."""

import asyncio
import time
from collections.abc import Awaitable, Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog

from collectors.probe import Answer, Question, ask
from db import probe_tests, probes
from db.probe_definition import Definition, statuses
from db.probes import Check, Probe
from jobs.context import Context
from jobs.probe_states import standing_after

log = structlog.get_logger()

EVERY = probes.TICK
AT_ONCE = 20
NEW_ONES_FOR = EVERY / 2  # a run takes no more work after so long
UP, DOWN = 200, 599  # the statuses under which checks are counted, whatever was answered


async def run(context: Context) -> int:
    """How many probes were checked or tried out; more than are asked at once wait for these."""
    until = time.monotonic() + NEW_ONES_FOR.total_seconds()
    done = await _all(_answer(context, *test) for test in await probe_tests.take(context.db))
    while claimed := await probes.claim(context.db, AT_ONCE):
        done += await _all(check(context, probe) for probe in claimed)
        if time.monotonic() > until:
            break  # the next run has begun, or will; this one must not go on for ever where all hang
    await probes.forget_old(context.db)
    return done


async def _all(work: Iterable[Awaitable[object]]) -> int:
    """Let all come to their end, also where one of them fails; how many there were."""
    ended = await asyncio.gather(*work, return_exceptions=True)
    for one in ended:
        if isinstance(one, BaseException):
            raise one
    return len(ended)


async def check(context: Context, probe: Probe) -> bool:
    """Check one probe; False when it was changed meanwhile, so that what was found tells nothing."""
    wanted, answer = probe.definition, await _ask(probe.definition)
    ok = answer.reason is None
    after = standing_after(probe.standing, ok, answer.at, wanted.down_after, wanted.up_after)
    if not await probes.store(context.db, probe, Check(**asdict(answer)), after):
        return False
    context.requests.add(probes.label(probe.id), "PROBE", UP if ok else DOWN, answer.seconds)
    if after.state != probe.standing.state:
        log.info("probe changed", probe=probe.id, state=after.state, why=answer.reason)
    return True


async def _answer(context: Context, test: UUID, definition: Definition) -> None:
    """Try out what somebody wants to know now; nothing of it is kept."""
    answer = await _ask(definition)
    ends_at = answer.tls_ends_at
    found: dict[str, Any] = {
        "seconds": answer.seconds,
        "status": answer.status,
        "reason": answer.reason,
        "tls_ends_at": ends_at.isoformat() if ends_at else None,
    }
    await probe_tests.answer(context.db, test, found)


async def _ask(wanted: Definition) -> Answer:
    question = Question(
        wanted.url, wanted.method, wanted.headers, wanted.body, statuses(wanted.expected_status),
        wanted.contains, wanted.lacks, wanted.timeout_seconds, wanted.follow_redirects, wanted.tls_fail_days,
    )  # fmt: skip
    try:
        return await ask(question)
    except Exception as exc:  # noqa: BLE001 - one probe's border: no service may keep the others from being checked
        log.error("probe not understood", why=type(exc).__name__)
        return Answer(datetime.now(UTC), 0.0, reason=f"it could not be asked: {type(exc).__name__}")
