"""Bodies: read piece by piece, unpacked, up to a limit; what breaks on its way is asked for again."""

import gzip
import json
import zlib

import httpx
import pytest

from collectors.body import LARGEST_BODY_BYTES
from collectors.outcome import NO_ANSWER, UNREADABLE, Alive, Unknown, tries
from collectors.wire import Answer, send
from tests.collectors.replies import Script, reply, t5
from tests.collectors.streams import Pieces

BODY = json.dumps(t5(description="bread " * 2000)).encode()
MIB = 2**20


async def answered(stream: Pieces, status: int = 200, **headers: str) -> Answer:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    response = httpx.Response(status, headers=named, stream=stream)
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _: response)) as http:
        return await send(http, http.build_request("GET", "http://api.test/"))


def why(answer: Answer) -> str:
    assert isinstance(answer.outcome, Unknown)
    return answer.outcome.reason


@pytest.mark.parametrize(
    ("packed", "encoding"),
    [
        (BODY, "identity"),
        (gzip.compress(BODY), "gzip"),
        (gzip.compress(BODY), "X-GZIP"),
        (zlib.compress(BODY), "deflate"),
    ],
)
async def test_a_body_is_put_together_from_its_pieces(packed: bytes, encoding: str) -> None:
    stream = Pieces(packed, size=7)
    answer = await answered(stream, content_encoding=encoding)
    assert answer.outcome == Alive(json.loads(BODY))
    assert stream.is_closed


async def test_of_a_body_that_is_too_large_no_more_than_the_limit_is_read() -> None:
    stream = Pieces(b" " * (LARGEST_BODY_BYTES + 8 * MIB), size=MIB)
    answer = await answered(stream)
    assert answer.outcome == Unknown("bad_body", "larger than 32 MiB")
    assert stream.read == LARGEST_BODY_BYTES + MIB
    assert stream.is_closed
    assert tries(answer.status) == 1, "it would be as large again"


async def test_it_is_the_unpacked_size_that_counts() -> None:
    bomb = gzip.compress(b" " * (200 * MIB), compresslevel=1)
    assert len(bomb) < MIB
    answer = await answered(Pieces(bomb, size=len(bomb)), content_encoding="gzip")
    assert answer.outcome == Unknown("bad_body", "larger than 32 MiB")


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(BODY)[:-30], "gzip"),
        (gzip.compress(BODY)[:5], "gzip"),
        (BODY, "gzip"),
        (b"\x1f\x8b" + BODY, "gzip"),
        (BODY, "br"),
        (BODY[:-1], ""),
        (b"", ""),
        (b"", "gzip"),
    ],
)
async def test_a_body_that_is_cut_or_wrongly_packed_is_unknown(body: bytes, encoding: str) -> None:
    answer = await answered(Pieces(body), content_encoding=encoding)
    assert why(answer) == "bad_body"
    assert answer.status == UNREADABLE


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (httpx.RemoteProtocolError("peer closed connection"), "network"),
        (httpx.ReadError("reset"), "network"),
        (httpx.ReadTimeout("slow"), "timeout"),
    ],
)
async def test_a_connection_that_breaks_in_the_middle_is_unknown(error: Exception, reason: str) -> None:
    stream = Pieces(BODY[:100], error=error)
    answer = await answered(stream)
    assert (answer.status, why(answer)) == (NO_ANSWER, reason)
    assert stream.is_closed


async def test_an_answer_in_drops_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collectors.wire.LONGEST_ANSWER_SECONDS", 0)
    assert why(await answered(Pieces(BODY))) == "timeout"


async def test_only_the_packing_that_we_can_bound_is_asked_for() -> None:
    script = Script([reply(value=t5())])
    await script.client().about("a_place")
    assert script.requests[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize("broken", [reply(200, ""), reply(200, '{"kind": "t5", "da'), reply(200, "<html>")])
async def test_a_broken_body_is_asked_for_once_more(broken: httpx.Response) -> None:
    script = Script([broken, reply(value=t5())])
    assert isinstance(await script.client().about("a_place"), Alive)
    assert len(script.requests) == tries(UNREADABLE) == 2


async def test_a_body_that_stays_broken_is_unknown() -> None:
    script = Script([reply(200, "")])
    outcome = await script.client().about("a_place")
    assert isinstance(outcome, Unknown)
    assert outcome.reason == "bad_body"
    assert len(script.requests) == 2
