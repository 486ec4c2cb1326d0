"""Ten thousand recorded answers, broken at random, through the real client: no crash, each one classified.

Three thousand more go through the client of Arctic Shift, in its shape.
"""

import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
import pytest

from collectors.arctic_shift import ArcticShiftClient
from collectors.budget import RateLimit
from collectors.outcome import Alive, Refused, Unknown
from collectors.reddit import RedditClient
from collectors.wire import open_http
from tests.collectors.conftest import Recording
from tests.collectors.faults import Chance, Raw, raw_of
from tests.collectors.replies import APP, TOKEN

SEED = 3
SINCE = datetime(2015, 1, 1, tzinfo=UTC)
Client = RedditClient | ArcticShiftClient


class Unlimited:
    """A budget that always has room, whatever it is told."""

    async def take(self) -> float:
        return 0.0

    async def report(self, rate: RateLimit) -> None:
        assert rate.remaining >= 0
        assert 1 <= rate.reset_seconds <= 600


@dataclass
class Broken:
    """Answers each request with a drawn answer; a token mostly comes whole."""

    chance: Chance
    served: int = 0
    statuses: Counter[int] = field(default_factory=Counter)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and self.chance.random.random() < 0.9:
            return httpx.Response(200, json=TOKEN)
        self.served += 1
        raw = self.chance.draw()
        self.statuses[raw.status] += 1
        return raw.response()


async def no_sleep(_: float) -> None:
    """Pass the time at once."""


def reddit(http: httpx.AsyncClient) -> Client:
    # Time flies, so that refused credentials and tokens do not hold for long.
    seconds = iter(range(0, 10**9, 50_000))
    return RedditClient(http, APP, Unlimited(), sleep=no_sleep, clock=lambda: next(seconds))


def arctic_shift(http: httpx.AsyncClient) -> Client:
    return ArcticShiftClient(http, Unlimited(), url="http://archive.test", user_agent="x", sleep=no_sleep)


def as_rows(raw: Raw) -> Raw:
    """The same things in Arctic Shift's shape."""
    rows = [child["data"] for child in _children(raw) if isinstance(child, dict) and "data" in child]
    return Raw(raw.status, raw.headers, orjson.dumps({"data": rows})) if rows else raw


def _children(raw: Raw) -> list[Any]:
    try:
        value = orjson.loads(raw.body)
    except orjson.JSONDecodeError:
        return []
    data = value.get("data") if isinstance(value, dict) else None
    return data.get("children", []) if isinstance(data, dict) else []


async def every_question(client: Client) -> AsyncIterator[tuple[str, Any]]:
    """All that a CommunitySource is asked, and its outcomes one by one."""
    yield "about", await client.about("pics")
    yield "metadata", await client.metadata(["t5_2qh0u", "t5_2qh33"])
    yield "metadata_by_name", await client.metadata_by_name(["pics", "funny"])
    yield "posts", await client.posts(["t3_1afwvv8", "t3_2f4i98"])
    yield "details", await client.details("pics")
    for names in (["pics"], ["pics", "funny"]):
        async for page in client.new_posts(names, SINCE):
            yield f"new_posts of {len(names)}", page
    async for page in client.discover(["tea"]):
        yield "discover", page
    if isinstance(client, ArcticShiftClient):
        yield "subscriber_history", await client.subscriber_history("pics", SINCE)


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)


@pytest.mark.parametrize(
    ("open_client", "shape", "answers"),
    [(reddit, lambda raw: raw, 10_000), (arctic_shift, as_rows, 3_000)],
    ids=["reddit", "arctic_shift"],
)
async def test_every_broken_answer_is_classified(
    recordings: list[Recording],
    capsys: pytest.CaptureFixture[str],
    open_client: Callable[[httpx.AsyncClient], Client],
    shape: Callable[[Raw], Raw],
    answers: int,
) -> None:
    chance = Chance([shape(raw_of(one)) for one in recordings], random.Random(SEED))
    broken = Broken(chance)
    words: Counter[str] = Counter()
    async with open_http(httpx.MockTransport(broken)) as http:
        client = open_client(http)
        while broken.served < answers:
            async for question, outcome in every_question(client):
                assert isinstance(outcome, Alive | Refused | Unknown), question
                if isinstance(outcome, Alive):
                    words["alive"] += 1
                    told = orjson.loads(orjson.dumps(outcome.value, default=str))  # fails on half surrogates
                    assert not any("\x00" in text for text in texts(told)), question
                else:
                    words[f"{type(outcome).__name__.lower()}:{outcome.reason}"] += 1
                    assert str(outcome).isprintable()
    with capsys.disabled():
        print(f"\n{broken.served:,} answers, {len(broken.statuses)} statuses, {words.total():,} outcomes:")
        print("  ", ", ".join(f"{word} {count:,}" for word, count in words.most_common()))
    tally = client.tally
    assert words.total() == tally["alive"] + tally["refused"] + tally["unknown"]
    assert {"alive", "unknown:bad_body", "unknown:network", "unknown:timeout"} <= set(words)
    assert words["alive"] > words.total() / 20, "else nothing was tried but refusals"
