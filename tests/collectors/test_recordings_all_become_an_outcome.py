"""Every recorded answer of Reddit goes through the judge and the parsers; run with -s for the counts."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx

from collectors.budget import RateLimit
from collectors.errors import UnusableRecord
from collectors.judge import judge
from collectors.listing import page_from, subreddit_of
from collectors.outcome import Alive, Outcome, Refused
from collectors.records import post_from, subreddit_from
from collectors.reddit_auth import Token, token_of
from collectors.wire import Answer
from tests.collectors.conftest import Recording

PARSERS = {"t3": post_from, "t5": subreddit_from}


def judged(recording: Recording) -> Outcome[Any]:
    return judge(recording.status or 200, recording.headers, recording.body)


def word(outcome: Outcome[Any]) -> str:
    return "alive" if isinstance(outcome, Alive) else f"{type(outcome).__name__.lower()}:{outcome.reason}"


def things(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every t3 and t5 thing at whatever depth."""
    if isinstance(value, list):
        for one in value:
            yield from things(one)
    elif isinstance(value, dict):
        if value.get("kind") in PARSERS and isinstance(value.get("data"), dict):
            yield value["kind"], value["data"]
        for one in value.values():
            yield from things(one)


def test_every_recording_is_judged(recordings: list[Recording]) -> None:
    counts = Counter(word(judged(recording)) for recording in recordings)
    print(f"\n{len(recordings)} recordings:", dict(sorted(counts.items())))
    assert counts.total() == len(recordings) == 271


def test_every_success_is_alive_and_no_failure_is(recordings: list[Recording]) -> None:
    wrong = [
        (recording.file, word(judged(recording)))
        for recording in recordings
        if recording.kind not in {"body_only", "token"}
        and (recording.status == 200) != isinstance(judged(recording), Alive)
    ]
    assert wrong == []


def test_every_recorded_post_and_subreddit_becomes_a_record(recordings: list[Recording]) -> None:
    counts: Counter[str] = Counter()
    unusable = []
    for recording in recordings:
        for kind, data in things(recording.value):
            try:
                PARSERS[kind](data)
                counts[kind] += 1
            except UnusableRecord as exc:
                unusable.append((recording.file, kind, str(exc)))
    print("\nrecords:", dict(counts), "unusable:", unusable)
    # Four advertisements of 2017 belong to no subreddit; everything else is usable.
    assert {reason for _, _, reason in unusable} == {"unusable subreddit: None"}
    assert len(unusable) == 4
    assert counts["t3"] > 1000
    assert counts["t5"] > 500


def test_every_recorded_listing_becomes_a_page(recordings: list[Recording]) -> None:
    listings = [
        one.value for one in recordings if isinstance(one.value, dict) and one.value.get("kind") == "Listing"
    ]
    pages = [page_from(value) for value in listings]
    assert all(isinstance(page, Alive) for page in pages)
    skipped = sum(page.value.skipped for page in pages if isinstance(page, Alive))
    print(f"\n{len(pages)} pages, {skipped} children of other kinds")


def test_every_recorded_about_is_a_subreddit_or_a_missing_one(recordings: list[Recording]) -> None:
    answers = [subreddit_of(one.value) for one in recordings if one.kind == "sub_about"]
    counts = Counter(word(answer) for answer in answers)
    print("\nabout:", dict(counts))
    assert set(counts) <= {"alive", "refused:missing"}


def test_every_recorded_token_answer_is_read(recordings: list[Recording]) -> None:
    answers = [token_of(Answer(one.status or 200, judged(one))) for one in recordings if one.kind == "token"]
    counts = Counter(word(answer) for answer in answers)
    print("\ntokens:", dict(counts))
    assert counts["alive"] + counts["refused:unauthorized"] == 22
    lasting = {
        one.value.expires_in for one in answers if isinstance(one, Alive) and isinstance(one.value, Token)
    }
    assert lasting == {3600, 86400}


def test_rate_limit_headers_are_read_wherever_they_were_recorded(recordings: list[Recording]) -> None:
    with_headers = [
        one for one in recordings if any(name.lower() == "x-ratelimit-remaining" for name in one.headers)
    ]
    rates = [RateLimit.from_headers(httpx.Headers(one.headers)) for one in with_headers]
    limits = Counter(round(rate.used + rate.remaining) for rate in rates if rate is not None)
    print(f"\n{len(rates)} with rate limits:", dict(limits))
    assert rates
    assert None not in rates
    assert all(rate.reset_seconds >= 1 for rate in rates if rate is not None)


def test_quoted_errors_mean_what_people_said(quoted_errors: list[dict[str, Any]]) -> None:
    words = []
    for item in quoted_errors:
        body = item["body"]
        raw = body.encode() if isinstance(body, str) else httpx.Response(200, json=body).content
        words.append(word(judge(item["status"], {}, raw)))
    assert words == [
        "refused:banned",
        "refused:private",
        "refused:missing",
        "alive",  # an empty listing; `posts_expected` has the last word on it
        "unknown:throttled",
        "unknown:blocked",
        "unknown:blocked",
        "refused:bad_request",
    ]


def test_the_first_bytes_of_every_refusal_are_kept(recordings: list[Recording]) -> None:
    refused = [(one, judged(one)) for one in recordings]
    assert all(outcome.excerpt == one.body[:200] for one, outcome in refused if isinstance(outcome, Refused))
