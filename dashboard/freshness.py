"""How fresh the communities are, and in which states: two tables and a sentence."""

from dataclasses import asdict
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import data, format, parts
from dashboard.reasons import OUTCOMES, reason

AGES = {
    "within_1_h": "within 1 hour",
    "within_6_h": "1 to 6 hours ago",
    "within_24_h": "6 to 24 hours ago",
    "older": "longer ago",
    "never": "never",
}


def show_ages(fresh: data.Freshness) -> None:
    """Communities by when they were last refreshed, and their posts last collected."""
    table = pd.DataFrame({"age": list(AGES.values())})
    for column, ages in (("refreshed", asdict(fresh.refreshed)), ("collected", asdict(fresh.collected))):
        counts = [ages[age] for age in AGES]
        table[column] = counts
        table[f"{column}_share"] = [format.share(count, sum(counts)) for count in counts]
    parts.table(
        table,
        {
            "age": parts.text("Last time", pinned=True),
            "refreshed": parts.number("Refreshed"),
            "refreshed_share": share("of all"),
            "collected": parts.number("Posts collected"),
            "collected_share": share("of all with posts", "Alive communities that are public or restricted"),
        },
        alt="Communities by when they were last refreshed and their posts last collected",
    )
    st.caption(in_words(fresh))


def in_words(fresh: data.Freshness) -> str:
    """How many wait, for how long, and how sure all this is."""
    due = f"{waiting('a refresh', fresh.overdue)}; {waiting('new posts', fresh.posts_overdue)}"
    oldest = f"The oldest refresh was {format.ago(fresh.refreshed.oldest_at)}."
    estimated = (
        f" All but what is overdue is estimated from {fresh.sampled:,} of them."
        if fresh.sampled < fresh.communities
        else ""
    )
    return (
        f"{fresh.communities:,} communities: {due}. Overdue is what was due for more than 5 minutes. "
        f"{oldest}{estimated}"
    )


def waiting(what: str, due: data.Overdue) -> str:
    """`12 overdue for a refresh, the first was due 3 h ago`."""
    if not due.count:
        return f"none is overdue for {what}"
    more = "more than " if due.is_at_least else ""
    return f"{more}{due.count:,} overdue for {what}, the first was due {format.ago(due.since)}"


def show_states(fresh: data.Freshness, source: str) -> None:
    """Communities by state and reason, which `source` gave."""
    states = fresh.states
    table = pd.DataFrame(
        {
            "state": [OUTCOMES[row.state] for row in states],
            "reason": [format.words(row.reason) if row.reason else "" for row in states],
            "communities": [row.communities for row in states],
            "share": [format.share(row.communities, fresh.communities) for row in states],
            "meaning": [
                reason(row.state, row.reason, source).meaning if row.reason else "It answers."
                for row in states
            ],
        }
    )
    parts.table(
        table,
        {
            "state": parts.text("State", pinned=True),
            "reason": parts.text("Reason"),
            "communities": parts.number("Communities"),
            "share": share("Share"),
            "meaning": parts.text("What it means", width="large"),
        },
        alt="Communities by state and reason",
    )


def share(label: str, help: str | None = None) -> Any:
    """A column of percents as bars."""
    return st.column_config.ProgressColumn(label, help=help, format="%.1f %%", min_value=0, max_value=100)
