"""Alerts through Apprise to a real HTTP server on this machine."""

import base64
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
import pytest

from db import alerts
from db.alerts import Change
from db.database import Database
from jobs import check_alerts, notify
from jobs.context import Context
from tests.jobs.conftest import Readings
from tests.stored import sql

pytestmark = pytest.mark.filterwarnings(
    "ignore:'imghdr' is deprecated"
)  # Apprise's e-mail plugin asks for it


class Receiver(ThreadingHTTPServer):
    """Takes messages, or answers with the status that a test sets."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = 200
        self.messages: list[dict[str, Any]] = []
        self.passwords: list[str] = []

    @property
    def url(self) -> str:
        return f"json://operator:hunter2@127.0.0.1:{self.server_port}/hook"


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.status == 200:
            self.server.messages.append(orjson.loads(body))
            scheme, _, word = self.headers["Authorization"].partition(" ")
            assert scheme == "Basic"
            self.server.passwords.append(base64.b64decode(word).decode())
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def listening(context: Context, receiver: Receiver) -> Context:
    """A process that sends its alerts to the receiver."""
    context.settings = context.settings.model_copy(update={"alert_urls": (receiver.url,)})
    return context


async def fire(db: Database, message: str = "Memory at 84 %") -> None:
    await alerts.state(db, "memory", "me")
    assert await alerts.change(db, Change("memory", "me", "ok", "firing", 84, 80, message))


async def resolve(db: Database) -> None:
    assert await alerts.change(db, Change("memory", "me", "firing", "ok", 70, 75, "Memory back at 70 %"))


async def last(db: Database) -> dict[str, Any]:
    ((row,),) = await sql(db, "SELECT to_jsonb(t) FROM alert_transitions AS t ORDER BY id DESC LIMIT 1")
    return dict(row)


async def test_one_message_when_it_fires_and_one_when_it_is_over(
    db: Database, listening: Context, receiver: Receiver, memory: Readings
) -> None:
    counts = []
    for memory.percent in (90, 90, 90, 85, 70, 70, 70):
        counts.append(await check_alerts.run(listening))
    assert counts == [0, 2, 0, 0, 0, 2, 0]
    titles = [message["title"] for message in receiver.messages]
    assert titles[0].startswith("Subpulse: Memory at 90 %")
    assert titles[1].startswith("Subpulse: Memory back at 70 %")
    assert "Memory at 90 %" in receiver.messages[0]["message"]
    assert listening.instance in receiver.messages[0]["message"]
    assert f"{datetime.now(UTC):%Y-}" in receiver.messages[0]["message"]
    assert receiver.passwords == ["operator:hunter2"] * 2


async def test_what_was_sent_is_marked_and_not_sent_again(
    db: Database, listening: Context, receiver: Receiver
) -> None:
    await fire(db)
    assert [await notify.send_unsent(listening) for _ in range(3)] == [1, 0, 0]
    row = await last(db)
    assert row["sent_at"] is not None
    assert (row["attempts"], row["send_error"]) == (1, None)


async def test_what_was_not_taken_is_not_marked_says_why_without_secrets_and_is_sent_again(
    db: Database, listening: Context, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    await fire(db)
    receiver.status = 500
    assert await notify.send_unsent(listening) == 0
    row = await last(db)
    assert (row["sent_at"], row["attempts"]) == (None, 1)
    assert row["send_error"] == "a service did not accept the message"
    receiver.status = 200
    await sql(db, "UPDATE alert_transitions SET at = at - interval '1 minute'")
    assert await notify.send_unsent(listening) == 1
    row = await last(db)
    assert row["sent_at"] is not None
    assert (row["attempts"], row["send_error"]) == (2, None)
    assert "hunter2" not in caplog.text


async def test_a_receiver_that_is_not_there_is_a_failed_attempt(
    db: Database, context: Context, receiver: Receiver
) -> None:
    context.settings = context.settings.model_copy(
        update={"alert_urls": ("json://operator:hunter2@127.0.0.1:9/hook",)}
    )
    await fire(db)
    assert await notify.send_unsent(context) == 0
    row = await last(db)
    assert row["sent_at"] is None
    assert "hunter2" not in str(row)


async def test_a_url_of_no_known_kind_is_said_without_showing_it(db: Database, context: Context) -> None:
    context.settings = context.settings.model_copy(update={"alert_urls": ("nonsense://hunter2",)})
    await fire(db)
    assert await notify.send_unsent(context) == 0
    row = await last(db)
    assert row["send_error"] == "1 of 1 ALERT_URLS are not URLs that Apprise knows"


async def test_one_that_took_it_does_not_get_it_again_for_the_sake_of_one_that_does_not(
    db: Database, listening: Context, receiver: Receiver
) -> None:
    urls = ("nonsense://x", "json://127.0.0.1:9/hook", receiver.url)
    listening.settings = listening.settings.model_copy(update={"alert_urls": urls})
    await fire(db)
    assert await notify.send_unsent(listening) == 1
    assert len(receiver.messages) == 1
    assert (await last(db))["sent_at"] is not None


async def test_a_receiver_that_hangs_is_given_up_and_tried_again(
    db: Database, listening: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    def hang(*_: object) -> None:
        gate.wait(10)

    monkeypatch.setattr(notify, "SEND_SECONDS", 0.01)
    monkeypatch.setattr(notify, "_send", hang)
    await fire(db)
    assert await notify.send_unsent(listening) == 0
    gate.set()
    assert (await last(db))["send_error"] == "no answer within 0.01 s"


async def test_attempts_end_and_lie_further_and_further_apart(
    db: Database, listening: Context, receiver: Receiver
) -> None:
    await fire(db)
    receiver.status = 500
    attempts = []
    for age in ("0 s", "19 s", "21 s", "79 s", "81 s", "5 min", "6 min", "20 min", "22 min", "50 min"):
        await sql(db, "UPDATE alert_transitions SET at = now() - %s::interval", age)
        await notify.send_unsent(listening)
        attempts.append((await last(db))["attempts"])
    assert attempts == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


async def test_news_of_long_ago_is_no_news(db: Database, listening: Context, receiver: Receiver) -> None:
    await fire(db)
    await sql(db, "UPDATE alert_transitions SET at = now() - interval '2 hours'")
    await resolve(db)
    assert await notify.send_unsent(listening) == 1
    assert [message["title"] for message in receiver.messages] == ["Subpulse: Memory back at 70 %"]


async def test_without_urls_nothing_is_sent_and_nothing_is_marked(db: Database, context: Context) -> None:
    await fire(db)
    assert await notify.send_unsent(context) == 0
    row = await last(db)
    assert (row["sent_at"], row["attempts"]) == (None, 0)


async def test_messages_of_one_rule_arrive_in_their_order(
    db: Database, listening: Context, receiver: Receiver
) -> None:
    await fire(db)
    await resolve(db)
    receiver.status = 500
    assert await notify.send_unsent(listening) == 0
    receiver.status = 200
    assert await notify.send_unsent(listening) == 0, "over must not be told before firing was"
    await sql(db, "UPDATE alert_transitions SET at = at - interval '1 minute'")
    assert [await notify.send_unsent(listening) for _ in range(3)] == [1, 1, 0]
    assert [message["title"] for message in receiver.messages] == [
        "Subpulse: Memory at 84 %",
        "Subpulse: Memory back at 70 %",
    ]
