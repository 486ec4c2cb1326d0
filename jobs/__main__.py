"""`python -m jobs list | run NAME | worker | import FILE… | deployed TEXT`: jobs without the dashboard."""

import argparse
import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from categorization.classify import Classifier
from categorization.taxonomy import TaxonomyError, load_taxonomy
from db import deployments, outage, runs
from db.database import Database
from db.errors import DatabaseError
from db.measure import QueryRecorder
from db.requests import RequestRecorder
from db.server import prepare, schema_of, server_of
from jobs import import_files
from jobs.job import Job
from jobs.runtime import Runtime, background, open_runtime, ticking
from jobs.schedule import jobs_of
from logs import configure_logs
from pulse import Pulse
from settings import Settings, SettingsError, load_settings

MIB = 2**20
FAILED = 1
USAGE = 2


def main() -> int:
    """The exit code: 0 done, 1 the run failed, 2 not usable as asked."""
    arguments = _parser().parse_args()
    try:
        settings = load_settings()
        configure_logs(settings.log_level if arguments.command == "worker" else "error")
        code: int = asyncio.run(arguments.act(settings, arguments))
        return code
    except (SettingsError, TaxonomyError, DatabaseError) as exc:
        print(f"subpulse: {exc}", file=sys.stderr)
        return USAGE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m jobs", description="Jobs without the dashboard.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="every job, and when it runs").set_defaults(act=show_list)
    one = commands.add_parser("run", help="run one job once, here and now")
    one.add_argument("name")
    one.set_defaults(act=run_once)
    commands.add_parser("worker", help="tick and work the queue off until stopped").set_defaults(act=work)
    files = commands.add_parser("import", help="bring in dumps: zst, gz, NDJSON, JSON array, CSV")
    files.add_argument("files", nargs="+", type=Path, metavar="FILE")
    files.add_argument(
        "--rejects", type=Path, metavar="FOLDER", help="where to keep lines that are no records"
    )
    files.add_argument("--profiles", action="store_true", help="bring in posts to people's profiles, too")
    files.add_argument("--again", action="store_true", help="begin anew, even when all of it is in")
    files.set_defaults(act=bring_in)
    deployed = commands.add_parser("deployed", help="note what went out: a line in every chart")
    deployed.add_argument("what", help="in a few words, such as 'new index on posts'")
    deployed.set_defaults(act=note_deployment)
    return parser


async def show_list(settings: Settings, _: argparse.Namespace) -> int:
    """Print every job; needs no database."""
    for job in jobs_of(settings).values():
        where = "shared" if job.shared else "each process"
        print(f"{job.name:22}every {_interval(job.every):8}{where:14}{job.summary}")
    return 0


async def run_once(settings: Settings, arguments: argparse.Namespace) -> int:
    """Run what is due of one job in this process, and print a line per run."""
    job = jobs_of(settings).get(arguments.name)
    if job is None:
        names = ", ".join(jobs_of(settings))
        print(f"subpulse: no job named {arguments.name!r}; there are {names}", file=sys.stderr)
        return USAGE
    async with _runtime(settings, "run") as runtime:
        batches = await runtime.queue.plan_here(job)
        if not batches:
            print(f"{job.name}: nothing is due")
        ended = [await _run(runtime, job, batch) for batch in batches]
    return 0 if all(ended) else FAILED


async def _run(runtime: Runtime, job: Job, batch: dict[str, object]) -> bool:
    try:
        record = await runtime.recorder.record(job, runtime.context, batch)
    except Exception as exc:  # noqa: BLE001 - a job's border: its failure is the answer
        print(f"{job.name}: failed: {type(exc).__name__}: {exc}")
        return False
    print(f"{job.name}: {_in_words(record.how, record.memory_before)}")
    return True


def _in_words(how: runs.Finish, before: int) -> str:
    items = "" if how.items is None else f", {how.items:,} items"
    return (
        f"{how.outcome} in {how.wall_seconds:.2f} s ({how.cpu_seconds:.2f} s CPU){items}, memory "
        f"{before / MIB:.0f} MiB before, {how.memory_peak / MIB:.0f} peak, {how.memory_after / MIB:.0f} after"
    )


async def work(settings: Settings, _: argparse.Namespace) -> int:
    """Take part in the work until SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with _runtime(settings, "worker") as runtime, ticking(runtime):
        print(f"worker {runtime.context.instance} at work (Ctrl-C stops it)", file=sys.stderr)
        await stopped.wait()
    return 0


async def bring_in(settings: Settings, arguments: argparse.Namespace) -> int:
    """Import dumps, one after another.

    Raises:
        SettingsError: they would stand among the sandbox's made-up communities.
    """
    if settings.source == "sandbox":
        raise SettingsError(
            "an import is real data, which is kept apart from the sandbox's; set SUBPULSE_SOURCE=arctic_shift (needs "
            "no account) or reddit, for this command and for make run"
        )
    missing = [file for file in arguments.files if not file.is_file()]
    if missing:
        print(f"subpulse: not a file: {', '.join(map(str, missing))}", file=sys.stderr)
        return USAGE
    folder = arguments.rejects or settings.data_dir / "imports"
    options = import_files.Options(folder, arguments.profiles, arguments.again)
    async with _runtime(settings, "run") as runtime:
        return await import_files.run(runtime, arguments.files, options)


async def note_deployment(settings: Settings, arguments: argparse.Namespace) -> int:
    """Note that something went out, now."""
    async with _database(settings) as db:
        try:
            await deployments.add(db, arguments.what, deployments.running_version())
        except ValueError as exc:
            print(f"subpulse: {exc}", file=sys.stderr)
            return USAGE
    return 0


@asynccontextmanager
async def _runtime(settings: Settings, role: str) -> AsyncIterator[Runtime]:
    """Jobs on an open database."""
    classifier, requests = Classifier(load_taxonomy()), RequestRecorder()
    worker_settings = settings.model_copy(update={"self_probe_seconds": 0.0})  # it serves no API
    async with (
        _database(settings) as db,
        open_runtime(worker_settings, db, classifier, requests, Pulse(), role) as runtime,
    ):
        yield runtime


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Database]:
    """An open database, watched; the embedded server is joined, or started and stopped again."""
    server, schema = server_of(settings), schema_of(settings)
    await asyncio.to_thread(prepare, server, schema)
    db = Database(server.conninfo, schema, QueryRecorder(settings.slow_query_ms), settings.database_pool_size)
    try:
        await db.open()
        async with background(outage.watch(db, server.revive)):
            yield db
    finally:
        await db.close()
        await asyncio.to_thread(server.stop)


def _interval(every: timedelta) -> str:
    seconds = int(every.total_seconds())
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds % length == 0:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


if __name__ == "__main__":
    sys.exit(main())
