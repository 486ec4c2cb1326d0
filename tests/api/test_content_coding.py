import gzip

import brotli
import httpx
import pytest

from api.responses.coding import (
    AS_IT_IS,
    ENCODERS,
    KEPT_LEVELS,
    SMALLEST_BYTES,
    encoded,
    negotiate,
    worth_coding,
    zstd,
)
from db.database import Database
from tests.factories import subreddit
from tests.stored import keep


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        (b"", None),
        (b"gzip, deflate, br, zstd", "zstd"),
        (b"gzip, deflate, br", "br"),
        (b"gzip", "gzip"),
        (b"x-gzip", "gzip"),
        (b"GZIP;Q=1", "gzip"),
        (b"zstd;q=0.2, br;q=0.9, gzip;q=0.9", "br"),
        (b"zstd;q=0, *;q=0.5", "br"),
        (b"*", "zstd"),
        (b"*;q=0", None),
        (b"identity", None),
        (b"br;q=0.1, identity;q=0.5", None),
        (b"gzip, identity", "gzip"),
        (b"identity;q=0", None),
        (b"deflate, compress", None),
        (b"gzip;q=nan, br;q=2, zstd;q=-1", None),
        (b";;,,q=1,=", None),
        (b"\xff\xfe", None),
    ],
)
def test_the_best_liked_coding_is_taken_and_ours_first_among_equals(
    accept: bytes, coding: str | None
) -> None:
    assert negotiate(accept).coding == coding


def test_small_bodies_and_compressed_ones_are_left_alone() -> None:
    any_coding = negotiate(b"zstd")
    assert worth_coding("application/json", SMALLEST_BYTES, any_coding)
    assert worth_coding("application/problem+json", SMALLEST_BYTES, any_coding)
    assert not worth_coding("application/json", SMALLEST_BYTES - 1, any_coding)
    assert not worth_coding("application/json", SMALLEST_BYTES, AS_IT_IS)
    for content_type in ("image/png", "application/zip", "font/woff2", "text/event-stream", ""):
        assert not worth_coding(content_type, 10**6, any_coding), content_type


def test_whoever_refuses_the_plain_body_gets_a_small_one_compressed_too() -> None:
    assert worth_coding("application/json", 2, negotiate(b"gzip, identity;q=0"))
    assert worth_coding("application/json", 2, negotiate(b"gzip, *;q=0"))


@pytest.mark.parametrize("coding", ENCODERS)
@pytest.mark.parametrize("size", [0, 2_000, 200_000])
async def test_what_is_compressed_is_the_same_again(coding: str, size: int) -> None:
    body = (b'{"name":"teapots"},' * (size // 19 + 1))[:size]
    found = await encoded(body, coding, KEPT_LEVELS)
    assert _plain(coding, found) == body


async def test_each_coding_is_the_same_page_in_a_fraction_of_the_bytes(
    http: httpx.AsyncClient, db: Database
) -> None:
    await keep(db, *(subreddit(id=f"t5_{n}", name=f"Tea{n:03}") for n in range(200)))
    plain = await asked(http, "identity")
    assert "content-encoding" not in plain.headers
    for coding in ENCODERS:
        for answer in (await asked(http, coding), await asked(http, coding)):
            assert answer.headers["content-encoding"] == coding
            assert answer.headers["vary"] == "Accept-Encoding"
            raw = await _raw(answer)
            assert len(raw) == int(answer.headers["content-length"]) < 0.25 * len(plain.content)
            assert _plain(coding, raw) == plain.content


async def test_a_small_answer_goes_out_as_it_is(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/subreddits", headers={"Accept-Encoding": "zstd, br, gzip"})
    assert "content-encoding" not in answer.headers
    assert answer.headers["vary"] == "Accept-Encoding"


async def asked(http: httpx.AsyncClient, accept: str) -> httpx.Response:
    request = http.build_request("GET", "/api/subreddits?limit=200", headers={"Accept-Encoding": accept})
    return await http.send(request, stream=accept != "identity")


async def _raw(answer: httpx.Response) -> bytes:
    return b"".join([piece async for piece in answer.aiter_raw()])


def _plain(coding: str, raw: bytes) -> bytes:
    unpack = {"zstd": zstd.decompress, "br": brotli.decompress, "gzip": gzip.decompress}[coding]
    return bytes(unpack(raw))
