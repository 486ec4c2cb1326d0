"""The judge: status first, then content, then reason."""

import pytest

from collectors.judge import judge, parsed
from collectors.outcome import Alive, Refused, Unknown

BLOCK_PAGE = b"<!doctype html><h1>whoa there, pardner!</h1>"


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (404, b'{"reason":"banned","message":"Not Found","error":404}', "banned"),
        (404, b'{"message":"Not Found","error":404}', "missing"),
        (404, b'{"reason":"PAGE_NOT_FOUND","message":"Not Found"}', "missing"),
        (404, b"<html>page not found</html>", "missing"),
        (403, b'{"reason":"private","message":"Forbidden","error":403}', "private"),
        (403, b'{"reason":"PRIVATE","message":"Forbidden","error":403}', "private"),
        (403, b'{"reason":"quarantined","error":403}', "quarantined"),
        (403, b'{"reason":"gated","interstitial_warning_message":"?","error":403}', "gated"),
        (403, b'{"error":403}', "forbidden"),
        (403, b"<html><title>x: this subreddit is private</title>", "private"),
        (451, b"", "legal"),
        (401, b"", "unauthorized"),
        (400, b"Bad Request", "bad_request"),
        (414, b"<html>", "bad_request"),
        (200, b'{"reason":"private","message":"Forbidden","error":403}', "private"),
        (200, b'{"error":404,"message":"Not Found"}', "missing"),
        (200, b'{"error":"invalid_grant"}', "bad_request"),
    ],
)
def test_a_refusal_names_its_reason(status: int, body: bytes, reason: str) -> None:
    outcome = judge(status, {}, body)
    assert isinstance(outcome, Refused)
    assert outcome.reason == reason
    assert outcome.excerpt == body[:200]


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (403, BLOCK_PAGE, "blocked"),
        (403, b"", "blocked"),
        (429, BLOCK_PAGE, "throttled"),
        (429, b"", "throttled"),
        (408, b"", "timeout"),
        (500, b'{"message":"Internal Server Error","error":500}', "server_error"),
        (522, b"", "server_error"),
        (200, b"", "bad_body"),
        (200, b'{"kind":"Listing","data":{"chil', "bad_body"),
        (200, b"<html>", "bad_body"),
        (200, b"42", "bad_body"),
        (200, b"[" * 5_000, "bad_body"),
        (302, b"", "redirected"),
    ],
)
def test_what_says_nothing_of_the_community_is_unknown(status: int, body: bytes, reason: str) -> None:
    outcome = judge(status, {"Content-Type": "application/json"}, body)
    assert isinstance(outcome, Unknown)
    assert outcome.reason == reason


def test_a_redirect_to_the_search_is_a_missing_subreddit() -> None:
    outcome = judge(302, {"Location": "https://oauth.reddit.com/subreddits/search.json?q=x"}, b"<html>")
    assert isinstance(outcome, Refused)
    assert outcome.reason == "missing"


def test_our_own_credentials_are_no_state_of_the_community() -> None:
    assert Refused("private", "").is_of_the_community
    assert not Refused("unauthorized", "").is_of_the_community


def test_a_429_waits_for_what_it_names() -> None:
    named = judge(429, {"Retry-After": "4.5"}, b"")
    window = {"X-Ratelimit-Used": "1000", "X-Ratelimit-Remaining": "0.0", "X-Ratelimit-Reset": "0"}
    assert named == Unknown("throttled", "HTTP 429", 4.5)
    assert judge(429, window, b"") == Unknown("throttled", "HTTP 429", 1.0)
    assert judge(429, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, b"") == Unknown(
        "throttled", "HTTP 429"
    )


def test_what_is_shown_stays_on_one_line() -> None:
    outcome = judge(400, {}, b'{"message":"two\\nlines and \\u001b[31mred"}')
    assert str(outcome) == "refused (bad_request): HTTP 400 two lines and  [31mred"


def test_half_a_surrogate_pair_does_not_lose_the_page() -> None:
    assert parsed(b'{"title":"\\ud83d cut"}') == {"title": "\ud83d cut"}
    assert isinstance(judge(200, {}, b'{"title":"\\ud83d cut"}'), Alive)
