"""What each namespace saves: figures of the range, a table, charts, and the chosen one opened."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard import choosing, format, parts
from dashboard.caches import clearing, over_time
from dashboard.data import Row, caches
from dashboard.data.caches import History
from dashboard.ranges import TimeAxis

CHOSEN = "cache_namespace"
KEY = "cache_key"


def show(now: Row, past: History | None, axis: TimeAxis) -> None:
    """Of the range where its history is known, else since this process began."""
    rows = caches.of_range(now["namespaces"], past)
    if not rows:
        parts.empty("No caches here", "This process answers nothing that could be kept.")
        return
    summary(rows)
    if past is None:
        st.caption(
            "Since this process began; what was stored of the range is not known while PostgreSQL is away."
        )
    one = _table(rows)
    if one is None:
        st.caption("Choose a row to see its charts and its most asked keys, and to clear it.")
    else:
        _head(one)
    if past is not None:
        over_time.show(one["namespace"] if one else None, one, past, axis)
    if one is not None:
        _keys(one["namespace"])
    clearing.show_tags(now["namespaces"])


def summary(rows: Sequence[Row]) -> None:
    """All namespaces together, in six figures."""
    total = {name: sum(row[name] for row in rows) for name in (*caches.COUNTED, "items", "bytes")}
    lookups = total["hits"] + total["misses"]
    with st.grid(6, min_column_width=150):
        for label, value, beside in (
            ("Hit rate", format.percent(format.share(total["hits"], lookups)), f"of {lookups:,.0f} lookups"),
            ("Saved", saved(total["saved_ms"]), f"by {total['hits']:,.0f} hits"),
            ("Served stale", format.number(total["stale"]), "beyond their time"),
            ("Forgotten", format.number(total["forgotten"]), "after a write, or by hand"),
            ("Evicted", format.number(total["evictions"]), f"{total['expirations']:,.0f} expired"),
            ("Kept now", format.size(total["bytes"]), f"{total['items']:,} answers, here"),
        ):
            st.metric(
                label, value, beside, delta_color="off", delta_arrow="off", border=True, height="stretch"
            )


def saved(milliseconds: float) -> str:
    """Time as people read it: `12 min`, `0 s` of nothing."""
    return format.duration(milliseconds / 1e3) if milliseconds else "0 s"


def fullness(row: Row) -> float:
    """Percent of whichever bound is nearer."""
    shares = (row["items"] / row["max_items"], row["bytes"] / row["max_bytes"])
    return 100 * float(max(shares))


def _table(rows: Sequence[Row]) -> Row | None:
    names = [row["namespace"] for row in rows]
    chosen = choosing.table(
        pd.DataFrame(_row(row) for row in rows),
        {
            "namespace": parts.text("Namespace", pinned=True, width=180),
            "hit_rate": parts.number("Hit rate (%)", 1),
            "hits": parts.number("Hits"),
            "misses": parts.number("Misses", help="Somebody had to wait for the answer to be computed"),
            "stale": parts.number("Stale", help="Hits past their time, while a new answer was computed"),
            "saved": parts.text("Saved", help="What computing the hits' answers had taken"),
            "saved_per_hit": parts.number("Per hit (ms)", 2, help="Time saved by a hit"),
            "forgotten": parts.number("Forgotten", help="Answers that a write, or a hand, made untrue"),
            "evictions": parts.number("Evicted", help="Gave way because the namespace was full"),
            "expirations": parts.number("Expired", help="Their time was over"),
            "full": st.column_config.ProgressColumn(
                "Full", format="%.0f %%", min_value=0, max_value=100, width=100,
                help="Of the bound that is nearer, entries or bytes; in this process, now",
            ),
            "items": parts.number("Entries", help="In this process's memory, now"),
            "kib": parts.number("KiB", 1, help="Of keys and answers, now"),
            "mean_age": parts.text("Age", width=85, help="Of the answers that are kept, on average"),
            "ttl": parts.text("Kept for", help="How long an answer is fresh, unless a write comes first"),
            "max_items": parts.number("Entries at most"),
            "max_mib": parts.number("MiB at most"),
            "oldest": parts.text("Oldest"),
            "tags": parts.text("Emptied by", help="Writes of these tags empty all of it"),
            "shared": parts.text("In Redis"),
        },
        "Figures of each namespace, the most asked first",
        names,
        CHOSEN,
        height=420 if len(names) > 11 else "content",
    )  # fmt: skip
    return next((row for row in rows if row["namespace"] == chosen), None)


def _row(row: Row) -> Row:
    return {
        **{name: row[name] for name in ("namespace", "hit_rate", "items", "max_items")},
        **{
            name: round(row[name])
            for name in ("hits", "misses", "stale", "forgotten", "evictions", "expirations")
        },
        "saved": saved(row["saved_ms"]),
        "saved_per_hit": row["saved_ms"] / row["hits"] if row["hits"] else None,
        "full": fullness(row),
        "kib": row["bytes"] / 2**10,
        "max_mib": row["max_bytes"] / format.MIB,
        "mean_age": _age(row["mean_age_seconds"]),
        "oldest": _age(row["oldest_seconds"]),
        "ttl": format.duration(row["ttl_seconds"]),
        "tags": ", ".join(row["tags"]) or None,
        "shared": "yes" if row["is_shared"] else None,
    }


def _age(seconds: float | None) -> str | None:
    return None if seconds is None else format.duration(round(seconds)) if seconds >= 1 else "under 1 s"


def _head(one: Row) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(format.plain(one["namespace"]), width="content", anchor=False)
        clearing.show_namespace(one)
    st.caption(" · ".join(since_it_began(one)))


def _keys(name: str) -> None:
    keys = caches.top_keys(name)
    if not keys:
        st.caption("No key was asked for twice yet.")
        return
    key = choosing.table(
        pd.DataFrame(
            {
                "key": row["key"],
                "hits": row["hits"],
                "kept": "yes" if row["is_kept"] else "no longer",
                "kib": None if row["bytes"] is None else row["bytes"] / 2**10,
                "cost": row["cost_ms"],
            }
            for row in keys
        ),
        {
            "key": parts.text("Most asked keys", width="large"),
            "hits": parts.number("Hits"),
            "kept": parts.text("Kept"),
            "kib": parts.number("KiB", 1),
            "cost": parts.number("Computed in (ms)", 2),
        },
        f"The keys of {name} that were asked for most, in this process",
        [row["key"] for row in keys],
        f"{KEY}-{name}",
    )
    clearing.show_key(name, key)


def since_it_began(one: Row) -> list[str]:
    """What is told of this process alone, without what never happened."""
    told = [
        ("invalidations", "invalidations"),
        ("forgotten_by_hand", "answers cleared by hand"),
        ("refreshes", "early refreshes"),
        ("shared_hits", "hits in Redis"),
        ("negative_hits", "hits on “there is nothing”"),
        ("uncovered", "not served while writes were not heard of"),
    ]
    found = [f"{words} {one[name]:,}" for name, words in told if one.get(name)]
    return ["Since this process began", *(found or ["nothing out of the ordinary"])]
