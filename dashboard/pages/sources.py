"""Whether the sources answer, what they refuse and why, and how fresh the communities are."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from dashboard import charts, data, format, freshness, parts, source_cards, sources_off, time_axis
from dashboard.reasons import OUTCOMES, reason

ALL = "All sources"
STORED_SECONDS = 60  # answers are stored by the minute

source_cards.show()
labels = {source["name"]: source["label"] for source in data.sources_now()}

axis = time_axis.show()
with st.skeleton(height=300):
    rows = data.answer_reasons(*axis.span)
known = list(
    labels | {row["source"]: None for row in rows}
)  # one that was switched off is still in the range
source = None
if len(known) > 1:
    chosen = st.selectbox("Source", [ALL, *known], format_func=lambda name: labels.get(name, name),
                          key="source", bind="query-params", width=170)  # fmt: skip
    source = chosen if chosen in known else None

if not rows:
    parts.empty(
        "No answers in this range",
        "They appear within 10 seconds of being asked for; or choose a longer range.",
    )
else:
    answers_axis = replace(axis, step_seconds=max(axis.step_seconds, STORED_SECONDS))
    with st.skeleton(height=240):
        steps = data.answers(axis.since, axis.until, answers_axis.step_seconds, source)
    time_axis.chart(
        charts.answers(steps, parts.viewer_zone(), answers_axis),
        "Answers",
        "Answers over time, stacked by outcome: alive grey, refused amber and striped, unknown red and crossed",
        answers_axis,
        note=f"a minute, in steps of {format.duration(answers_axis.step_seconds)}",
    )
    st.subheader("Refused and unknown", anchor=False)
    failed = [row for row in rows if row["reason"] and source in (None, row["source"])]
    if not failed:
        parts.empty(
            "Nothing was refused", "Every request of this range was answered.", ":material/check_circle:"
        )
    else:
        said = [
            reason(row["outcome"], row["reason"], labels.get(row["source"], row["source"])) for row in failed
        ]
        table = pd.DataFrame(failed)
        table["outcome"] = [OUTCOMES[row["outcome"]] for row in failed]
        table["reason"] = [format.words(row["reason"]) for row in failed]
        table["source"] = [labels.get(row["source"], row["source"]) for row in failed]
        table["last_at"] = parts.in_zone(table["last_at"])
        table["meaning"], table["remedy"] = zip(*said, strict=True)
        parts.table(
            table,
            {
                "reason": parts.text("Reason", pinned=True),
                "outcome": parts.text("Outcome"),
                **({"source": parts.text("Source")} if len(known) > 1 else {}),
                "count": parts.number("Times"),
                "last_at": parts.when("Last", "distance"),
                "meaning": parts.text("What it means", width="large"),
                "remedy": parts.text("What to do", width="large"),
            },
            alt="Refusals and failures by reason",
        )

st.subheader("Freshness of the communities", anchor=False)
with st.skeleton(height=260):
    fresh = data.freshness()
if not fresh.communities:
    parts.empty(
        "No communities yet",
        "The first ones arrive with the first answer to the discovery job, which asks every 10 minutes. What is "
        "refused stands above.",
    )
else:
    freshness.show_ages(fresh)
    st.subheader("States of the communities", anchor=False)
    freshness.show_states(fresh, labels.get(data.settings().source, "The source"))
    st.page_link("dashboard/pages/subreddits.py", label="All communities", icon=":material/forum:")

st.subheader("Sources that are off", anchor=False)
sources_off.show({data.settings().source, *labels})
