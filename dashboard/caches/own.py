"""What the dashboard itself keeps: answers for its viewers, and what Streamlit holds."""

import pandas as pd
import streamlit as st

from dashboard import format, parts
from dashboard.data import caches, streamlit_caches

STREAMLIT = {  # as Streamlit names them, and what they are
    "st_cache_data": "st.cache_data",
    "st_cache_resource": "st.cache_resource",
    "st_session_state": "Session state",
    "st_memory_media_file_storage": "Files for browsers",
    "UploadedFileManager": "Uploaded files",
}
BY_FUNCTION = ("st_cache_data", "st_cache_resource")


def show() -> None:
    """Two tables: functions of pages, and Streamlit's own."""
    st.subheader("Answers kept for pages", anchor=False)
    st.caption(
        "For all viewers alike, a few seconds long, so that many who look cost as much as one. Counted since this "
        "process began."
    )
    rows = [row for row in caches.kept_by_pages() if row["hits"] + row["misses"]]
    parts.table(
        pd.DataFrame(
            {
                **row,
                "hit_rate": format.share(row["hits"], row["hits"] + row["misses"]),
                "ttl": format.duration(row["ttl_seconds"]),
            }
            for row in rows
        ),
        {
            "name": parts.text("Function", pinned=True, width="medium"),
            "hit_rate": parts.number("Hit rate (%)", 1),
            "hits": parts.number("Hits"),
            "misses": parts.number("Misses"),
            "items": parts.number("Entries"),
            "max_items": parts.number("at most"),
            "ttl": parts.text("Kept for"),
        },
        alt="Functions whose answers are kept for pages, the most asked first",
        height=420 if len(rows) > 11 else "content",
    )
    st.subheader("Streamlit", anchor=False)
    _show_streamlit()


def _show_streamlit() -> None:
    found = streamlit_caches.of_streamlit()
    if not any(row["kind"] in BY_FUNCTION for row in found):
        st.caption(
            "No function is kept by st.cache_data or st.cache_resource; pages keep their answers as above."
        )
    if not found:
        parts.empty(
            "Streamlit holds nothing", "It runs when somebody opens a page of this process in a browser."
        )
        return
    parts.table(
        pd.DataFrame(
            {
                "kind": STREAMLIT.get(row["kind"], row["kind"]),
                "name": row["name"] or None,
                "kib": row["bytes"] / 2**10,
                "hits": row["hits"] if row["hits"] + row["misses"] else None,
                "misses": row["misses"] if row["hits"] + row["misses"] else None,
                "evictions": row["evictions"] or None,
            }
            for row in found
        ),
        {
            "kind": parts.text("What", pinned=True),
            "name": parts.text("Name", width="medium"),
            "kib": parts.number("KiB", 1),
            "hits": parts.number("Hits"),
            "misses": parts.number("Misses"),
            "evictions": parts.number("Evicted"),
        },
        alt="Memory and lookups of Streamlit's own caches",
    )
