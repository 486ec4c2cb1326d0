"""What Arctic Shift's answers mean, and what they hold: `{"data": …}` or `{"data": null, "error": "…"}`.

Shapes after the project's own api/README and what its users reported (ArthurHeitmann/arctic_shift #12, #58, #66):
a query that takes too long is refused with 422 and "Timeout. Maybe slow down a bit", one that is switched off
with "Under maintenance".
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from time import time as now
from typing import Any, TypeVar

from collectors.archive import archived_post, archived_subreddit
from collectors.budget import RateLimit, retry_after
from collectors.errors import UnusableRecord
from collectors.fields import Data, count, moment, text
from collectors.judge import excerpt, judge, line, parsed
from collectors.listing import RULE, Found, FoundPosts, Page
from collectors.outcome import Alive, Outcome, Refused, Unknown
from collectors.records import Details, Post, Subreddit

SAID: tuple[tuple[tuple[str, ...], Any], ...] = (
    (("timeout", "timed out", "slow down"), "timeout"),
    (("rate limit", "too many"), "throttled"),
    (("maintenance", "unavailable", "internal"), "server_error"),
)
"""Words in an error -> what they say of the service; any other error says that our question was wrong."""
EPOCH = 1e9  # a larger X-RateLimit-Reset is a time, not a number of seconds
MILLISECONDS = 1e11

Record = TypeVar("Record", Post, Subreddit)


def judge_archive(status: int, headers: Mapping[str, str], body: bytes) -> Outcome[Any]:
    """Alive with what `data` holds, refused for a question that it does not take, else unknown.

    Nothing that it answers is a community's own refusal: what it does not know may still be there.
    """
    if status == 429:
        rate = rate_of(headers)
        pause = retry_after(headers) or (rate.reset_seconds if rate else None)
        return Unknown("throttled", "HTTP 429", pause, excerpt(body))
    if status >= 500 or status in (403, 408) or 300 <= status < 400:
        outcome = judge(status, headers, body)
        return (
            outcome if isinstance(outcome, Unknown) else Unknown("blocked", str(outcome), None, excerpt(body))
        )
    value = parsed(body)
    error = value.get("error") if isinstance(value, dict) else None
    if error or status >= 400:
        return _judge_error(status, error if isinstance(error, str) else "", body)
    if not isinstance(value, dict) or not isinstance(value.get("data"), list | dict):
        return Unknown("bad_body", "no data" if body.strip() else "empty body", None, excerpt(body))
    return Alive(value["data"])


def _judge_error(status: int, said: str, body: bytes) -> Outcome[Any]:
    detail = line(f"HTTP {status} {said}")
    for words, reason in SAID:
        if any(word in said.lower() for word in words):
            return Unknown(reason, detail, None, excerpt(body))
    return Refused("bad_request", detail, excerpt(body))


def rate_of(headers: Mapping[str, str]) -> RateLimit | None:
    """What remains and for how long; the end of the window may come as seconds or as a time."""
    lowered = {name.lower(): value for name, value in headers.items()}
    reset = lowered.get("x-ratelimit-reset", "")
    try:
        at = float(reset)
    except ValueError:
        return None
    if at > EPOCH:
        at = at / 1000 if at > MILLISECONDS else at
        lowered["x-ratelimit-reset"] = str(max(at - now(), 0))
    return RateLimit.from_headers(lowered)


def subreddits_page(data: Any) -> Outcome[Page]:
    """A page of communities, in the order of the rows."""
    return _page(data, archived_subreddit)


def posts_page(data: Any) -> Outcome[Page]:
    """A page of posts, in the order of the rows."""
    return _page(data, archived_post)


def _page(data: Any, record_from: Callable[[Data], Record]) -> Outcome[Page]:
    if not isinstance(data, list):
        return Unknown("bad_body", "not a list of rows")
    records: list[Record] = []
    for row in data:
        try:
            records.append(record_from(row if isinstance(row, dict) else {}))
        except UnusableRecord:
            continue
    return Alive(Page(tuple(records), None, len(data) - len(records)))


def found_of(data: Any, asked: Sequence[str]) -> Outcome[Found]:
    """The communities asked for by fullname or name, and those that the archive does not know."""
    page = subreddits_page(data)
    if not isinstance(page, Alive):
        return page
    wanted = {one.lower() for one in asked}
    there = tuple(one for one in page.value.subreddits if {one.id, one.name.lower()} & wanted)
    came = {key for one in there for key in (one.id, one.name.lower())}
    return Alive(Found(there, tuple(one for one in asked if one.lower() not in came)))


def found_posts_of(data: Any, asked: Sequence[str]) -> Outcome[FoundPosts]:
    """The posts asked for by fullname, and those that the archive does not know."""
    page = posts_page(data)
    if not isinstance(page, Alive):
        return page
    # A row that is no use as a record is not missing; rows may lack `name`.
    came = {f"t3_{text(row, 'id')}" for row in data if isinstance(row, dict)}
    return Alive(FoundPosts(page.value.posts, tuple(one for one in asked if one not in came)))


def rules_in(data: Any, name: str) -> Outcome[Details]:
    """A community's rules from `[{"subreddit": …, "rules": […]}]`; the archive has no posting requirements."""
    rows = data if isinstance(data, list) else []
    for row in rows:
        if isinstance(row, dict) and text(row, "subreddit").lower() in (name.lower(), ""):
            rules = row.get("rules")
            if isinstance(rules, list):
                told = (rule for rule in rules if isinstance(rule, dict))
                return Alive(Details(tuple({key: text(rule, key) for key in RULE} for rule in told), None))
    return Unknown("empty", "the archive holds no rules of it")


def history_in(data: Any) -> Outcome[tuple[tuple[datetime, int], ...]]:
    """Subscribers over time from `[{"date": epoch seconds, "value": …}]`, oldest first."""
    if not isinstance(data, list):
        return Unknown("bad_body", "not a series")
    points: dict[datetime, int] = {}
    for row in data:
        at, value = (_at(row), count(row, "value")) if isinstance(row, dict) else (None, None)
        if at is not None and value is not None:
            points[at] = value
    return Alive(tuple(sorted(points.items())))


def _at(row: Data) -> datetime | None:
    """A time in UTC from seconds, milliseconds or ISO 8601."""
    value = row.get("date")
    if isinstance(value, int | float) and abs(value) > MILLISECONDS:
        return moment({"date": value / 1000}, "date")
    if isinstance(value, str) and "-" in value[1:]:
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            return None
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return moment(row, "date")
