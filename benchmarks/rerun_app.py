"""The usual way to a live dashboard in Streamlit, to measure against: four charts in a fragment that reruns.

The overview's panels (latency, requests, memory, jobs) as four Plotly figures of 300 points each, rebuilt and sent
to each viewer every two seconds. The data is made with numpy in microseconds and passed as arrays, which Plotly
encodes fastest; nothing is fetched.
"""

import time

import numpy as np
import plotly.graph_objects as go
import streamlit as st

POINTS = 300
EVERY_SECONDS = 2
JOBS = ("discover_subreddits", "refresh_subreddits", "collect_posts", "categorize")


def latency(at: np.ndarray, noise: np.ndarray) -> go.Figure:
    figure = go.Figure()
    for name, level in (("p50", 8.0), ("p95", 45.0), ("p99", 160.0)):
        figure.add_scatter(x=at, y=level * (1 + noise), name=name, mode="lines")
    return figure.update_layout(height=200, yaxis_title="ms")


def requests(at: np.ndarray, noise: np.ndarray) -> go.Figure:
    figure = go.Figure()
    figure.add_scatter(x=at, y=60 * (1 + noise), name="requests", mode="lines")
    figure.add_bar(x=at, y=np.round(noise), name="errors")
    return figure.update_layout(height=200, yaxis_title="per second")


def memory(at: np.ndarray, noise: np.ndarray) -> go.Figure:
    figure = go.Figure()
    figure.add_scatter(x=at, y=180 + 10 * noise, name="resident", mode="lines", fill="tozeroy")
    return figure.update_layout(height=200, yaxis_title="MiB")


def jobs(at: np.ndarray, noise: np.ndarray) -> go.Figure:
    lanes = np.array(JOBS)[np.arange(POINTS) % len(JOBS)]
    figure = go.Figure()
    figure.add_scatter(x=at, y=lanes, mode="markers", marker={"size": 4 + 4 * noise})
    return figure.update_layout(height=200)


@st.fragment(run_every=EVERY_SECONDS)
def live() -> None:
    now = np.datetime64(int(time.time()), "s")
    at = now - np.arange(POINTS)[::-1].astype("timedelta64[s]")
    noise = np.random.default_rng().random(POINTS)
    for chart in (latency, requests, memory, jobs):
        st.plotly_chart(chart(at, noise), key=chart.__name__)


live()
