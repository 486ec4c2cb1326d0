import gzip

import httpx
import pytest

from api.assets import PLOTLY_JS

pytestmark = pytest.mark.usefixtures("services")
PATH = "/assets/plotly.min.js"


async def test_it_comes_compressed_and_may_be_kept_for_ever(http: httpx.AsyncClient) -> None:
    async with http.stream("GET", PATH, headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert {"immutable", "max-age=31536000", "public"} == set(answer.headers["cache-control"].split(", "))
    assert answer.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(raw) == PLOTLY_JS.read_bytes()
    assert len(raw) * 2 < PLOTLY_JS.stat().st_size


async def test_who_does_not_take_gzip_gets_it_as_it_is(http: httpx.AsyncClient) -> None:
    answer = await http.get(PATH, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in answer.headers
    assert answer.content == PLOTLY_JS.read_bytes()
