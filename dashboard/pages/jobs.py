"""What ran, how it went, and the levers: run now, pause."""

import pandas as pd
import streamlit as st

from dashboard import charts, data, format, parts, time_axis

ALL = "All jobs"
ANY = "any outcome"
BY_HAND = {"import": "bring in dumps: python -m jobs import FILE…"}
SIGNS = {"succeeded": "✓", "failed": "✕", "lost": "?", "running": "●", "missed": "–", "skipped": "–"}


def act(name: str, action: str) -> None:
    """Run before the page does, so that the page shows what became of it."""
    try:
        if action == "run":
            data.run_job(name)
        else:
            data.pause_job(name, action == "pause")
    except data.ActionFailed as exc:
        st.session_state.job_said = f"{name} was not changed: {exc}"
    else:
        done = {"run": "was asked to run now", "pause": "is paused", "resume": "goes on"}[action]
        st.session_state.job_said = f"{name} {done}"


def _state(job: data.Row, record: data.Row) -> str:
    if record.get("paused"):
        return "paused"
    if record.get("running"):
        return "● running"
    return "waiting" if job["every_seconds"] else "ended"


def _why_not(name: str | None) -> str:
    if not data.can_control_jobs():
        return "This process runs no jobs"
    return "It is started from the shell" if name else "Choose a job first"


axis = time_axis.show()
with st.skeleton(height=300):
    today = data.jobs_today()
scheduled = {job["name"] for job in data.job_list()}
by_hand = [
    {"name": name, "summary": BY_HAND.get(name, ""), "every_seconds": None}
    for name in today
    if name not in scheduled
]
listed = [*data.job_list(), *by_hand]
if said := st.session_state.pop("job_said", None):
    st.toast(said)

if listed:
    records = [today.get(job["name"], {}) for job in listed]
    table = pd.DataFrame(
        {
            "job": [job["name"] for job in listed],
            "state": [_state(job, record) for job, record in zip(listed, records, strict=True)],
            "every": [
                format.duration(job["every_seconds"]) if job["every_seconds"] else "by hand" for job in listed
            ],
            "last": [format.ago(record.get("last_started_at")) for record in records],
            "runs": [record.get("runs", 0) for record in records],
            "failures": [record.get("failures", 0) for record in records],
            "absent": [record.get("absent", 0) for record in records],
            "mean": [format.duration(record.get("mean_seconds")) for record in records],
            "rise": [format.size(record.get("memory_rise")) for record in records],
            "items": [record.get("items") for record in records],
            "summary": [job["summary"] for job in listed],
        }
    )
    parts.table(
        table,
        {
            "job": parts.text("Job", pinned=True),
            "state": parts.text("State"),
            "every": parts.text("Every"),
            "last": parts.text("Last start"),
            "runs": parts.number("Runs in 24 h"),
            "failures": parts.number("Failed"),
            "absent": parts.number("Missed", help="The clock was late, or the run before went on"),
            "mean": parts.text("Mean duration"),
            "rise": parts.text(
                "Memory rise", help="The largest rise of resident memory above before the run"
            ),
            "items": parts.number("Items"),
            "summary": parts.text("What it does", width="large"),
        },
        alt="Every job with its record of the last 24 hours",
    )

names = [job["name"] for job in listed]
with st.container(horizontal=True, vertical_alignment="bottom"):
    chosen = st.selectbox("Job", [ALL, *names], key="job", bind="query-params", width=260)
    outcome = st.selectbox("Outcome", [ANY, *SIGNS], key="outcome", bind="query-params", width=170)
    name = chosen if chosen in names else None
    ready = data.can_control_jobs() and name in scheduled
    why = None if ready else _why_not(name)
    paused = bool(today.get(name or "", {}).get("paused"))
    st.button("Run now", icon=":material/play_arrow:", disabled=not ready, help=why,
              on_click=act, args=(name, "run"))  # fmt: skip
    st.button("Go on" if paused else "Pause", icon=":material/resume:" if paused else ":material/pause:",
              disabled=not ready, help=why, on_click=act, args=(name, "resume" if paused else "pause"))  # fmt: skip

wanted = outcome if outcome in SIGNS else None
with st.skeleton(height=300):
    runs = data.job_runs(*axis.span, name, wanted)
    telling = data.telling_runs(*axis.span, name, wanted)
if not runs:
    parts.empty(
        "No runs in this range",
        "A run appears here as soon as it begins, the first within a minute of the start; or choose a longer range.",
    )
    st.stop()

cut = f" · the {len(telling):,} that failed or took longest" if len(telling) == data.RUNS_SHOWN else ""
whose = "" if name else "without the jobs that each process runs for itself"
time_axis.chart(
    charts.runs(telling, parts.viewer_zone(), axis), "Duration and memory of each run", "Job runs over time", axis,
    note=f"{whose}{cut}".removeprefix(" · "),
)  # fmt: skip
table = pd.DataFrame(runs)
table["outcome"] = [f"{SIGNS[run['outcome']]} {run['outcome']}" for run in runs]
table["started_at"] = table["ago"] = parts.in_zone(table["started_at"])
table["wall"] = [format.duration(run["wall_seconds"]) for run in runs]
table["cpu"] = [format.duration(run["cpu_seconds"]) for run in runs]
for column in ("memory_before", "memory_peak", "memory_after"):
    table[column] = (table[column].astype(float) / format.MIB).round(1)
parts.table(
    table,
    {
        "started_at": parts.when("Started"),
        "ago": parts.when("Ago", "distance"),
        "job": parts.text("Job"),
        "outcome": parts.text("Outcome"),
        "wall": parts.text("Took"),
        "cpu": parts.text("CPU time"),
        "memory_before": parts.number("Before (MiB)", 1, help="Resident memory before the run"),
        "memory_peak": parts.number("Peak (MiB)", 1),
        "memory_after": parts.number("After (MiB)", 1),
        "items": parts.number("Items"),
        "error": parts.text("Error", width="large"),
    },
    alt="The newest runs",
)
