"""Endpoints in words and columns: objective, error budget, and the period before."""

from collections.abc import Sequence
from datetime import tzinfo

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard import charts, choosing, data, format, limits, parts
from dashboard.data import Endpoint
from dashboard.ranges import TimeAxis

PARAM = "endpoint"
ALL = "All of them"
FILLED_BY = {  # what fills an empty page, by whose requests it shows
    "API": "Ask the API something, such as /api/subreddits, and it appears here within 10 seconds.",
    "Dashboard": "What pages read appears here within 10 seconds.",
    "Probes": "Add a probe on the Probes page, and its requests appear here.",
    "All": "Ask the API something, such as /api/subreddits, and it appears here within 10 seconds.",
}
MET, MISSED = "✓ met", "✕ missed"


def verdict(endpoint: Endpoint) -> str:
    """Whether the objective is met, as a word with its sign."""
    if endpoint.met is None:
        return "no objective"
    return MET if endpoint.met else MISSED


def summary(endpoints: Sequence[Endpoint]) -> None:
    """What matters of all of them, in five figures."""
    held = [endpoint for endpoint in endpoints if endpoint.met is not None]
    missed = [endpoint for endpoint in held if not endpoint.met]
    count = sum(endpoint.count for endpoint in endpoints)
    errors = sum(endpoint.server_errors for endpoint in endpoints)
    refused = sum(endpoint.client_errors for endpoint in endpoints)
    earlier = sum(endpoint.before.count for endpoint in endpoints if endpoint.before)
    worst = max(held, key=lambda endpoint: endpoint.budget_used or 0, default=None)
    with st.grid(4, min_column_width=150):
        _figure(
            "Objectives",
            f"✕ {len(missed)} missed" if missed else "✓ all met" if held else format.MISSING,
            f"of {len(held)} endpoints",
            bad=bool(missed),
        )
        _figure(
            "Error budget used",
            format.percent(100 * (worst.budget_used or 0), 0) if worst else format.MISSING,
            f"by {worst.name}" if worst else "no objectives",
            bad=bool(missed),
        )
        _figure("Requests", format.number(count), data.change(count, earlier, "more", "fewer"))
        _figure(
            "Errors",
            format.percent(format.share(errors, count), 2),
            f"{errors:,} failed, {refused:,} refused",
        )


def _figure(label: str, value: str, beside: str, bad: bool = False) -> None:
    st.metric(
        label, value, beside, delta_color="red" if bad else "off", delta_arrow="off", border=True,
        height="stretch",
    )  # fmt: skip


def latency(
    steps: Sequence[data.Row], zone: tzinfo, axis: TimeAxis, objective_ms: float | None
) -> tuple[go.Figure, str]:
    """The chart of p50, p95 and p99, and in words the objective when it lies too far above to be drawn."""
    figure = charts.latency(steps, zone, axis)
    if objective_ms is None:
        return figure, ""
    highest = max((step[name] for step in steps for name in ("p50", "p95", "p99") if step[name]), default=0)
    objective = limits.Limit(objective_ms, "objective for p95", f"{objective_ms:,g} ms")
    return figure, limits.draw(figure, highest * 1e3, [objective])


def chosen() -> str | None:
    """The endpoint that the address names; None for all."""
    return st.query_params.get(PARAM)


def choose(name: str | None) -> None:
    """Write an endpoint into the address, or none."""
    if name is None:
        st.query_params.pop(PARAM, None)
    else:
        st.query_params[PARAM] = name


def box(endpoints: Sequence[Endpoint], name: str | None) -> None:
    """Choose one by its name, or all; one that was not asked in this range stays chosen."""
    names = sorted({endpoint.name for endpoint in endpoints} | ({name} if name else set()))
    st.session_state.endpoint_box = name or ALL
    st.selectbox(
        "Endpoint in the charts", [ALL, *names], key="endpoint_box", width=420,
        on_change=_boxed,
    )  # fmt: skip


def _boxed() -> None:
    name = st.session_state.endpoint_box
    choose(None if name == ALL else name)


def table(endpoints: Sequence[Endpoint], name: str | None) -> None:
    """One row each; a click on one chooses it."""
    rows = [_row(endpoint) for endpoint in endpoints]
    whole = all(not round(row["objective"] or 0, 6) % 1 for row in rows)
    names = tuple(endpoint.name for endpoint in endpoints)
    choosing.table_of(
        pd.DataFrame(rows),
        {
            "name": parts.text("Endpoint", pinned=True, width=190),
            "verdict": parts.text("Objective", help="p95 against what it is held to; OBJECTIVES sets it"),
            "p95": parts.number("p95 (ms)", 1, help="95 of 100 requests took at most this long"),
            "objective": parts.number("held to (ms)", 0 if whole else 1),
            "budget": st.column_config.ProgressColumn(
                "Budget used", width=125, format="%.0f %%", min_value=0, max_value=100,
                help="5 of 100 requests may be slower than the objective: how much of these were. Above 100 % it is "
                "overdrawn, and the objective missed.",
            ),
            "p95_change": parts.text("p95, to before", help="Against the same length of time directly before"),
            "errors": parts.number("Errors (%)", 2, help="Answered with 5xx"),
            "apdex": parts.number(
                "Apdex", 2,
                help="1 when every request took at most the objective; up to four times the objective counts "
                "half, slower and failed ones nothing",
            ),
            "count": parts.number("Requests"),
            "rate": parts.number("Per minute", 2),
            "rate_change": parts.text("Rate, to before", help="Against the same length of time directly before"),
            "p50": parts.number("p50 (ms)", 1),
            "p99": parts.number("p99 (ms)", 1),
            "max": parts.number("Slowest (ms)", 1),
            "refused": parts.number("Refused", help="Answered with 4xx"),
        },
        "Requests, latency, errors and objective of each endpoint", names, "endpoints", name, choose,
    )  # fmt: skip


def _row(endpoint: Endpoint) -> data.Row:
    before = endpoint.before
    return {
        "name": endpoint.name,
        "verdict": verdict(endpoint),
        "p95": endpoint.p95 * 1e3,
        "objective": None if endpoint.objective is None else endpoint.objective * 1e3,
        "budget": None if endpoint.budget_used is None else 100 * endpoint.budget_used,
        "p95_change": data.change(endpoint.p95, before.p95 if before else None, "slower", "faster"),
        "count": endpoint.count,
        "rate": 60 * endpoint.per_second,
        "rate_change": data.change(
            endpoint.per_second, before.per_second if before else None, "more", "fewer"
        ),
        "p50": endpoint.p50 * 1e3,
        "p99": endpoint.p99 * 1e3,
        "max": endpoint.max * 1e3,
        "errors": format.share(endpoint.server_errors, endpoint.count),
        "refused": endpoint.client_errors,
        "apdex": endpoint.apdex,
    }
