"""`python -m jobs import`: several dumps one after another, each recorded as a run, with progress and a summary."""

import asyncio
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psycopg

from collectors.dumps.errors import Stopped
from collectors.dumps.opened import Dump, open_dump
from collectors.errors import CollectorError
from db.errors import DatabaseError, one_line
from jobs.context import Context
from jobs.importing import Imported, import_dump
from jobs.job import Job
from jobs.progress import ProgressBar
from jobs.runtime import Runtime

ALL_IN, A_FILE_FAILED, INTERRUPTED = 0, 1, 130
MOST_REASONS = 5


@dataclass(frozen=True, slots=True)
class Options:
    """How files are brought in."""

    rejects: Path
    """folder of the reject files"""
    profiles: bool = False
    again: bool = False


async def run(runtime: Runtime, files: Sequence[Path], options: Options) -> int:
    """The exit code: a file that fails does not keep the next from being tried; Ctrl-C keeps all."""
    code = ALL_IN
    for file in files:
        try:
            done = await _one(runtime, file, options)
            print(summary(file.name, done), flush=True)
            if done.progress.rejected and not done.progress.stored:
                print(f"subpulse: {file.name}: nothing in it is a post or a community", file=sys.stderr)
                code = A_FILE_FAILED
        except Stopped:
            print(f"{file.name}: stopped; the same command goes on where this ended", file=sys.stderr)
            return INTERRUPTED
        except (CollectorError, DatabaseError, psycopg.Error, OSError) as exc:
            print(f"subpulse: {_in_a_line(file.name, exc)}", file=sys.stderr)
            code = A_FILE_FAILED
    return code


async def _one(runtime: Runtime, file: Path, options: Options) -> Imported:
    """Import one file as a recorded run; raises what the import raises."""
    done: list[Imported] = []

    async def import_it(context: Context, file: str) -> int:
        dump = open_dump(Path(file))
        with ProgressBar(dump.path.name, dump.size_bytes) as bar, _stopped_by_signals(dump):
            imported = await import_dump(
                context.db, dump, options.rejects, bar.show, profiles=options.profiles, again=options.again
            )
        done.append(imported)
        return imported.stored

    job = Job("import", "bring in a dump", timedelta(0), import_it)
    await runtime.recorder.record(job, runtime.context, {"file": str(file)})
    return done[0]


@contextmanager
def _stopped_by_signals(dump: Dump) -> Iterator[None]:
    """The first Ctrl-C lets what was read be stored, and no more; a second one ends everything at once."""
    loop, numbers = asyncio.get_running_loop(), (signal.SIGINT, signal.SIGTERM)

    def stop() -> None:
        dump.stop()
        for number in numbers:
            loop.remove_signal_handler(number)

    for number in numbers:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def summary(name: str, done: Imported) -> str:
    """What came of one file, in one line."""
    progress = done.progress
    if done.already:
        assert progress.finished_at is not None
        return (
            f"{name}: already in since {progress.finished_at:%Y-%m-%d %H:%M} UTC "
            f"({progress.stored:,} records); --again brings it in anew"
        )
    rejected = sum(progress.rejected.values())
    parts = [
        f"{progress.lines:,} lines",
        f"{progress.stored:,} stored ({progress.new:,} new)",
        f"{rejected:,} rejected{_by_reason(progress.rejected)}",
    ]
    if progress.left_out:
        parts.append(f"{sum(progress.left_out.values()):,} left out{_by_reason(progress.left_out)}")
    rate = done.stored / done.seconds if done.seconds else 0.0
    kept = f"; rejects in {done.rejects}" if rejected else ""
    return f"{name}: {', '.join(parts)}, {done.seconds:.1f} s, {rate:,.0f} rows/s{kept}"


def _by_reason(counts: Mapping[str, int]) -> str:
    if not counts:
        return ""
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    named = [f"{count:,} {reason}" for reason, count in most[:MOST_REASONS]]
    others = sum(count for _, count in most[MOST_REASONS:])
    return f" ({', '.join(named)}{f', {others:,} for other reasons' if others else ''})"


def _in_a_line(name: str, exc: Exception) -> str:
    said = one_line(exc)
    return said if said.startswith(name) else f"{name}: {said}"
