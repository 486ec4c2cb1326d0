"""What a form may say of a probe, and what is wrong with it."""

from dataclasses import replace
from typing import Any

import pytest

from db.probe_definition import (
    HIDDEN,
    Definition,
    Unusable,
    headers_in,
    hidden,
    host_of,
    place_of,
    statuses,
)

SHOP = Definition("Shop", "https://shop.example.org/health?token=s3cret")


def test_defaults_can_be_used() -> None:
    assert SHOP.problems() == {}


@pytest.mark.parametrize(
    ("field", "value", "part"),
    [
        ("name", " ", "Give it a name"),
        ("name", "x" * 81, "At most 80 letters"),
        ("name", "a\nb", "in one line"),
        ("url", "shop.example.org", "Write a whole URL"),
        ("url", "ftp://shop.example.org", "Write a whole URL"),
        ("url", "https://", "Write a whole URL"),
        ("url", "https://[::1", "This is no URL"),
        ("url", "https://shop:99999/", "This is no URL"),
        ("url", "https://shop:0/", "no port 0"),
        ("url", "https://shop/a b", "no spaces"),
        ("url", "https://me:hunter2@shop/", "Leave name and password out"),
        ("url", "https://shop/" + "x" * 2000, "At most 2,000"),
        ("method", "BREW", "One of GET"),
        ("headers", {"Content-Length": "1"}, "for the connection to decide"),
        ("headers", {"X-Key": "ü"}, "plain ASCII"),
        ("headers", {"X-Key": "a\r\nHost: b"}, "plain ASCII"),
        ("body", "{}", "GET sends no body"),
        ("body", "\x00", "GET sends no body"),
        ("expected_status", "fine", "'fine' is no status"),
        ("expected_status", "299-200", "is no status"),
        ("expected_status", "", "is no status"),
        ("expected_status", "2xx", "is no status"),
        ("contains", "a\x00", "no text"),
        ("lacks", "x" * 501, "At most 500"),
        ("timeout_seconds", 61, "From 0.1 to 60"),
        ("every_seconds", 5, "From 10 to 86,400"),
        ("every_seconds", float("nan"), "From 10 to 86,400"),
        ("down_after", 0, "From 1 to 20"),
        ("up_after", 21, "From 1 to 20"),
        ("tls_warn_days", -1, "From 0 to 365"),
        ("tls_fail_days", 400, "From 0 to 365"),
    ],
)
def test_what_is_wrong_is_said_of_its_field(field: str, value: Any, part: str) -> None:
    problems = replace(SHOP, **{field: value}).problems()
    assert list(problems) == [field]
    assert part in problems[field]


def test_a_text_cannot_be_expected_of_head() -> None:
    assert list(replace(SHOP, method="HEAD", contains="ok").problems()) == ["contains"]
    assert replace(SHOP, method="POST", body="{}").problems() == {}


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        ("200", ((200, 200),)),
        ("200-299, 401", ((200, 299), (401, 401))),
        (" 200 - 204 301 ", ((200, 204), (301, 301))),
        ("100-599", ((100, 599),)),
    ],
)
def test_statuses_are_read_as_ranges(text: str, ranges: object) -> None:
    assert statuses(text) == ranges


def test_headers_are_shown_without_their_values_and_read_back() -> None:
    stored = {"Authorization": "Bearer s3cret", "X-Team": "shop"}
    shown = hidden(stored)
    assert shown == f"Authorization: {HIDDEN}\nX-Team: {HIDDEN}"
    assert headers_in(shown, stored) == stored
    assert headers_in(f"authorization: {HIDDEN}\n\nX-Team: other", stored) == {
        "authorization": "Bearer s3cret",
        "X-Team": "other",
    }
    assert headers_in("", stored) == {}
    assert "s3cret" not in repr(replace(SHOP, headers=stored, body="s3cret", url="https://shop"))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("Bearer s3cret", "Line 1 is no header"),
        ("\nX Key: s3cret", "Line 2 is no header"),
        (f"X-New: {HIDDEN}", "X-New has no stored value"),
        ("X-A: s3cret\nx-a: s3cret", "x-a stands there twice"),
        ("X-A:", "must be plain ASCII, and not empty"),
        ("X-A: s3cret é", "must be plain ASCII"),
    ],
)
def test_a_line_that_is_no_header_is_named_without_its_value(text: str, part: str) -> None:
    with pytest.raises(Unusable, match=part) as caught:
        headers_in(text, {})
    assert "s3cret" not in str(caught.value)


def test_a_url_is_shown_without_what_may_be_secret() -> None:
    assert host_of(SHOP.url) == "shop.example.org"
    assert place_of(SHOP.url) == "https://shop.example.org/health?…"
    assert host_of("http://[::1]:8080/x") == "[::1]:8080"
