"""The Sources page: what is told of each source, in words as well as in colour."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from collectors.outcome import RefusedReason, UnknownReason
from dashboard import charts, source_cards
from dashboard.ranges import TimeAxis
from dashboard.reasons import OTHER, REASONS, reason
from db import sources, subreddits
from settings import Settings
from tests.dashboard.conftest import House, Open, said
from tests.factories import subreddit

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def source(**overrides: Any) -> dict[str, Any]:
    """One source as the pulse tells it."""
    soon = datetime.now(UTC).timestamp()
    told: dict[str, Any] = {
        "name": "reddit", "label": "Reddit", "sandbox": False, "budget_left": 412.0, "budget_allowed": 600.0,
        "window_ends_at": soon + 250, "requests_per_minute": 12.4, "over_minutes": 5, "alive": 60, "refused": 2,
        "unknown": 1, "reasons": {"refused:private": 2, "unknown:blocked": 1}, "last_alive_at": soon - 90,
        "token_expires_at": soon + 23.5 * 3600, "token_problem": None, "quota_percent": None,
        "quota_name": None, "quota_back_at": None, "overdue": 12, "overdue_is_at_least": False,
        "overdue_since": soon - 3600,
        "verdict": {"state": "good", "word": "Alive", "detail": "412 of 600 calls left"},
    }  # fmt: skip
    return told | overrides


INSTAGRAM = source(
    name="instagram", label="Instagram", budget_left=None, budget_allowed=None, window_ends_at=None
)


def shown(house: House, open_page: Open, *told: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """(value, what stands below it) of each figure of the cards, by its label."""
    house.connect(present=lambda: {"sources": list(told)}, settings=Settings(subpulse_source="arctic_shift"))
    return {metric.label: (metric.value, metric.delta) for metric in open_page("sources").metric}


def test_a_card_tells_budget_pace_last_success_token_and_what_is_overdue(
    house: House, open_page: Open
) -> None:
    figures = shown(house, open_page, source())
    assert figures == {
        "Calls left": ("412", "of 600, anew in 4 min"),
        "Requests a minute": ("12.4", "over 5 minutes"),
        "Last success": ("1 min ago", "60 of 63 in 5 min"),
        "Without success": ("3", "2 refused, 1 unknown"),
        "Token ends": ("in 23 h", "renews itself"),
        "Overdue": ("12", "first due 1 h ago"),
    }


def test_a_verdict_has_a_sign_a_word_and_a_figure(house: House, open_page: Open) -> None:
    house.connect(present=lambda: {"sources": [source()]})
    words = said(open_page("sources"))
    assert ":material/check_circle:" in words
    assert "**Reddit** · Alive" in words
    assert "412 of 600 calls left" in words


def test_a_source_that_refuses_us_says_what_it_means_and_what_to_do(house: House, open_page: Open) -> None:
    verdict = {"state": "bad", "word": "Blocked", "detail": "refuses our address or user agent"}
    shown(house, open_page, source(reasons={"unknown:blocked": 3, "refused:private": 1}, verdict=verdict))
    (told,) = open_page("sources").error
    assert "Reddit refuses our address or user agent. The communities are not gone" in told.value
    assert "**What to do:** Name yourself in" in told.value


def test_real_dumps_are_not_offered_to_the_sandbox(house: House, open_page: Open) -> None:
    house.connect(settings=Settings(subpulse_source="sandbox"))
    assert any("SUBPULSE_SOURCE=arctic_shift .venv" in code.value for code in open_page("sources").code)
    house.connect(settings=Settings(subpulse_source="arctic_shift"))
    assert any(code.value.startswith(".venv/bin/python -m jobs") for code in open_page("sources").code)


def test_what_is_not_told_is_no_zero(house: House, open_page: Open) -> None:
    nothing = dict.fromkeys(("token_expires_at", "last_alive_at", "overdue_since"))
    figures = shown(house, open_page, source(**nothing, overdue=None))
    assert figures["Token ends"][0] == "unknown"
    assert figures["Last success"][0] == "never"
    assert figures["Overdue"][0] == "—"


def test_a_quota_and_a_refused_token_are_told(house: House, open_page: Open) -> None:
    figures = shown(house, open_page, INSTAGRAM | {"quota_percent": 81.4, "quota_name": "call_count"})
    assert figures["Quota used"] == ("81 %", "call_count")
    assert figures["Token ends"] == ("in 23 h", "set by hand")
    back = datetime.now(UTC).timestamp() + 1805
    figures = shown(
        house,
        open_page,
        INSTAGRAM | {"quota_back_at": back, "quota_percent": 100, "token_problem": "expired"},
    )
    assert figures["Quota used"] == ("100 %", "back in 30 min")
    assert figures["Token"] == ("refused", "expired")


@pytest.mark.parametrize("state", ["good", "warning", "bad", "unknown"])
def test_every_state_has_a_sign_of_its_own(state: str) -> None:
    assert sum(source_cards.SIGNS[state] == sign for sign in source_cards.SIGNS.values()) == 1


async def hear(house: House, name: str = "sandbox") -> None:
    growth = {
        "requests": 9,
        "alive": 5,
        "refused": 3,
        "refused:private": 3,
        "unknown": 1,
        "unknown:blocked": 1,
    }
    await sources.add_answers(house.db, "me", name, datetime.now(UTC) - timedelta(minutes=1), growth)


def test_refusals_and_failures_are_explained(house: House, open_page: Open) -> None:
    house.connect(present=lambda: {"sources": [source(name="sandbox", label="Sandbox")]})
    house.do(hear(house))
    app = open_page("sources")
    private, blocked = app.dataframe[0].value.to_dict("records")
    assert (private["reason"], private["outcome"], private["count"]) == ("private", "▨ refused", 3)
    assert (blocked["outcome"], blocked["count"]) == ("✕ unknown", 1)
    assert blocked["meaning"].startswith(
        "Sandbox refuses our address or user agent. The communities are not gone"
    )
    assert len(app.get("plotly_chart")) == 1


def test_one_of_several_sources_is_chosen_in_the_address(house: House, open_page: Open) -> None:
    house.do(hear(house))
    house.do(hear(house, "instagram"))
    house.connect(present=lambda: {"sources": [source(name="sandbox", label="Sandbox"), INSTAGRAM]})
    app = open_page("sources")
    assert app.selectbox(key="source").options == ["All sources", "Sandbox", "Instagram"]
    assert len(app.dataframe[0].value) == 4
    assert set(open_page("sources", source="Instagram").dataframe[0].value["source"]) == {"Instagram"}


def test_freshness_and_states_are_tables_with_a_sentence(house: House, open_page: Open) -> None:
    async def fill() -> None:
        async with house.db.transaction() as session:
            await subreddits.merge(session, [subreddit(), subreddit(id="t5_2", name="Kettles")])
        async with house.db.connection() as connection:
            await connection.execute(
                "UPDATE subreddits SET state = 'refused', state_reason = 'private', "
                "next_due_at = now() - interval '2 hours' WHERE id = 't5_2'"
            )

    house.do(fill())
    app = open_page("sources")
    ages, states = app.dataframe[0].value, app.dataframe[1].value
    assert list(ages["refreshed"]) == [2, 0, 0, 0, 0]
    assert list(ages["collected"]) == [0, 0, 0, 0, 1], "nobody collects from a private community"
    assert list(ages["collected_share"]) == [0, 0, 0, 0, 100]
    assert list(states["state"]) == ["● alive", "▨ refused"]
    assert states["meaning"][1] == "Only members may see the community."
    assert "1 overdue for a refresh, the first was due 2 h ago; none is overdue for new posts" in said(app)


def test_an_estimate_is_called_one(house: House, open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = sources.Ages(0, 0, 0, 0, 0, None)
    none = sources.Overdue(0, None)
    many = sources.Overdue(sources.COUNTED_AT_MOST, NOON)

    async def answer(_: Any) -> sources.Freshness:
        return sources.Freshness(1_000_000, 99_000, nothing, nothing, none, many, [])

    monkeypatch.setattr(sources, "freshness", answer)
    words = said(open_page("sources"))
    assert "estimated from 99,000 of them" in words
    assert "more than 100,000 overdue for new posts" in words


def test_sources_that_are_off_say_what_switches_them_on(house: House, open_page: Open) -> None:
    def commands() -> str:
        return "\n".join(code.value for code in open_page("sources").code)

    house.connect(settings=Settings(subpulse_source="arctic_shift"))
    off = commands()
    assert "REDDIT_CLIENT_SECRET=" in off
    assert "INSTAGRAM_ACCESS_TOKEN=" in off
    assert "jobs import FILE" in off
    assert "arctic_shift" not in off
    house.connect(settings=Settings(subpulse_source="arctic_shift"), present=lambda: {"sources": [INSTAGRAM]})
    assert "INSTAGRAM_ACCESS_TOKEN=" not in commands()


def test_every_reason_of_the_collectors_is_explained() -> None:
    known = {f"refused:{why}" for why in get_args(RefusedReason)}
    known |= {f"unknown:{why}" for why in get_args(UnknownReason)}
    assert known <= REASONS.keys()
    assert reason("unknown", "of tomorrow", "Reddit").meaning == OTHER.meaning.format(source="Reddit")


def test_outcomes_differ_in_pattern_as_well_as_in_colour() -> None:
    step = {"at": NOON - timedelta(minutes=5), "alive": 10, "refused": 5, "unknown": 1}
    figure = charts.answers([step], UTC, TimeAxis(NOON - timedelta(hours=1), NOON, 300, live=False))
    assert [trace.y for trace in figure.data] == [(2.0,), (1.0,), (0.2,)]
    assert len({trace.marker.color for trace in figure.data}) == 3
    assert len({trace.marker.pattern.shape for trace in figure.data}) == 3
    assert figure.layout.barmode == "stack"
