"""Which route is slow or failing, since when."""

import pandas as pd
import streamlit as st

from dashboard import charts, data, format, parts, time_axis

ALL = "All routes"
OWN = ("PAGE", "PROBE")  # the dashboard's reads and the probes, which are no requests of the API

axis = time_axis.show()
with st.skeleton(height=300):
    routes = [one for one in data.endpoints(*axis.span) if one.method not in OWN]
if not routes:
    parts.empty(
        "No requests in this range",
        "Ask the API something, such as /api/subreddits, and its route appears here within 10 seconds; "
        "or choose a longer range.",
    )
    st.stop()

table = pd.DataFrame(
    {
        "route": [f"{route.method} {route.route}" for route in routes],
        "count": [route.count for route in routes],
        "rate": [route.count / axis.seconds for route in routes],
        "p50": [format.milliseconds(route.p50) for route in routes],
        "p95": [format.milliseconds(route.p95) for route in routes],
        "p99": [format.milliseconds(route.p99) for route in routes],
        "max": [format.milliseconds(route.max) for route in routes],
        "errors": [route.server_errors for route in routes],
        "share": [format.share(route.server_errors, route.count) for route in routes],
        "refused": [route.client_errors for route in routes],
    }
).round({"rate": 3, "p50": 1, "p95": 1, "p99": 1, "max": 1, "share": 2})
parts.table(
    table,
    {
        "route": parts.text("Route", pinned=True),
        "count": parts.number("Requests"),
        "rate": parts.number("Per second", 2),
        "p50": parts.number("p50 (ms)", 1),
        "p95": parts.number("p95 (ms)", 1, help="95 of 100 requests took at most this long"),
        "p99": parts.number("p99 (ms)", 1),
        "max": parts.number("Slowest (ms)", 1),
        "errors": parts.number("Errors (5xx)"),
        "share": parts.number("Errors (%)", 2),
        "refused": parts.number("Refused (4xx)"),
    },
    alt="Requests, latency and errors per route",
)

names = sorted({route.route for route in routes})
chosen = st.selectbox("Route in the charts", [ALL, *names], key="endpoint", bind="query-params", width=420)
with st.skeleton(height=240):
    methods = tuple(sorted({route.method for route in routes}))
    one = None if chosen in (ALL, None) else chosen
    steps = data.latency(*axis.span, axis.step_seconds, one, methods).steps
zone = parts.viewer_zone()
time_axis.chart(
    charts.latency(steps, zone, axis), "Latency", f"Latency of {chosen} over time", axis, "p50, p95 and p99"
)
time_axis.chart(
    charts.request_rate(steps, zone, axis),
    "Requests and server errors",
    f"Requests and errors of {chosen} over time",
    axis,
    "per second",
)
