from typing import Any

import orjson
import pytest

from dashboard.requirements import in_words, rules_in_words


@pytest.mark.parametrize(
    ("requirements", "lines"),
    [
        ({}, []),
        ({"is_flair_required": True}, ["Flair is required"]),
        ({"title_text_min_length": 50, "body_text_max_length": 2000},
         ["Title: at least 50 characters", "Text: at most 2,000 characters"]),
        ({"body_restriction_policy": "required", "link_restriction_policy": "none"}, ["Text is required"]),
        ({"domain_blacklist": ["a.example", "b.example"]}, ["No links to: a.example, b.example"]),
        ({"title_required_strings": ["[{}]"]}, ["Title must contain one of: [{}]"]),
        ({"guidelines_text": "Search before you ask."}, ["Search before you ask."]),
    ],
)  # fmt: skip
def test_a_requirement_is_a_line(requirements: dict[str, Any], lines: list[str]) -> None:
    assert in_words(requirements) == lines


@pytest.mark.parametrize("value", [None, [], "", 0, False, {}, "many", -0.5])
def test_what_says_nothing_or_makes_no_sense_is_left_out(value: Any) -> None:
    keys = (
        "is_flair_required",
        "title_text_min_length",
        "title_regexes",
        "body_restriction_policy",
        "brand_new",
    )
    assert in_words(dict.fromkeys(keys, value)) == []


def test_redditors_requirements_are_all_understood(shared_data: Any) -> None:
    path = shared_data / "recordings/body_only/go-reddit__subreddit_post-requirements.json"
    assert len(in_words(orjson.loads(path.read_bytes())["response"]["body"])) == 13


def test_rules_keep_their_order_and_may_lack_anything() -> None:
    rules = [{"short_name": "Pour", "description": "Do."}, {"short_name": None}, "nonsense"]
    assert rules_in_words(rules) == [("Pour", "Do."), ("", "")]
