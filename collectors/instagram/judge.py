"""Judge one answer of the Graph API: by its error code, never by its words, which depend on the locale.

Codes from Meta's page on errors, and 110 / 2207013, 32, 613 and 80002 from public clients (`FACTS.md`, 3.7).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from collectors.budget import retry_after
from collectors.fields import clean
from collectors.instagram.quota import REST_SECONDS, SLOW_FROM_PERCENT, Quota
from collectors.judge import parsed
from collectors.outcome import EXCERPT_BYTES, Alive, Outcome, Refused, RefusedReason, Unknown, UnknownReason

BLOCKED_SECONDS = 86_400.0
BURST_SECONDS = 60.0  # throttled although no limit is near: too much at once, not too much in all
LINE_LENGTH = 300


@dataclass(frozen=True, slots=True)
class No:
    """An error that refuses what was asked for."""

    reason: RefusedReason
    meaning: str


@dataclass(frozen=True, slots=True)
class Wait:
    """An error that tells nothing of what was asked for."""

    reason: UnknownReason
    meaning: str
    seconds: float | None = None


Rule = No | Wait

DEAD_TOKEN = No("unauthorized", "the access token is expired, revoked or malformed; a new one is needed")
NO_ACCOUNT = No("missing", "there is no such account, or it is a personal one; Instagram does not say which")
NO_RIGHT = No("forbidden", "the access token lacks a right for this")
TOO_MANY = Wait("throttled", "too many requests", REST_SECONDS)
PASSING = Wait("server_error", "a passing fault of Instagram")
BY_CODE: Mapping[int, Rule] = {
    **dict.fromkeys((102, 190), DEAD_TOKEN),
    110: NO_ACCOUNT,
    **dict.fromkeys((4, 17, 32, 341, 613, 80002), TOO_MANY),
    **dict.fromkeys((1, 2), PASSING),
    **dict.fromkeys((3, 10, *range(200, 300)), NO_RIGHT),
    368: Wait("blocked", "blocked for a while by Meta's policies", BLOCKED_SECONDS),
    100: No("bad_request", "a parameter is not accepted; is INSTAGRAM_USER_ID your own account's id?"),
}
BY_SUBCODE: Mapping[int, Rule] = {2207013: NO_ACCOUNT}
BY_STATUS: Mapping[int, Rule] = {  # of errors whose code is not listed
    401: DEAD_TOKEN,
    403: NO_RIGHT,
    408: Wait("timeout", "it took too long"),
    429: TOO_MANY,
}


def judge(status: int, headers: Mapping[str, str], body: bytes) -> Outcome[Any]:
    """Alive with the parsed JSON, refused, or unknown.

    Pure: knows neither the request nor what it asked for. `body` must not hold our token any more.
    """
    value = parsed(body)
    error = value.get("error") if isinstance(value, dict) else None
    if isinstance(error, dict):
        return _judge_error(status, headers, error, body)
    if 200 <= status < 300:
        if isinstance(value, dict) and "error" not in value:
            return Alive(value)
        return _unknown("bad_body", "empty body" if not body.strip() else "not the JSON of an answer", body)
    if 300 <= status < 400:
        return _unknown("redirected", f"HTTP {status}", body)
    if status >= 500:
        return Unknown("server_error", f"HTTP {status}", retry_after(_lowered(headers)), body[:EXCERPT_BYTES])
    if status == 403:
        why = "HTTP 403 with a page: our address is refused"
        return Unknown("blocked", why, REST_SECONDS, body[:EXCERPT_BYTES])
    rule = BY_STATUS.get(status)
    if isinstance(rule, Wait):
        return _waiting(rule, f"HTTP {status}", headers, body)
    return _unknown("bad_body", f"HTTP {status} without an error of the Graph API", body)


def _judge_error(
    status: int, headers: Mapping[str, str], error: Mapping[str, Any], body: bytes
) -> Outcome[Any]:
    code, subcode = _code(error.get("code")), _code(error.get("error_subcode"))
    rule = _rule(status, code, subcode, error.get("is_transient") is True)
    detail = _detail(status, code, subcode, rule.meaning, error)
    if isinstance(rule, No):
        return Refused(rule.reason, detail, body[:EXCERPT_BYTES])
    return _waiting(rule, detail, headers, body)


def _rule(status: int, code: int | None, subcode: int | None, passing: bool) -> Rule:
    by_code = BY_SUBCODE.get(subcode or 0) or BY_CODE.get(code or 0)
    if by_code is not None:
        return by_code
    if passing or status >= 500:
        return PASSING
    return BY_STATUS.get(status) or No("bad_request", "an error that is not known here")


def _waiting(rule: Wait, detail: str, headers: Mapping[str, str], body: bytes) -> Unknown:
    """Throttled for as long as the answer says: until access is regained, or its Retry-After."""
    seconds = rule.seconds
    if rule.reason == "throttled":
        quota = Quota.from_headers(headers)
        told = quota.regain_seconds if quota else None
        if quota and quota.percent < SLOW_FROM_PERCENT:
            seconds = BURST_SECONDS
        seconds = told or retry_after(_lowered(headers)) or seconds
    return Unknown(rule.reason, detail, seconds, body[:EXCERPT_BYTES])


def _detail(
    status: int, code: int | None, subcode: int | None, meaning: str, error: Mapping[str, Any]
) -> str:
    """`HTTP 400, code 190/463: what it means (fbtrace AbC): what Instagram said`, on one printable line."""
    number = "none" if code is None else f"{code}/{subcode}" if subcode is not None else str(code)
    trace, message = error.get("fbtrace_id"), error.get("message")
    traced = f" (fbtrace {trace[:40]})" if isinstance(trace, str) and trace else ""
    said = f": {clean(message)}" if isinstance(message, str) and message else ""
    line = f"HTTP {status}, code {number}: {meaning}{traced}{said}"[:LINE_LENGTH]
    return "".join(sign if sign.isprintable() else " " for sign in line).rstrip()


def _code(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _unknown(reason: UnknownReason, detail: str, body: bytes) -> Unknown:
    return Unknown(reason, detail, None, body[:EXCERPT_BYTES])


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
