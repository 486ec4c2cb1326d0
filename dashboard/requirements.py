"""What a community requires of a post, in words, from the keys of Reddit's `post_requirements`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Requirements = Mapping[str, Any]

LENGTHS = (
    ("title_text_min_length", "Title: at least {:,} characters"),
    ("title_text_max_length", "Title: at most {:,} characters"),
    ("body_text_min_length", "Text: at least {:,} characters"),
    ("body_text_max_length", "Text: at most {:,} characters"),
    ("gallery_min_items", "Gallery: at least {:,} pictures"),
    ("gallery_max_items", "Gallery: at most {:,} pictures"),
    ("link_repost_age", "A link may be posted again after {:,} days"),
)
WORDS = (
    ("title_required_strings", "Title must contain one of: {}"),
    ("title_blacklisted_strings", "Title must not contain: {}"),
    ("body_required_strings", "Text must contain one of: {}"),
    ("body_blacklisted_strings", "Text must not contain: {}"),
    ("domain_whitelist", "Links only to: {}"),
    ("domain_blacklist", "No links to: {}"),
    ("title_regexes", "Title must match: {}"),
    ("body_regexes", "Text must match: {}"),
)
POLICIES = {
    ("body_restriction_policy", "required"): "Text is required",
    ("body_restriction_policy", "notAllowed"): "Text is not allowed",
    ("link_restriction_policy", "whitelist"): "Only some sites may be linked to",
    ("link_restriction_policy", "blacklist"): "Some sites may not be linked to",
    ("gallery_captions_requirement", "required"): "Pictures of a gallery need captions",
    ("gallery_captions_requirement", "notAllowed"): "Pictures of a gallery may not have captions",
    ("gallery_urls_requirement", "required"): "Pictures of a gallery need links",
    ("gallery_urls_requirement", "notAllowed"): "Pictures of a gallery may not have links",
}


def in_words(requirements: Requirements) -> list[str]:
    """One line per requirement; keys that are null, empty or unknown say nothing."""
    lines = ["Flair is required"] if requirements.get("is_flair_required") is True else []
    lines += [line for (key, value), line in POLICIES.items() if requirements.get(key) == value]
    lines += _told(requirements, LENGTHS, _whole)
    lines += _told(requirements, WORDS, _listed)
    guidelines = requirements.get("guidelines_text")
    return [*lines, guidelines] if isinstance(guidelines, str) and guidelines else lines


def rules_in_words(rules: Sequence[Any]) -> list[tuple[str, str]]:
    """(name, description) of each rule, either of them possibly empty."""
    found = [rule for rule in rules if isinstance(rule, dict)]
    return [(_text(rule.get("short_name")), _text(rule.get("description"))) for rule in found]


def _told(
    requirements: Requirements, lines: Sequence[tuple[str, str]], shown: Callable[[Any], Any]
) -> list[str]:
    values = ((line, shown(requirements.get(key))) for key, line in lines)
    return [line.format(value) for line, value in values if value]


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _listed(value: Any) -> str:
    return ", ".join(str(one) for one in value) if isinstance(value, list) else ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
