"""The second level: whether Redis works, why not, what it answers, how fast, and how much it holds."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard import format, parts
from dashboard.data import Row

UNKNOWN = "not told at present"


def show(now: Row) -> None:
    """One line, figures, and which namespaces share their answers."""
    level, server = now["level"], now["server"]
    if level is None:
        parts.empty(
            "No Redis",
            "Set REDIS_URL, and all processes share what they compute: a process that starts finds what the others "
            "have. One process alone needs none.",
            ":material/cloud_off:",
        )
        return
    st.markdown(state(level, server))
    if server is not None and server["trouble"]:
        st.caption(f"What it holds is not known: {format.plain(server['trouble'])}")
    with st.grid(6, min_column_width=150):
        for label, value, beside in figures(level, server):
            st.metric(
                label, value, beside, delta_color="off", delta_arrow="off", border=True, height="stretch"
            )
    st.caption(
        "Counted since this process began; times are of the latest 1,000 reads. A hit in memory does not ask "
        "Redis, so one process alone finds little there. Refused is what was written over meanwhile, or found "
        "no room."
    )
    _namespaces([one for one in now["namespaces"] if one["is_shared"]])


def state(level: Row, server: Row | None) -> str:
    """Whether it works, in a line."""
    if not level["works"]:
        return f":orange[:material/warning:] **Redis is off** · {format.plain(level['trouble'] or '')}"
    version = f" {server['version']}" if server and server["version"] else ""
    return f":green[:material/check_circle:] **Redis{version} works**"


def figures(level: Row, server: Row | None) -> list[tuple[str, str, str]]:
    """(label, value, what stands beside it)."""
    held = server or dict.fromkeys(("memory_bytes", "limit_bytes", "policy", "evicted"))
    limit = held["limit_bytes"]
    bound = UNKNOWN if limit is None else f"of {format.size(limit)}" if limit else "without a bound"
    return [
        (
            "Found",
            format.percent(format.share(level["found"], level["reads"])),
            f"of {level['reads']:,} reads",
        ),
        ("A read takes", _took(level["read_p50_ms"]), f"p95 {_took(level['read_p95_ms'])}"),
        ("Memory", format.size(held["memory_bytes"]), bound),
        ("Evicted", format.number(held["evicted"]), held["policy"] or UNKNOWN),
        (
            "Offered",
            format.number(level["offers"]),
            f"{level['refused']:,} refused",
        ),
        ("Outages", format.number(level["outages"]), "noticed by this process"),
    ]


def _took(milliseconds: float | None) -> str:
    return format.duration(None if milliseconds is None else milliseconds / 1e3)


def _namespaces(shared: Sequence[Row]) -> None:
    parts.table(
        pd.DataFrame(
            {
                "namespace": one["namespace"],
                "shared": one["shared_hits"],
                "share": format.share(one["shared_hits"], one["hits"]),
                "misses": one["misses"],
            }
            for one in shared
        ),
        {
            "namespace": parts.text("Namespace that shares its answers", pinned=True, width="medium"),
            "shared": parts.number("Found in Redis"),
            "share": parts.number("Of its hits (%)", 1),
            "misses": parts.number("Computed"),
        },
        alt="Namespaces whose answers are in Redis too, with how often they were found there",
    )
