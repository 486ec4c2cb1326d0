"""How old an answer gets under fire: a minute of writes and reads in two processes, Redis restarted twice.

What happens is described in benchmarks/fire.py, and runs for ten seconds in the tests.
"""

from benchmarks.database import SCHEMA, bench_database
from benchmarks.figure import Goal, Reading
from benchmarks.fire import fire
from benchmarks.lab import Lab
from benchmarks.redis_server import RedisServer
from caching.hearing import MOST_STALE_SECONDS

SECONDS, QUICK_SECONDS = 60, 10


def run(lab: Lab) -> list[Reading]:
    folder = lab.folder / "redis"
    folder.mkdir(exist_ok=True)
    redis = RedisServer(folder, keeps=True)
    redis.start()
    try:
        with bench_database(lab) as bench:
            seconds = QUICK_SECONDS if lab.quick else SECONDS
            outcome = fire(bench.conninfo, SCHEMA, folder, redis, seconds)
    finally:
        redis.stop()
    counts = outcome.counts
    return [
        Reading("Answers older than 1 s after their write", outcome.too_old, "answers", Goal(0), counts),
        Reading("Torn answers", counts["torn"], "answers", Goal(0)),
        Reading("The oldest answer", outcome.oldest_seconds, "s", Goal(MOST_STALE_SECONDS)),
        Reading("Answers from memory or Redis", 100 * counts["hits"] / counts["reads"], "%"),
    ]
