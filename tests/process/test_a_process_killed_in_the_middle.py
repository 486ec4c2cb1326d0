"""SIGKILL in the middle of a scrape: the run is marked lost, its batch is done again, no row is there twice."""

from pathlib import Path

import psycopg

from db.embedded import EmbeddedServer
from tests.conftest import SCHEMA
from tests.process.conftest import Running, Start

LOST = """
    SELECT count(*) FROM job_runs AS lost WHERE outcome = 'lost' AND job = 'collect_posts' AND EXISTS (
        SELECT FROM job_runs AS again
        WHERE again.queue_id = lost.queue_id AND again.outcome = 'succeeded' AND again.id > lost.id)
"""


def is_scraping(running: Running) -> bool:
    """A batch of posts is being collected at this moment."""
    with psycopg.connect(url_of(running)) as connection:
        connection.execute(f"SET search_path = {SCHEMA}")
        found = connection.execute(
            "SELECT count(*) FROM job_runs WHERE job = 'collect_posts' AND outcome = 'running'"
        ).fetchone()
    return bool(found and found[0])


def url_of(running: Running) -> str:
    assert running.database_url is not None
    return running.database_url


def test_its_work_is_done_again_and_nothing_twice(start: Start, data_dir: Path) -> None:
    server = EmbeddedServer(data_dir)
    url = server.start()
    try:
        first = start(DATABASE_URL=url, SANDBOX_LATENCY_MS="400")
        first.until_healthy()
        first.until(is_scraping)
        first.kill()

        second = start(DATABASE_URL=url, SANDBOX_LATENCY_MS="20")
        second.until_healthy()

        def lost_batches_done_again(_: Running) -> bool:
            with psycopg.connect(url) as connection:
                connection.execute(f"SET search_path = {SCHEMA}")
                lost = connection.execute(LOST).fetchone()
                still = connection.execute(
                    "SELECT count(*) FROM job_runs WHERE outcome = 'running' AND instance NOT IN "
                    "(SELECT id FROM instances WHERE stopped_at IS NULL)"
                ).fetchone()
            return bool(lost and lost[0] and still and not still[0])

        second.until(lost_batches_done_again)
        with psycopg.connect(url) as connection:
            connection.execute(f"SET search_path = {SCHEMA}")
            rows, different = connection.execute(
                "SELECT count(*), count(DISTINCT id) FROM posts"
            ).fetchone() or (0, 1)
        assert rows == different > 0
        assert second.interrupt() == 0
    finally:
        server.stop()
