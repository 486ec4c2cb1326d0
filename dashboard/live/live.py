"""The live component: its scripts and styles read once, what it shows described here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import plotly
import streamlit as st

from dashboard.live import chart

FOLDER = Path(__file__).parent
SCRIPTS = ("numbers.js", "feed.js", "cards.js", "chart.js", "live.js")
FEED_PATH = "api/live"
PLOTLY_PATH = f"assets/plotly.min.js?v={plotly.__version__}"

# Each tile follows a series; `limit` names the threshold in a frame's "now" above which its line turns red,
# `verdict` the verdict whose colour it takes, and `of` the series of which it is a share over `seconds`.
TILES: list[dict[str, Any]] = [
    {"title": "Requests", "series": "requests", "unit": "/s", "digits": 1},
    {
        "title": "p95 latency",
        "series": "p95",
        "unit": "ms",
        "digits": 0,
        "digits_below_10": 1,
        "limit": "objective_ms",
    },
    {"title": "Errors", "series": "errors", "of": "requests", "seconds": 60, "unit": "%", "digits": 2},
    {"title": "Cache hits", "series": "hit_rate", "unit": "%", "digits": 1, "verdict": "Cache"},
    {
        "title": "Slow queries",
        "series": "slow_queries",
        "unit": "in 5 min",
        "digits": 0,
        "verdict": "Database",
    },
    {"title": "Memory", "series": "rss", "unit": "MiB", "digits": 0, "per": 2**20, "limit": "memory_alert"},
]
COLLECTED: list[dict[str, Any]] = [
    {"title": "Communities collected", "series": "subreddits", "digits": 0, "rate": True},
    {"title": "Posts collected", "series": "posts", "digits": 0, "rate": True},
]
PANELS = {
    "y": "endpoints",
    "y2": "endpoints",
    "y3": "system",
    "y4": "jobs",
}  # who says more, by the chart's axis
VERDICTS = ("API", "Database", "Cache", "Jobs", "Sources", "Memory")

_component = st.components.v2.component(
    "subpulse_live",
    html=(FOLDER / "live.html").read_text(),
    css=(FOLDER / "live.css").read_text(),
    js="\n".join((FOLDER / name).read_text() for name in SCRIPTS),
    # In a shadow root an event loses its target once dispatched, and Plotly's delayed hover then looks for the
    # pointer in the wrong place; its style sheet does not reach in there either.
    isolate_styles=False,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a viewer asks for, once per click: a page, by its URL path, and the range drawn on the chart."""

    page: str | None
    span: tuple[datetime, datetime] | None = None


def show(jobs: list[str]) -> Asked:
    """Mount the component; what a click on a verdict or a range drawn on the chart asks for.

    Args:
        jobs: the lanes of the chart, from the top.
    """
    clicked = _component(
        key="live",
        data={
            "feed": FEED_PATH,
            "plotly": PLOTLY_PATH,
            "figure": chart.overview(jobs).to_plotly_json(),
            "tiles": TILES,
            "collected": COLLECTED,
            "verdicts": VERDICTS,
        },
        on_page_change=lambda: None,
        on_range_change=lambda: None,
    )
    return drawn(clicked.range) if clicked.range else Asked(clicked.page)


def drawn(found: Mapping[str, Any]) -> Asked:
    """What a range asks for: `from` and `to` in epoch seconds, and the `panel` on which it was drawn."""
    since, until = (datetime.fromtimestamp(found[end], UTC) for end in ("from", "to"))
    return Asked(PANELS[found["panel"]], (since, until))
