"""The dashboard's router: what pages there are, what they share, and what stands there while the database is down."""

from pathlib import Path

import streamlit as st

from dashboard import data, parts

PAGES = {
    "Operate": [
        st.Page(
            "dashboard/pages/overview.py",
            title="Overview",
            icon=":material/monitor_heart:",
            default=True,
            help="Whether Subpulse is healthy now: verdicts, six numbers and their last 15 minutes, live.",
        ),
        st.Page(
            "dashboard/pages/endpoints.py",
            title="Endpoints",
            icon=":material/route:",
            url_path="endpoints",
            help="Requests, latency and errors of every API route over a range.",
        ),
        st.Page(
            "dashboard/pages/cache.py",
            title="Cache",
            icon=":material/bolt:",
            url_path="cache",
            help="What the caches save, by namespace; Redis, caches in front, reused connections; clear by hand.",
        ),
        st.Page(
            "dashboard/pages/database.py",
            title="Database",
            icon=":material/database:",
            url_path="database",
            help="Whether PostgreSQL is well: slow statements and their plans, indexes, connections, locks, and what "
            "to do about them.",
        ),
        st.Page(
            "dashboard/pages/system.py",
            title="System",
            icon=":material/memory:",
            url_path="system",
            help="Memory, CPU, event loop, PostgreSQL and queue over time, and what watching them costs.",
        ),
        st.Page(
            "dashboard/pages/jobs.py",
            title="Jobs",
            icon=":material/schedule:",
            url_path="jobs",
            help="What ran, how long, with how much memory, and how it ended. Start a job now, or pause it.",
        ),
        st.Page(
            "dashboard/pages/probes.py",
            title="Probes",
            icon=":material/network_check:",
            url_path="probes",
            help="Your other services: which are up, how fast they answer, and when they did not.",
        ),
        st.Page(
            "dashboard/pages/sources.py",
            title="Sources",
            icon=":material/hub:",
            url_path="sources",
            help="Whether the sources answer, what they refuse and why, what is left of their budgets, and how "
            "fresh the communities are.",
        ),
    ],
    "Explore": [
        st.Page(
            "dashboard/pages/subreddits.py",
            title="Subreddits",
            icon=":material/forum:",
            url_path="subreddits",
            help="Find communities by topic, size and category.",
        ),
        st.Page(
            "dashboard/pages/community.py",
            title="Community",
            icon=":material/forum:",
            url_path="community",
            visibility="hidden",
            help="One community: growth, category and newest posts.",
        ),
        st.Page(
            "dashboard/pages/instagram.py",
            title="Instagram",
            icon=":material/photo_camera:",
            url_path="instagram",
            help="Instagram accounts: who is followed, how they grow, and how their followers react.",
        ),
        st.Page(
            "dashboard/pages/instagram_account.py",
            title="Instagram account",
            icon=":material/photo_camera:",
            url_path="instagram-account",
            visibility="hidden",
            help="One Instagram account: growth, engagement and newest posts.",
        ),
    ],
}

# Files of our own: a Material icon as the page's icon would be fetched from Google.
ART = Path(__file__).parent / "dashboard"
st.set_page_config("Subpulse", ART / "icon.svg", layout="wide", initial_sidebar_state=220)
st.logo(ART / "logo.svg", icon_image=ART / "icon.svg", size="medium")
page = st.navigation(PAGES)
parts.header(page.title)
try:
    page.run()
except data.Unavailable as unavailable:
    parts.database_down(unavailable)
