"""Is it healthy now? Drawn in the browser from the pulse; this script runs once per visit."""

import streamlit as st

from dashboard import data, live, time_axis

PAGES = {
    "endpoints": "dashboard/pages/endpoints.py",
    "cache": "dashboard/pages/cache.py",
    "database": "dashboard/pages/database.py",
    "jobs": "dashboard/pages/jobs.py",
    "system": "dashboard/pages/system.py",
    "probes": "dashboard/pages/probes.py",
    "sources": "dashboard/pages/sources.py",
    "subreddits": "dashboard/pages/subreddits.py",
}

asked = live.show([job["name"] for job in data.job_list() if job["shared"]])
if asked.span:
    time_axis.choose(*asked.span)
if asked.page in PAGES:
    st.switch_page(PAGES[asked.page])
