"""What Subpulse and the machine under it use: memory, CPU, event loop, PostgreSQL, queue; and what watching costs."""

import streamlit as st

from dashboard import data, parts, system, time_axis

axis = time_axis.show()
with st.skeleton(height=300):
    processes = data.processes(*axis.span)
if not processes:
    parts.empty(
        "No readings in this range",
        "They are stored every 10 seconds while Subpulse runs; choose another range.",
    )
    st.stop()
process = system.chosen(processes)
shown = [process] if process else processes
with st.skeleton(height=300):
    shared = data.readings(*axis.span, axis.step_seconds, None)
    of = {one: data.readings(*axis.span, axis.step_seconds, one) for one in shown}
system.summary(of, shared)
system.show_groups(of, shared, axis)
system.show_cost(of, shared, axis)
