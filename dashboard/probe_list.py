"""Every probe at a glance: how many are in which state, and a table to choose one from."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from dashboard import data, format, parts, probe_form, probe_words

NO_CHECKS = data.Checks(0, 0, None)
LOOK_SECONDS = 5


def show_summary(probes: Sequence[data.Row]) -> None:
    """How many are in which state, and the way to one more."""
    states = [word for probe in probes for word in probe_words.words(probe)]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for word in probe_words.WORDS:
            if count := states.count(word):
                st.badge(f"{count:,} {word.word}", icon=word.icon, color=word.color)
        st.button("Add a probe", icon=":material/add:", on_click=probe_form.open_dialog, args=("edit",))


def show_list(probes: Sequence[data.Row], checks: Mapping[str, data.Checks]) -> data.Row:
    """The table; the probe that was chosen in it, else the one in the URL, else the first."""
    found = [checks.get(probe["route"], NO_CHECKS) for probe in probes]
    table = pd.DataFrame(
        {
            "name": [probe["name"] for probe in probes],
            "state": [[word.chip for word in probe_words.words(probe)] for probe in probes],
            "availability": [one.availability for one in found],
            "seconds": [format.milliseconds(probe["seconds"]) for probe in probes],
            "p95": [format.milliseconds(one.p95) for one in found],
            "tls": [probe_words.days_left(probe["tls_ends_at"]) for probe in probes],
            "outage": [probe_words.last_outage(probe) for probe in probes],
            "reason": [probe["reason"] for probe in probes],
            "place": [data.place_of(probe["url"]) for probe in probes],
            "checked_at": parts.in_zone(pd.Series([probe["checked_at"] for probe in probes])),
        }
    ).astype({"availability": float, "seconds": float, "p95": float, "tls": float})
    ids = [probe["id"] for probe in probes]
    chosen = ids.index(wanted) if (wanted := _wanted()) in ids else 0
    event = parts.table(
        table,
        {
            "name": parts.text("Probe", pinned=True, width=150),
            "state": st.column_config.MultiselectColumn(
                "State",
                options=[word.chip for word in probe_words.WORDS],
                color=[word.color for word in probe_words.WORDS],
            ),
            "availability": parts.number(
                "Available (%)", 2, help="Share of the checks in the range that were well"
            ),
            "seconds": parts.number("Last (ms)", 0, help="How long the last check took"),
            "p95": parts.number("p95 (ms)", 0, help="95 of 100 checks in the range took at most this long"),
            "tls": parts.number("TLS (days)", 0, help="Until the certificate ends"),
            "outage": parts.text("Last outage"),
            "reason": parts.text("Why", help="What was wrong with the last check", width="medium"),
            "checked_at": parts.when("Checked", "distance"),
            "place": parts.text("URL", width="medium"),
        },
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [chosen]}},
        key=f"probes-{ids}",  # rows are chosen by their place, which is another once the order is
        alt="Every probe, how it stands and how it stood",
    )
    if event.selection.rows:
        chosen = event.selection.rows[0]
    if _wanted() != ids[chosen]:
        choose(ids[chosen])
    return probes[chosen]


def choose(probe_id: int) -> None:
    """Show this one, also to whom the page's address is sent."""
    st.query_params[probe_words.PARAM] = str(probe_id)


def _wanted() -> int | None:
    written = st.query_params.get(probe_words.PARAM, "")
    return int(written) if written.isdecimal() else None


def rerun_when_changed(probes: Sequence[data.Row]) -> None:
    """Show the page anew as soon as a probe changes its state; the page's own refresh is slower."""
    st.fragment(_rerun_if_unlike, run_every=LOOK_SECONDS)(_standings(probes))


def _rerun_if_unlike(shown: object) -> None:
    if _standings(data.probes()) != shown:
        st.rerun()


def _standings(probes: Sequence[data.Row]) -> object:
    return [(probe["id"], probe["name"], *probe_words.words(probe)) for probe in probes]
