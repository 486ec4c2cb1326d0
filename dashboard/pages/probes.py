"""The operator's other services: which are up, since when, how fast, and how often they were not."""

import streamlit as st

from dashboard import data, parts, probe_card, probe_charts, probe_form, probe_list, probe_words, time_axis

with st.skeleton(height=300):
    probes = data.probes()
if said := st.session_state.pop("probes_said", None):
    st.toast(probe_words.literal(said))
probe_form.show()
if not probes:
    parts.empty(
        "No probes yet",
        "A probe asks one of your other services for a URL, every 10 seconds to once a day, and tells you when it "
        "does not answer as it should: another status, a missing text, too late, or a certificate that ends soon. "
        "Subpulse asks nobody until you add one here.",
        ":material/network_check:",
    )
    st.button(
        "Add a probe", icon=":material/add:", type="primary", on_click=probe_form.open_dialog, args=("edit",)
    )
    st.stop()

axis = time_axis.show()
with st.skeleton(height=300):
    checks = data.probe_checks(*axis.span)
probe_list.show_summary(probes)
chosen = probe_list.show_list(probes, checks)
probe_list.rerun_when_changed(probes)

probe_card.show(chosen)
with st.skeleton(height=300):
    found = data.probe_latency(chosen["id"], *axis.span, axis.step_seconds)
    outages = data.probe_outages(chosen["id"], *axis.span)
probe_card.show_figures(checks.get(chosen["route"], probe_list.NO_CHECKS), outages, *axis.span)
steps = [
    probe_charts.Step(*step) for step in zip(found.at, found.p50, found.p95, found.server_errors, strict=True)
]
time_axis.chart(
    probe_charts.checks(steps, outages, chosen["every_seconds"], axis, parts.viewer_zone()),
    "How long its checks took",
    f"Duration of the checks of {chosen['name']} over time, and its outages",
    axis,
    "✕ failed · red: down",
)
st.subheader("Outages", anchor=False)
probe_card.show_outages(outages)
