"""One question to a real server on this machine: what is well, and in which words it is not."""

import asyncio
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors import probe
from collectors.probe import LARGEST_BODY_BYTES, Answer, Question, ask
from tests.collectors.services import Authority, Request, always, answer, packed, serving


async def asked_of(reply: bytes | None, path: str = "/", **options: Any) -> Answer:
    async with serving(always(reply)) as service:
        return await ask(Question(service.url(path), **options))


async def test_what_answers_as_expected_has_no_reason() -> None:
    found = await asked_of(answer(), contains="well", lacks="error")
    assert (found.reason, found.status, found.tls_ends_at) == (None, 200, None)
    assert 0 < found.seconds < 2
    assert abs(found.at - datetime.now(UTC)) < timedelta(seconds=5)


async def test_method_headers_and_body_go_out_as_written() -> None:
    async with serving(always(answer())) as service:
        question = Question(
            service.url("/a?b=c"), "POST", {"X-Key": "s3cret", "User-Agent": "mine"}, '{"é": 1}'
        )
        assert (await ask(question)).reason is None
    (request,) = service.asked
    assert (request.method, request.path, request.body) == ("POST", "/a?b=c", '{"é": 1}'.encode())
    assert (request.headers["x-key"], request.headers["user-agent"]) == ("s3cret", "mine")
    assert "s3cret" not in repr(question)


@pytest.mark.parametrize(
    ("status", "expected", "reason"),
    [
        ("204 No Content", ((200, 299),), None),
        ("401 Unauthorized", ((200, 299), (401, 401)), None),
        ("503 Service Unavailable", ((200, 299),), "answered 503 Service Unavailable"),
        ("299 Fine", ((200, 200),), "answered 299"),
    ],
)
async def test_a_status_is_expected_or_named(status: str, expected: Any, reason: str | None) -> None:
    body = "" if status.startswith("204") else "all is well"
    assert (await asked_of(answer(body, status=status), expected=expected)).reason == reason


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"contains": "välkommen"}, None),
        ({"contains": "goodbye"}, "the answer does not contain “goodbye”"),
        ({"lacks": "väl"}, "the answer contains “väl”"),
        ({"contains": "x" * 100}, f"the answer does not contain “{'x' * 60}…”"),
    ],
)
async def test_the_text_is_looked_for_in_what_was_unpacked(options: Any, reason: str | None) -> None:
    assert (await asked_of(packed("välkommen"), **options)).reason == reason


async def test_a_text_is_read_in_the_encoding_that_it_names() -> None:
    latin = answer("grüß dich".encode("latin-1"), Content_Type="text/plain; charset=iso-8859-1")
    assert (await asked_of(latin, contains="grüß")).reason is None


async def test_of_a_huge_body_only_a_bounded_part_is_read() -> None:
    huge = answer(b"x" * (LARGEST_BODY_BYTES + 1))
    assert (await asked_of(huge)).reason is None
    assert (await asked_of(huge, lacks="y")).reason == (
        "the answer cannot be searched: it is larger than 1 MiB"
    )


async def test_a_body_that_never_ends_is_left_after_its_bound() -> None:
    endless = answer(b"x" * 2 * LARGEST_BODY_BYTES, Content_Length=str(2**40))
    async with serving(always(endless), holds=True) as service:
        assert (await ask(Question(service.url(), timeout_seconds=5))).reason is None


async def test_a_packing_bomb_takes_no_more_memory_than_the_bound() -> None:
    found = await asked_of(packed("\0" * 50 * 2**20), contains="x")
    assert found.reason == "the answer cannot be searched: it is larger than 1 MiB"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (None, "connected, but no answer within 0.2 s"),
        (answer("half", Content_Length="100"), "does not speak HTTP as it should"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "does not speak HTTP as it should"),
        (b"", "does not speak HTTP as it should: Server disconnected without sending a response"),
    ],
)
async def test_a_server_that_hangs_or_talks_nonsense_is_told_apart(reply: bytes | None, reason: str) -> None:
    found = await asked_of(reply, timeout_seconds=0.2)
    assert found.reason is not None
    assert reason in found.reason


async def test_an_answer_that_does_not_end_in_time_is_down() -> None:
    async with serving(always(answer("half", Content_Length="100")), holds=True) as service:
        found = await ask(Question(service.url(), timeout_seconds=0.2))
    assert found.reason == "the answer did not end within 0.2 s"
    assert found.status == 200
    assert 0.2 <= found.seconds < 0.5


async def test_a_closed_port_says_that_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and not listening
        port = taken.getsockname()[1]
        found = await ask(Question(f"http://127.0.0.1:{port}/"))
    assert found.reason == f"nobody listens at 127.0.0.1:{port} (connection refused)"
    assert found.status is None


async def test_a_name_that_does_not_resolve_says_so() -> None:
    found = await ask(Question("https://shop.invalid/health?token=s3cret"))
    assert found.reason == "the name of shop.invalid does not resolve"


@pytest.mark.parametrize("host", ["a..b", "x" * 70 + ".example.org", "xn--0.example.org"])
async def test_a_name_that_can_be_none_is_a_reason_and_no_crash(host: str) -> None:
    assert (await ask(Question(f"http://{host}/", timeout_seconds=2))).reason


