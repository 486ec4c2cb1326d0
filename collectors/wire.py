"""Send one request and judge what comes back; send it again as the table of tries allows."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

from collectors import judge as reddit_judge
from collectors.body import ACCEPT_ENCODING, LargeBody, UnreadableBody, body_of
from collectors.outcome import NO_ANSWER, UNREADABLE, Outcome, Unknown, tries

TIMEOUT_SECONDS = 16.0  # prawcore's, for each step: connecting, and each read
LONGEST_ANSWER_SECONDS = 120.0
"""For all steps together, so that a body which comes in drops holds nobody up."""
LONGEST_PAUSE_SECONDS = 60.0
"""What asks for more is left to the caller, who can put the work back into its queue."""

Sleep = Callable[[float], Awaitable[object]]
Judge = Callable[[int, Mapping[str, str], bytes], Outcome[Any]]


def open_http(transport: httpx.AsyncBaseTransport) -> httpx.AsyncClient:
    """A client that keeps no cookies: they would follow us about, and nothing that we ask needs them."""
    cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    return httpx.AsyncClient(transport=transport, timeout=TIMEOUT_SECONDS, cookies=cookies)


@dataclass(frozen=True, slots=True)
class Answer:
    """One judged answer; `status` is `NO_ANSWER` when none came, `UNREADABLE` when it came in pieces."""

    status: int
    outcome: Outcome[Any]
    headers: httpx.Headers = field(default_factory=httpx.Headers)


async def send(http: httpx.AsyncClient, request: httpx.Request, judge: Judge = reddit_judge.judge) -> Answer:
    """Send once, following no redirect: where a source points is its answer."""
    request.headers["Accept-Encoding"] = ACCEPT_ENCODING
    try:
        async with asyncio.timeout(LONGEST_ANSWER_SECONDS):
            response = await http.send(request, stream=True, follow_redirects=False)
            try:
                return await _judged(response, judge)
            finally:
                await response.aclose()
    except (httpx.TimeoutException, TimeoutError) as exc:
        return Answer(NO_ANSWER, Unknown("timeout", _said(exc)))
    except httpx.TransportError as exc:
        return Answer(NO_ANSWER, Unknown("network", _said(exc)))


async def _judged(response: httpx.Response, judge: Judge) -> Answer:
    try:
        body = await body_of(response)
    except LargeBody as exc:
        return Answer(response.status_code, Unknown("bad_body", str(exc)), response.headers)
    except UnreadableBody as exc:
        return Answer(UNREADABLE, Unknown("bad_body", str(exc)), response.headers)
    outcome = judge(response.status_code, response.headers, body)
    unreadable = isinstance(outcome, Unknown) and outcome.reason == "bad_body"
    return Answer(UNREADABLE if unreadable else response.status_code, outcome, response.headers)


async def with_tries(once: Callable[[], Awaitable[Answer]], sleep: Sleep) -> Answer:
    """The first answer that is not worth another try, or the last one allowed."""
    tried = 0
    while True:
        answer = await once()
        tried += 1
        if not isinstance(answer.outcome, Unknown) or tried >= tries(answer.status):
            return answer
        pause = _pause(answer.outcome, tried)
        if pause > LONGEST_PAUSE_SECONDS:
            return answer
        await sleep(pause)


def _pause(outcome: Unknown, tried: int) -> float:
    """Seconds before the next try: what the answer asks for, else 1, 2, 4… and up to half as much again."""
    if outcome.retry_after is not None:
        return outcome.retry_after
    return float(2 ** (tried - 1)) * random.uniform(1.0, 1.5)


def _said(exc: Exception) -> str:
    return f"{type(exc).__name__}: {exc}".rstrip(": ")
