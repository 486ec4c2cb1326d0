"""How a probe stands, in words."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dashboard import probe_words
from dashboard.data import Checks
from dashboard.probe_words import DOUBTFUL, DOWN, NEW, PAUSED, TLS_SOON, UP

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def probe(**changed: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "paused": False, "state": "up", "reason": None, "contrary": 0, "tls_ends_at": None, "tls_warn_days": 14,
        "outage_began_at": None, "outage_ended_at": None,
    }  # fmt: skip
    return {**plain, **changed}


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({}, UP),
        ({"state": "unknown"}, NEW),
        ({"state": "down", "reason": "answered 503"}, DOWN),
        ({"state": "down", "contrary": 1}, DOWN),
        ({"reason": "answered 503", "contrary": 1}, DOUBTFUL),
        ({"state": "unknown", "reason": "answered 503", "contrary": 1}, DOUBTFUL),
        ({"state": "down", "paused": True}, PAUSED),
    ],
)
def test_a_state_is_one_word(changed: dict[str, Any], word: object) -> None:
    assert probe_words.state(probe(**changed)) is word


def test_a_certificate_that_ends_soon_is_said_beside_the_state() -> None:
    soon = datetime.now(UTC) + timedelta(days=13)
    assert probe_words.words(probe(tls_ends_at=soon)) == [UP, TLS_SOON]
    assert probe_words.words(probe(tls_ends_at=soon, tls_warn_days=7)) == [UP]
    assert probe_words.words(probe(tls_ends_at=soon, paused=True)) == [PAUSED]
    assert probe_words.certificate(soon) == "certificate ends in 13 days"
    assert probe_words.certificate(NOW - timedelta(days=400)) == "certificate ended"
    assert probe_words.certificate(None) == "no TLS"


def test_the_last_outage_is_told_with_its_length() -> None:
    began, ended = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
    assert probe_words.last_outage(probe(), NOW) == "none"
    assert probe_words.last_outage(probe(outage_began_at=began), NOW) == "now, for 2 h"
    over = probe(outage_began_at=began, outage_ended_at=ended)
    assert probe_words.last_outage(over, NOW) == "1 h ago, for 1 h"


def test_names_are_shown_as_they_are() -> None:
    assert probe_words.literal("a*b_c … é – [x](y)") == r"a\*b\_c … é – \[x\]\(y\)"


@pytest.mark.parametrize(
    ("count", "failed", "percent"), [(100_000, 1, 99.99), (4, 1, 75), (7, 0, 100), (7, 7, 0), (0, 0, None)]
)
def test_one_failure_never_makes_a_hundred_percent(count: int, failed: int, percent: float | None) -> None:
    assert Checks(count, failed, None).availability == percent
