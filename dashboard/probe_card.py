"""One probe in full: its state, the levers, and its outages as a table."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from dashboard import data, format, parts, probe_form, probe_words

FOUND = "probes_found"  # in the session: (probe's id, what the last test found)


def show(probe: data.Row) -> None:
    """Its state, what it asks, and what may be done to it."""
    word = probe_words.state(probe)
    since = probe_words.whole_seconds(probe["since"], datetime.now(UTC))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(probe_words.literal(probe["name"]), anchor=False, width="content")
        lasting = "" if word is probe_words.NEW else f" for {format.duration(since)}"
        st.badge(f"{word.word}{lasting}", icon=word.icon, color=word.color)
        if probe["tls_ends_at"] is not None:
            soon = probe_words.TLS_SOON in probe_words.words(probe)
            st.badge(
                probe_words.certificate(probe["tls_ends_at"]),
                icon=":material/lock_clock:" if soon else ":material/lock:",
                color="orange" if soon else "gray",
            )
    every = "" if probe["paused"] else f" · every {format.duration(probe['every_seconds'])}"
    st.text(f"{probe['method']} {data.place_of(probe['url'])}{every} · expects {probe['expected_status']}")
    if probe["reason"] and not probe["paused"]:
        st.text(f"Last check: {probe['reason']}")
    if _levers(probe) and (definition := data.probe_definition(probe["id"])):
        st.session_state[FOUND] = probe["id"], probe_form.tried(definition)
    tested, found = st.session_state.get(FOUND, (None, None))
    if found and tested == probe["id"]:
        probe_form.show_found(found)


def _levers(probe: data.Row) -> bool:
    """The buttons; whether it is to be tested."""
    paused, open_dialog = probe["paused"], probe_form.open_dialog
    with st.container(horizontal=True):
        test = st.button("Test now", icon=":material/network_check:", help="Asks once, and keeps nothing")
        st.button("Edit", icon=":material/edit:", on_click=open_dialog, args=("edit", probe["id"]))
        st.button(
            "Go on" if paused else "Pause", icon=f":material/{'resume' if paused else 'pause'}:",
            on_click=_pause, args=(probe, not paused), help=None if paused else "Paused time is no outage",
        )  # fmt: skip
        st.button("Delete", icon=":material/delete:", on_click=open_dialog, args=("delete", probe["id"]))
    return test


def _pause(probe: data.Row, paused: bool) -> None:
    """Run before the page does, so that the page shows what became of it."""
    try:
        data.pause_probe(probe["id"], paused)
    except data.ActionFailed as exc:
        st.session_state.probes_said = f"{probe['name']} was not changed: {exc}"
    else:
        st.session_state.probes_said = f"{probe['name']} {'is paused' if paused else 'goes on'}"


def show_figures(checks: data.Checks, outages: Sequence[data.Row], since: datetime, until: datetime) -> None:
    """Availability and outages of the range, as numbers."""
    down = sum(
        (min(one["ended_at"] or until, until) - max(one["began_at"], since)).total_seconds()
        for one in outages
    )
    figures = {
        "Available": format.percent(checks.availability, 2),
        "Checks": f"{checks.count:,}",
        "Failed": f"{checks.failed:,}",
        "p95": format.duration(checks.p95),
        "Outages": f"{len(outages):,}",
        "Down for": format.duration(down) if down else "never",
    }
    with st.container(horizontal=True, gap="medium"):
        for label, value in figures.items():
            st.metric(label, value, width="content")


def show_outages(outages: Sequence[data.Row]) -> None:
    """When it was down, how long, and why; the newest first."""
    if not outages:
        st.caption("No outage in this range.")
        return
    now = datetime.now(UTC)
    parts.table(
        pd.DataFrame(
            {
                "began_at": parts.in_zone(pd.Series([one["began_at"] for one in outages])),
                "ended_at": parts.in_zone(pd.Series([one["ended_at"] for one in outages])),
                "lasted": [_lasted(one, now) for one in outages],
                "reasons": [" · then ".join(one["reasons"]) for one in outages],
            }
        ),
        {
            "began_at": parts.when("Began"),
            "ended_at": parts.when("Ended"),
            "lasted": parts.text("Lasted"),
            "reasons": parts.text("Why", width="large"),
        },
        alt="Outages of the range",
    )


def _lasted(outage: data.Row, now: datetime) -> str:
    ended = outage["ended_at"]
    lasted = format.duration(probe_words.whole_seconds(outage["began_at"], ended or now))
    return lasted if ended else f"{lasted}, and lasts"
