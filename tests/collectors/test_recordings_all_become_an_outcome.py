"""Every recorded answer of Reddit goes through the judge and the parsers; run with -s for the counts."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from collectors.budget import RateLimit
from collectors.errors import UnusableRecord
from collectors.judge import judge
from collectors.listing import page_from, requirements_of, rules_of, subreddit_of
from collectors.outcome import Alive, Outcome, Refused, Unknown
from collectors.records import post_from, subreddit_from
from collectors.reddit_auth import Token, token_of
from collectors.wire import Answer
from tests.collectors.conftest import Recording
from tests.collectors.faults import raw_of
from tests.collectors.replies import Script

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


LONG_AGO = datetime(2005, 1, 1, tzinfo=UTC)
QUESTIONS = {
    "about": lambda client: client.about("pics"),
    "details": lambda client: client.details("pics"),
    "metadata": lambda client: client.metadata(["t5_2qh0u"]),
    "metadata_by_name": lambda client: client.metadata_by_name(["pics"]),
    "posts": lambda client: client.posts(["t3_hmjd8r"]),
    "new_posts of one": lambda client: anext(client.new_posts(["pics"], LONG_AGO)),
    "new_posts of two": lambda client: anext(client.new_posts(["pics", "funny"], LONG_AGO)),
    "discover": lambda client: anext(client.discover([])),
}


async def answered(recording: Recording, question: str) -> Outcome[Any]:
    """The client's outcome of a question that is answered by this recording, again and again."""
    raw = raw_of(recording)
    answer = httpx.Response(raw.status, headers=list(raw.headers), content=raw.body)
    return await QUESTIONS[question](Script([answer]).client())


async def test_every_recording_answers_every_question_with_an_outcome(recordings: list[Recording]) -> None:
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for recording in recordings:
        for question in QUESTIONS:
            outcome = await answered(recording, question)
            assert isinstance(outcome, Alive | Refused | Unknown)
            counts[question][word(outcome)] += 1
            if recording.status not in (None, 200):
                assert not isinstance(outcome, Alive), recording.file
    for question, words in counts.items():
        print(f"\n{question}:", dict(words.most_common()))
        assert words.total() == len(recordings)


async def test_no_recorded_failure_is_the_refusal_of_one_of_several(recordings: list[Recording]) -> None:
    outcomes = [await answered(one, "new_posts of two") for one in recordings]
    assert not [one for one in outcomes if isinstance(one, Refused) and one.is_of_the_community]
    assert "unattributed" in {one.reason for one in outcomes if isinstance(one, Unknown)}


async def test_things_recorded_by_id_are_found_by_it(recordings: list[Recording]) -> None:
    found: Counter[str] = Counter()
    for recording in recordings:
        asked = parse_qs(urlsplit(recording.url).query).get("id", [""])[0].split(",")
        if recording.kind != "api_info" or not recording.value["data"]["children"]:
            continue
        client = Script([httpx.Response(200, json=recording.value)]).client()
        posts = [one for one in asked if one.startswith("t3_")]
        subreddits = [one for one in asked if one.startswith("t5_")]
        for there in (await client.posts(posts), await client.metadata(subreddits)):
            assert isinstance(there, Alive)
            assert there.value.missing == (), recording.file
        found.update(t3=len(posts), t5=len(subreddits), others=len(asked) - len(posts) - len(subreddits))
    print("\nfound by id:", dict(found))
    assert found["t3"] >= 3
    assert found["t5"] >= 2


async def test_new_posts_hold_every_recorded_post(recordings: list[Recording]) -> None:
    pages = 0
    for recording in recordings:
        if (
            recording.kind == "sub_listing"
            and recording.status == 200
            and recording.value["data"]["children"]
        ):
            page = await answered(recording, "new_posts of one")
            assert isinstance(page, Alive), recording.file
            children = [child for child in recording.value["data"]["children"] if child["kind"] == "t3"]
            assert len(page.value.posts) == len(children)
            pages += 1
    print(f"\n{pages} pages of posts")
    assert pages >= 20


def test_every_recorded_rule_and_requirement_is_read(recordings: list[Recording]) -> None:
    told = [one for one in recordings if "rules" in one.url + one.file and one.status in (None, 200)]
    rules = [rules_of(one.value) for one in told]
    words = Counter(word(one) for one in rules)
    count = sum(len(one.value) for one in rules if isinstance(one, Alive))
    print(f"\nrules: {dict(words)}, {count} in all")
    assert set(words) == {"alive"}
    assert all(rule["short_name"] for one in rules if isinstance(one, Alive) for rule in one.value)
    (requirements,) = [requirements_of(one.value) for one in recordings if "requirements" in one.file]
    assert isinstance(requirements, Alive)
    assert requirements.value["title_text_max_length"] == 200
    others = [requirements_of(one.value) for one in recordings if "requirements" not in one.file]
    assert not [one for one in others if isinstance(one, Alive)], "else anything would do"
