"""What the response cache saves."""

import pandas as pd
import streamlit as st

from dashboard import charts, data, format, parts, time_axis

axis = time_axis.show()
namespaces = data.cache_namespaces()
if not namespaces:
    parts.empty("Nothing was cached yet", "The first request to a cached route of the API fills this page.")
else:
    hits = sum(row["hits"] for row in namespaces)
    asked = hits + sum(row["misses"] for row in namespaces)
    saved = sum(row["saved_ms"] for row in namespaces) / 1e3
    with st.grid(4, min_column_width=150):
        st.metric("Hit rate", format.percent(format.share(hits, asked)), border=True)
        st.metric("Answers from memory", format.number(hits), border=True)
        st.metric("Time saved", format.duration(saved), border=True)
        st.metric("Entries kept", format.number(sum(row["items"] for row in namespaces)), border=True)
    st.caption("Since this process started, whatever the range.")
    parts.table(
        pd.DataFrame(namespaces).assign(saved=lambda rows: (rows["saved_ms"] / 1e3).round(1)),
        {
            "namespace": parts.text("Namespace", pinned=True),
            "hits": parts.number("Hits"),
            "misses": parts.number("Misses"),
            "hit_rate": parts.number("Hit rate (%)", 1),
            "items": parts.number("Entries"),
            "max_items": parts.number("At most"),
            "ttl_seconds": parts.number("Kept for (s)"),
            "saved": parts.number("Saved (s)", 1),
            "evictions": parts.number("Evicted", help="Gave way because the namespace was full"),
            "invalidations": parts.number("Invalidated", help="Forgotten because data was written"),
        },
        alt="Figures of the response cache per namespace",
    )

with st.skeleton(height=220):
    steps = data.hit_rate(axis.since, axis.until, axis.step_seconds)
if steps:
    time_axis.chart(
        charts.hit_rate(steps, parts.viewer_zone(), axis),
        "Hit rate",
        "Cache hit rate over time, in percent",
        axis,
        note="percent of what was asked",
    )
else:
    parts.empty("No hit rate in this range", "It is noted while the API is asked; or choose a longer range.")
