"""Send one request and judge what comes back; send it again as the table of tries allows."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from collectors.judge import judge
from collectors.outcome import NO_ANSWER, Outcome, Unknown, tries

TIMEOUT_SECONDS = 16.0  # prawcore's
LONGEST_PAUSE_SECONDS = 60.0
"""What asks for more is left to the caller, who can put the work back into its queue."""

Sleep = Callable[[float], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Answer:
    """One judged answer; `status` is `NO_ANSWER` when none came."""

    status: int
    outcome: Outcome[Any]
    headers: httpx.Headers = field(default_factory=httpx.Headers)


async def send(http: httpx.AsyncClient, request: httpx.Request) -> Answer:
    """Send once, following no redirect: where Reddit points is its answer."""
    try:
        response = await http.send(request, follow_redirects=False)
    except httpx.TimeoutException as exc:
        return Answer(NO_ANSWER, Unknown("timeout", _said(exc)))
    except httpx.TransportError as exc:
        return Answer(NO_ANSWER, Unknown("network", _said(exc)))
    except httpx.DecodingError as exc:
        return Answer(NO_ANSWER, Unknown("bad_body", _said(exc)))
    outcome = judge(response.status_code, response.headers, response.content)
    return Answer(response.status_code, outcome, response.headers)


async def with_tries(once: Callable[[], Awaitable[Answer]], sleep: Sleep) -> Answer:
    """The first answer that is not worth another try, or the last one allowed."""
    tried = 0
    while True:
        answer = await once()
        tried += 1
        pause = _pause(answer.outcome, tried)
        if tried >= tries(answer.status) or pause > LONGEST_PAUSE_SECONDS:
            return answer
        await sleep(pause)


def _pause(outcome: Outcome[Any], tried: int) -> float:
    """Seconds before the next try: what the answer asks for, else 1, 2, 4… and up to half as much again."""
    if isinstance(outcome, Unknown) and outcome.retry_after is not None:
        return outcome.retry_after
    return float(2 ** (tried - 1)) * random.uniform(1.0, 1.5)


def _said(exc: Exception) -> str:
    return f"{type(exc).__name__}: {exc}".rstrip(": ")
