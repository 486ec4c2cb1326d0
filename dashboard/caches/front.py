"""Before anybody computes: answers that the client had already, compression, and caches in front of us."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard import format, parts
from dashboard.data import Row, caches
from dashboard.ranges import TimeAxis

AS_IT_IS = "identity"
WHOLE_ANSWERS = "/"  # what the names of namespaces begin with that keep answers as they go out


def show(now: Row, is_known: bool, axis: TimeAxis) -> None:
    """Figures, compression by coding, edges.

    Args:
        is_known: whether what is stored can be asked for.
    """
    not_modified = caches.not_modified(*axis.span) if is_known else None
    with st.grid(4, min_column_width=150):
        for label, value, beside in figures(now, not_modified):
            st.metric(
                label, value, beside, delta_color="off", delta_arrow="off", border=True, height="stretch"
            )
    st.caption("Not modified: in this range. The rest: of what this process keeps, and since it began.")
    _show_codings(now["codings"])
    _show_edges(now["edges"])


def figures(now: Row, not_modified: tuple[int, int] | None) -> list[tuple[str, str, str]]:
    """(label, value, what stands beside it)."""
    whole = [one for one in now["namespaces"] if one["namespace"].startswith(WHOLE_ANSWERS)]
    hits = sum(one["hits"] for one in whole)
    asked = hits + sum(one["misses"] for one in whole)
    coded = [row for row in now["codings"] if row["coding"] != AS_IT_IS]
    plain, sent = (sum(row[name] for row in coded) for name in ("plain_bytes", "bytes"))
    told, failed = (sum(one[name] for one in now["edges"]) for name in ("purges", "failed_tries"))
    same, all_asked = not_modified or (0, 0)
    return [
        ("Answered before routing", format.percent(format.share(hits, asked)), f"of {asked:,} whole answers"),
        (
            "Not modified",
            format.percent(format.share(same, all_asked)),
            f"{same:,} of {all_asked:,} got a 304",
        ),
        (
            "Compressed to",
            format.percent(format.share(sent, plain)),
            f"{format.size(sent)} of {format.size(plain)}" if plain else "nothing compressed is kept",
        ),
        ("Purges sent", f"{told:,}" if now["edges"] else format.MISSING, _tries(now["edges"], failed)),
    ]


def _tries(edges: Sequence[Row], failed: int) -> str:
    return f"{failed:,} tries failed" if edges else "no cache in front is told"


def _show_codings(codings: Sequence[Row]) -> None:
    st.subheader("Compression", anchor=False)
    if not codings:
        st.caption("No answer is kept at present.")
        return
    parts.table(
        pd.DataFrame(
            {
                **row,
                "kib": row["bytes"] / 2**10,
                "plain_kib": row["plain_bytes"] / 2**10,
                "share": format.share(row["bytes"], row["plain_bytes"]),
            }
            for row in codings
        ),
        {
            "coding": parts.text(
                "Coding", pinned=True, help="identity: sent as it is, for it is small or asked so"
            ),
            "answers": parts.number("Answers kept"),
            "kib": parts.number("KiB", 1),
            "plain_kib": parts.number("KiB before", 1),
            "share": parts.number("Of that (%)", 1),
            "hits": parts.number("Given", help="How often these answers were given from memory"),
        },
        alt="Kept answers by content coding",
    )


def _show_edges(edges: Sequence[Row]) -> None:
    st.subheader("Caches in front", anchor=False)
    if not edges:
        parts.empty(
            "None is told of writes",
            "With EDGE_PURGE_URLS, or Fastly's or Cloudflare's settings, a cache in front keeps answers for minutes "
            "and forgets them within a second of the write. Without, it keeps them for two seconds.",
            ":material/public_off:",
        )
        return
    parts.table(
        pd.DataFrame(
            {**one, "state": "● told" if one["last_failure"] is None else f"▲ {one['last_failure']}"}
            for one in edges
        ),
        {
            "edge": parts.text("Cache", pinned=True, width="medium"),
            "state": parts.text("State"),
            "purges": parts.number("Purges sent"),
            "keys": parts.number("Keys in them"),
            "failed_tries": parts.number("Failed tries"),
            "given_up": parts.number("Keys given up", help="Forgotten there only when their time is over"),
        },
        alt="What each cache in front was told since this process began",
    )