async def test_redirects_are_followed_or_named() -> None:
    async def reply(request: Request) -> bytes:
        return answer("there") if request.path == "/there" else answer("", "302 Found", Location="/there")

    async with serving(reply) as service:
        assert (await ask(Question(service.url(), contains="there"))).reason is None
        found = await ask(Question(service.url(), follow_redirects=False))
        assert found.reason == f"answered 302 Found, to 127.0.0.1:{service.port}, which is not followed"
        assert (
            await ask(Question(service.url(), follow_redirects=False, expected=((302, 302),)))
        ).reason is None


async def test_a_circle_of_redirects_ends() -> None:
    async with serving(always(answer("", "301 Moved", Location="/"))) as service:
        found = await ask(Question(service.url()))
        assert found.reason == f"more than 10 redirects, the last to 127.0.0.1:{service.port}"
    assert len(service.asked) == 11


@pytest.mark.parametrize("location", ["ftp://example.org/", "http://[", "javascript:alert(1)", "http://:1/"])
async def test_a_redirect_to_what_is_no_address_is_a_reason(location: str) -> None:
    assert (await asked_of(answer("", "302 Found", Location=location), timeout_seconds=2)).reason


async def test_secrets_do_not_follow_a_redirect_to_somebody_else() -> None:
    secret = {"X-Api-Key": "s3cret", "Authorization": "Bearer s3cret", "Cookie": "id=s3cret"}
    async with serving(always(answer())) as other:
        there = answer("", "302 Found", Location=other.url("/there"), Set_Cookie="id=theirs")
        async with serving(always(there)) as service:
            assert (await ask(Question(service.url(), headers=secret))).reason is None
    assert service.asked[0].headers["x-api-key"] == "s3cret"
    assert "s3cret" not in str(other.asked[0].headers)
    back = answer("", "302 Found", Location="/there")
    async with serving(always(back)) as service:
        await ask(Question(service.url(), headers=secret))
    assert service.asked[1].headers["x-api-key"] == "s3cret", "the same one may know"


async def test_cookies_of_one_question_are_not_told_with_the_next() -> None:
    async with serving(always(answer(Set_Cookie="id=1"))) as service:
        for _ in range(2):
            await ask(Question(service.url()))
    assert all("cookie" not in request.headers for request in service.asked)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[Authority]:
    """An authority that probes trust, as an operator's own would be."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    probe.tls_context.cache_clear()
    yield authority
    probe.tls_context.cache_clear()


def in_days(days: float) -> str:
    return f"{datetime.now(UTC) + timedelta(days=days):%Y%m%d%H%M%SZ}"


async def test_a_certificate_says_when_it_ends(trusted: Authority) -> None:
    async with serving(always(answer()), trusted.context(in_days(10))) as service:
        found = await ask(Question(service.url(), tls_fail_days=9))
        assert found.reason is None
        assert found.tls_ends_at is not None
        assert abs(found.tls_ends_at - datetime.now(UTC) - timedelta(days=10)) < timedelta(minutes=1)
        soon = await ask(Question(service.url(), tls_fail_days=11))
    assert soon.reason == f"its certificate ends on {found.tls_ends_at:%Y-%m-%d}, in less than 11 days"


@pytest.mark.parametrize(
    ("ends", "name", "reason"),
    [
        ("20210101000000Z", "localhost", "certificate has expired"),
        (in_days(10), "else.example.org", "Hostname mismatch, certificate is not valid for 'localhost'"),
    ],
)
async def test_a_certificate_that_is_not_valid_says_why(
    trusted: Authority, ends: str, name: str, reason: str
) -> None:
    async with serving(always(answer()), trusted.context(ends, name)) as service:
        found = await ask(Question(service.url()))
    assert found.reason == f"the certificate of localhost:{service.port} is not valid: {reason}"
    assert service.asked == []


async def test_a_certificate_of_nobody_we_trust_is_not_valid(tmp_path: Path) -> None:
    stranger = Authority.make(tmp_path)
    async with serving(always(answer()), stranger.context(in_days(10))) as service:
        found = await ask(Question(service.url()))
    assert found.reason is not None
    assert "unable to get local issuer certificate" in found.reason


async def test_a_port_without_tls_says_so() -> None:
    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer("", "400 Bad Request"))
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        found = await ask(Question(f"https://{host}/", timeout_seconds=2))
    assert found.reason == f"{host} does not speak TLS with us: wrong version number"


async def test_a_server_that_never_shakes_hands_is_given_up() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        url = f"https://127.0.0.1:{listening.getsockname()[1]}/"
        found = await ask(Question(url, timeout_seconds=0.2))
    assert found.reason == "connected, but no TLS handshake within 0.2 s"


async def test_the_loop_goes_on_while_many_are_asked() -> None:
    longest, stop = 0.0, False

    async def beat() -> None:
        nonlocal longest
        while not stop:
            began = time.perf_counter()
            await asyncio.sleep(0.005)
            longest = max(longest, time.perf_counter() - began)

    probe.tls_context.cache_clear()
    beating = asyncio.create_task(beat())
    await asyncio.gather(*(ask(Question("http://127.0.0.1:9/")) for _ in range(20)))
    stop = True
    await beating
    assert longest < 0.25, "twenty checks, each with a TLS context of its own, would hold it up for longer"
