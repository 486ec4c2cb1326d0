"""Which endpoint is slow or failing, since when, and whether it keeps to its objective."""

from dataclasses import replace

import streamlit as st

from dashboard import charts, data, endpoints, format, heat, parts, slow_requests, time_axis

axis = time_axis.show()
kind = st.segmented_control(
    "Whose requests", data.KINDS, default="API", required=True, key="kind", bind="query-params",
    label_visibility="collapsed",
)  # fmt: skip
with st.skeleton(height=300):
    found = data.endpoints(*axis.span, kind)
name = endpoints.chosen()
if not found and not name:
    parts.empty("No requests in this range", f"{endpoints.FILLED_BY[kind]} Or choose a longer range.")
    st.stop()

if found:
    endpoints.summary(found)
    endpoints.table(found, name)
endpoints.box(found, name)
one = next((endpoint for endpoint in found if endpoint.name == name), None)
if name and one is None:
    parts.empty(
        f"Nobody asked {format.plain(name)} in this range", "Choose a longer range, or another endpoint."
    )
    st.stop()

route = one.route if one else None
methods = (one.method,) if one else tuple(sorted({endpoint.method for endpoint in found}))
with st.skeleton(height=300):
    over = data.latency_over_time(*axis.span, axis.step_seconds, route, methods)
axis = replace(axis, step_seconds=over.step_seconds)  # longer where nothing finer is kept
zone, whose = parts.viewer_zone(), name or f"{kind if kind == 'API' else kind.lower()} requests together"
objective = one.objective if one else data.settings().objectives.rest / 1e3 if kind == "API" else None
objective_ms = format.milliseconds(objective)
step = f"steps of {format.duration(axis.step_seconds)}"
figure, far = endpoints.latency(over.steps, zone, axis, objective_ms)
time_axis.chart(
    figure,
    "Latency",
    f"p50, p95 and p99 of {whose} over time, in milliseconds",
    axis,
    " · ".join(filter(None, (f"p50, p95 and p99, {step}", far))),
)
time_axis.chart(
    charts.request_rate(over.steps, zone, axis),
    "Requests", f"Requests and errors of {whose} per second", axis, "per second, errors in red",
)  # fmt: skip
time_axis.chart(
    charts.error_share(over.steps, zone, axis),
    "Errors", f"Errors of {whose} in percent of the requests", axis, "percent of requests, answered with 5xx",
)  # fmt: skip
time_axis.chart(
    heat.latency(over.at, over.counts, data.bucket_ends(), zone, axis, objective_ms),
    "How long how many took", f"How many requests of {whose} took how long, over time", axis,
    "milliseconds; the fuller the colour, the more requests",
)  # fmt: skip
if kind != "Probes":
    slow_requests.show(data.slowest_requests(*axis.span, route, methods), axis, whose)
