"""What the caches save, whether they do well, and what to do where they do not."""

import streamlit as st

from dashboard import choosing, data, parts, said, time_axis
from dashboard.caches import connections, front, namespaces, own, redis, verdict
from dashboard.data import caches

axis = time_axis.show()
said.tell()
now = caches.now()
names = tuple(one["namespace"] for one in now["namespaces"])
past = None
try:
    with st.skeleton(height=300):
        past = caches.history(names, *axis.span, axis.step_seconds)
except data.Unavailable as unavailable:  # what lives in memory is shown all the same
    parts.database_down(unavailable)
is_known = past is not None
verdict.show(caches.findings(caches.of_range(now["namespaces"], past)))
match choosing.view(["Namespaces", "Redis", "In front", "Connections", "Dashboard"], "cache_view"):
    case "Redis":
        redis.show(now)
    case "In front":
        front.show(now, is_known, axis)
    case "Connections":
        connections.show(now, is_known, axis)
    case "Dashboard":
        own.show()
    case _:
        namespaces.show(now, past, axis)
