"""Judge one HTTP answer: status first, then content, then `reason`.

The rules come from 15,578 recorded exchanges (`../shared/data/NOTES.md`, section 4): Content-Type lies, failures
come with status 200, `error` is an int, text or missing, and a block page says nothing about the subreddit.
"""

import json
from collections.abc import Mapping
from typing import Any

import orjson

from collectors.budget import RateLimit, retry_after
from collectors.outcome import (
    EXCERPT_BYTES,
    Alive,
    Outcome,
    Refused,
    RefusedReason,
    Unknown,
    UnknownReason,
)

# `reason` in a body, lower case -> ours. Reasons not listed leave the word to the status.
BY_REASON: Mapping[str, RefusedReason] = {
    "banned": "banned",
    "private": "private",
    "quarantined": "quarantined",
    "gated": "gated",
    "subreddit_noexist": "missing",
    "page_not_found": "missing",
}
BY_STATUS: Mapping[int, RefusedReason] = {
    401: "unauthorized",
    403: "forbidden",
    404: "missing",
    410: "missing",
    451: "legal",
}
LINE_LENGTH = 160
MISSING_SUBREDDIT = "/subreddits/search"


def judge(status: int, headers: Mapping[str, str], body: bytes) -> Outcome[Any]:
    """Alive with the parsed JSON, refused, or unknown.

    Pure: knows neither the request nor what it asked for. Whether the JSON holds the kind of thing asked
    for is judged in `collectors.listing`.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    if 200 <= status < 300:
        return _judge_success(body)
    if 300 <= status < 400:
        return _judge_redirect(status, lowered.get("location", ""), body)
    if status == 429:
        return Unknown("throttled", "HTTP 429", _pause(lowered), excerpt(body))
    if status == 408:
        return Unknown("timeout", "HTTP 408", None, excerpt(body))
    if 400 <= status < 500:
        return _judge_refusal(status, body)
    return Unknown("server_error", f"HTTP {status}", retry_after(lowered), excerpt(body))


def _judge_success(body: bytes) -> Outcome[Any]:
    value = parsed(body)
    if not isinstance(value, dict | list):
        return _unknown("bad_body", "empty body" if not body.strip() else "not the JSON of an answer", body)
    if isinstance(value, dict) and "kind" not in value and (value.get("error") or value.get("reason")):
        error = value.get("error")
        return _refused(200, error if isinstance(error, int) else 400, value, body)
    return Alive(value)


def _judge_redirect(status: int, location: str, body: bytes) -> Outcome[Any]:
    if MISSING_SUBREDDIT in location:
        return Refused("missing", "no such subreddit", excerpt(body))
    return _unknown("redirected", line(f"HTTP {status} to {location or 'nowhere'}"), body)


def _judge_refusal(status: int, body: bytes) -> Outcome[Any]:
    value = parsed(body)
    if isinstance(value, dict) or status != 403:
        return _refused(status, status, value if isinstance(value, dict) else {}, body)
    if b"this subreddit is private" in body[:1000]:
        return Refused("private", "HTTP 403", excerpt(body))
    return _unknown("blocked", "HTTP 403 with a page: Reddit refuses our address or user agent", body)


def _refused(status: int, means: int, value: Mapping[str, Any], body: bytes) -> Refused:
    """`means` is the status that a failure arriving with 200 stands for."""
    words = (value.get(key) for key in ("reason", "error_description", "message", "error"))
    said = next((word for word in words if isinstance(word, str) and word), "")
    reason = BY_REASON.get(said.lower()) or BY_STATUS.get(means, "bad_request")
    return Refused(reason, line(f"HTTP {status} {said}"), excerpt(body))


def parsed(body: bytes) -> Any:
    """The JSON in a body, None when there is none."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return _parsed_leniently(body)


def _parsed_leniently(body: bytes) -> Any:
    """orjson refuses half surrogate pairs, which people do type into titles; the records mend them."""
    if b"\\ud" not in body.lower():
        return None
    try:
        return json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


def _pause(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait after a 429: what it says, else until the window ends, else None."""
    rate = RateLimit.from_headers(headers)
    return retry_after(headers) or (rate.reset_seconds if rate else None)


def _unknown(reason: UnknownReason, detail: str, body: bytes) -> Unknown:
    return Unknown(reason, detail, None, excerpt(body))


def line(text: str) -> str:
    """One printable line for logs and terminals, whatever the answer held."""
    return "".join(sign if sign.isprintable() else " " for sign in text[:LINE_LENGTH]).rstrip()


def excerpt(body: bytes) -> bytes:
    return body[:EXCERPT_BYTES]
