import httpx
import pytest

from api.responses.etag import etag_of, matches
from api.services import Services
from db.database import Database
from tests.factories import subreddit
from tests.stored import keep

ETAG = b'"abc-zstd"'


@pytest.mark.parametrize(
    "if_none_match",
    [
        b'"abc-zstd"',
        b'W/"abc-zstd"',
        b'"x", "abc-zstd"',
        b'"x",W/"abc-zstd" , "y"',
        b"*",
        b" * ",
        b'"a,b", "abc-zstd"',
    ],
)
def test_it_is_had_already_when_a_tag_of_the_list_is_its_tag_weakly_compared(if_none_match: bytes) -> None:
    assert matches(if_none_match, ETAG)


@pytest.mark.parametrize(
    "if_none_match",
    [b"", b'"abc"', b"abc-zstd", b'"abc-zstd', b'"ABC-ZSTD"', b'"x\\"abc-zstd""', b'w/"x"', b"**"],
)
def test_anything_else_is_not(if_none_match: bytes) -> None:
    assert not matches(if_none_match, ETAG)


def test_a_tag_is_of_a_body_in_a_coding() -> None:
    tags = {etag_of(body, coding) for body in (b"", b"a", b"b") for coding in (None, "zstd", "br", "gzip")}
    assert len(tags) == 12
    assert not any(tag.startswith(b"W/") for tag in tags)


@pytest.fixture
async def page(db: Database) -> None:
    await keep(db, *(subreddit(id=f"t5_{n}", name=f"Tea{n:03}") for n in range(20)))


PATHS = [
    "/api/subreddits",
    "/api/subreddits/tea001",
    "/api/stats",
    "/api/sources",
    "/api/categorization",
    "/health",
]


@pytest.mark.usefixtures("page")
@pytest.mark.parametrize("path", PATHS)
async def test_who_has_it_already_gets_no_body_whether_it_is_kept_or_not(
    http: httpx.AsyncClient, path: str
) -> None:
    first = await http.get(path)
    for _ in range(2):
        again = await http.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert again.headers.get("cache-control") == first.headers.get("cache-control")
        assert again.headers["vary"] == "Accept-Encoding"
        assert not {"content-length", "content-type", "content-encoding"} & set(again.headers)


@pytest.mark.usefixtures("page")
async def test_each_coding_has_a_tag_of_its_own(http: httpx.AsyncClient) -> None:
    tags = {
        accept: (await http.get("/api/subreddits", headers={"Accept-Encoding": accept})).headers["etag"]
        for accept in ("identity", "gzip", "br", "zstd")
    }
    assert len(set(tags.values())) == 4
    other = await http.get(
        "/api/subreddits", headers={"Accept-Encoding": "br", "If-None-Match": tags["zstd"]}
    )
    assert other.status_code == 200


@pytest.mark.usefixtures("page")
async def test_after_a_write_the_tag_is_another_one(
    http: httpx.AsyncClient, services: Services, db: Database
) -> None:
    path = "/api/categorization"
    first = await http.get(path)
    await keep(db, subreddit(id="t5_new", name="Kettles"))
    services.cache.invalidate("subreddits")
    again = await http.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 200
    assert again.headers["etag"] != first.headers["etag"]


async def test_an_error_has_no_tag_and_is_never_not_modified(http: httpx.AsyncClient) -> None:
    for path in ("/api/subreddits?limit=0", "/api/subreddits/nobody"):
        answer = await http.get(path, headers={"If-None-Match": "*"})
        assert answer.status_code in (404, 422)
        assert "etag" not in answer.headers
