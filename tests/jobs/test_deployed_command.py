"""`python -m jobs deployed TEXT`, as an operator types it."""

import psycopg
from psycopg import sql

from db.deployments import running_version
from tests.conftest import SCHEMA
from tests.jobs.test_jobs_command_line import jobs, url  # noqa: F401


def test_what_went_out_is_kept_with_the_version(tmp_path: object, url: str) -> None:  # noqa: F811
    said = jobs(str(tmp_path), "deployed", "new index", DATABASE_URL=url)
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")
    with psycopg.connect(url) as connection:
        query = sql.SQL("SELECT version, what, instance FROM {}").format(
            sql.Identifier(SCHEMA, "deployments")
        )
        found = connection.execute(query).fetchall()
    assert found == [(running_version(), "new index", None)]


def test_no_words_are_one_line(tmp_path: object, url: str) -> None:  # noqa: F811
    said = jobs(str(tmp_path), "deployed", " ", DATABASE_URL=url)
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr.startswith("subpulse: say what went out, as in: python -m jobs deployed")
