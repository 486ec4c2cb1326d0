"""`python -m collectors`: one record a line, and exit codes that scripts can trust."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from collectors.sandbox.pages import BLOCKED
from settings import ROOT


class Blocking(BaseHTTPRequestHandler):
    """Answers everything with a block page."""

    def do_POST(self) -> None:
        self.send_response(403)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(BLOCKED.encode())

    do_GET = do_POST

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def blocking_url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Blocking) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join(timeout=10)


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "collectors", *arguments],
        cwd=ROOT,
        env={**kept, "SANDBOX_ERROR_RATE": "0", "SANDBOX_LATENCY_MS": "0", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_about_prints_one_record_and_says_that_it_is_sandbox_data() -> None:
    done = run("reddit", "about", "r/sourdoughnook")
    assert done.returncode == 0
    assert json.loads(done.stdout)["name"] == "SourdoughNook"
    assert "sandbox" in done.stderr
    assert "SUBPULSE_SOURCE=reddit" in done.stderr


def test_a_refusal_is_one_line_and_exit_code_3() -> None:
    done = run("reddit", "about", "SandboxPrivate")
    assert (done.returncode, done.stdout) == (3, "refused (private): HTTP 403 private\n")


def test_info_names_what_is_missing() -> None:
    done = run("reddit", "info", "SourdoughNook,NoSuchPlace")
    record, missing = done.stdout.splitlines()
    assert json.loads(record)["name"] == "SourdoughNook"
    assert missing == "refused (missing): NoSuchPlace"
    assert done.returncode == 3


def test_listing_prints_page_after_page() -> None:
    done = run("reddit", "listing", "/r/SourdoughNook/new", "--pages", "2")
    assert done.returncode == 0
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert 200 <= len({record["id"] for record in records}) <= 202, "stickied posts come on top"


def test_posts_of_several_communities_come_in_one_listing() -> None:
    done = run("reddit", "posts", "SourdoughNook,r/AskSlowLivingBay", "--hours", "48")
    assert done.returncode == 0
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert {record["subreddit"] for record in records} == {"SourdoughNook", "AskSlowLivingBay"}


def test_rules_are_one_record() -> None:
    done = run("reddit", "rules", "SourdoughNook")
    assert done.returncode == 0
    assert json.loads(done.stdout)["rules"]


def test_what_the_source_does_not_have_is_wrong_usage() -> None:
    done = run("reddit", "history", "SourdoughNook")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("usage: sandbox knows no history\n")


def test_what_says_nothing_of_the_community_is_exit_code_4(blocking_url: str) -> None:
    credentials = {"REDDIT_CLIENT_ID": "x", "REDDIT_CLIENT_SECRET": "y"}
    urls = {"REDDIT_API_URL": blocking_url, "REDDIT_TOKEN_URL": f"{blocking_url}/token"}
    done = run("reddit", "about", "somewhere", SUBPULSE_SOURCE="reddit", **credentials, **urls)
    assert done.returncode == 4
    assert done.stdout.startswith("unknown (blocked): ")
    assert done.stderr == ""


@pytest.mark.parametrize("arguments", [(), ("reddit",), ("reddit", "dance"), ("reddit", "info", ",")])
def test_wrong_usage_is_exit_code_2(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage:" in done.stderr


def test_unusable_settings_are_one_line_and_exit_code_2() -> None:
    done = run("reddit", "about", "x1", SUBPULSE_SOURCE="reddit")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("settings: SUBPULSE_SOURCE=reddit needs REDDIT_CLIENT_ID")
    assert done.stderr.count("\n") == 1
