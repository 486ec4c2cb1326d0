"""One time axis for all pages of an operator: its controls, its place in the URL, and charts that follow it.

A page says

    axis = time_axis.show()  # the controls; the axis to ask data for
    steps = data.something(axis.since, axis.until, axis.step_seconds)
    figure = charts.lines({"memory": steps}, parts.viewer_zone(), axis, "MiB")
    time_axis.chart(figure, "Memory", "Memory over time", axis)

and gets: the range in the URL and in the session, so that it goes along from page to page; a brush on the chart that
sets it everywhere, with a way back; bands for job runs and lines for deployments; and, while the range ends now, a
rerun of the page every half minute or less often (`TimeAxis.refresh_seconds`). A rerun costs some 20 ms
(decision 3 of the design), so what must be seen each second stays with the live overview. `until` of a live range
moves in steps of five seconds: a data function decorated with `kept` then answers all viewers at once.

Each function of `charts` takes the axis; for a figure of your own see `charts.calm` and `charts.over`.
"""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Literal

import plotly.graph_objects as go
import streamlit as st
from streamlit.errors import StreamlitAPIException

from dashboard import data, format, parts
from dashboard.marks import LABEL_ROOM, LABEL_ROOM_ON_A_PHONE, Marks, mark
from dashboard.ranges import (
    DEFAULT,
    PARAMS,
    RANGES,
    Choice,
    NotARange,
    TimeAxis,
    beside,
    between,
    parsed,
)

__all__ = ["TimeAxis", "chart", "choose", "show"]

JOBS_PARAM = "jobs"  # `off` in the URL: no job runs in the charts
FROM_TO = "from-to"  # what the list of ranges says while two moments are chosen
HISTORY = 20
Mode = Literal["points", "box"]
CHART = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False}


def show() -> TimeAxis:
    """Draw the controls, keep URL and session in step, rerun the page by and by; the axis as it is now."""
    choice = _current()
    axis = choice.axis(_now())
    _write(choice)
    st.session_state.axis_range = choice.name or FROM_TO
    st.session_state.axis_jobs = _jobs_wanted()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox(
            "Range", [*RANGES] if choice.name else [FROM_TO, *RANGES], key="axis_range", width=160,
            format_func=lambda name: RANGES[name].label if name in RANGES else "From – to",
            on_change=_choose_range,
        )  # fmt: skip
        with st.popover("From – to", icon=":material/date_range:", width="content"):
            _from_to(choice, axis)
        now = axis.live or axis.until >= _now().replace(microsecond=0)
        st.button("Earlier", icon=":material/chevron_left:", on_click=_step, args=(-1,))
        st.button("Later", icon=":material/chevron_right:", disabled=now, on_click=_step, args=(1,))
        st.button(
            "Back", icon=":material/undo:", disabled=not st.session_state.get("axis_history"),
            help="To the range before", on_click=_back,
        )  # fmt: skip
        st.toggle(
            "Job runs", key="axis_jobs", on_change=_choose_jobs,
            help="Grey bands in the charts where jobs ran, the darker the more at once; hover a chart to read which. "
            "Runs too short to be seen in this range are left out unless they failed.",
        )  # fmt: skip
    if said := st.session_state.pop("axis_problem", None):
        st.warning(said, icon=":material/event_busy:")
    st.caption(_in_words(axis))
    if axis.refresh_seconds is not None:
        st.fragment(_rerun_when_due, run_every=axis.refresh_seconds)(
            time.monotonic() + axis.refresh_seconds / 2
        )
    return axis


def chart(
    figure: go.Figure,
    title: str,
    alt: str,
    axis: TimeAxis,
    note: str = "",
    on_point: Callable[[Any], None] | None = None,
    narrow: bool = False,
) -> None:
    """A chart under its title that shows what happened beside it, and on which a range can be drawn.

    Args:
        figure: over `axis`, in the viewer's zone. It is changed.
        title: also tells charts of one page apart.
        alt: what it shows, for who cannot see it.
        note: a unit or the like, small and grey beside the title.
        on_point: called with the `customdata` of a point that is clicked; no range can be drawn on such a chart.
        narrow: it stands beside others, so that a deployment's label takes half of its width.
    """
    key = f"axis-chart-{title}-{st.session_state.get('axis_brushes', 0)}"
    room = LABEL_ROOM_ON_A_PHONE if narrow or on_touch() else LABEL_ROOM
    figure = mark(figure, marks(axis), axis, parts.viewer_zone(), room)
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**{title}**" + (f" :small[:gray[{note}]]" if note else ""))
        modes: tuple[Mode, ...] = ()
        if on_point:  # Streamlit hands on no clicks while dragging selects
            figure.update_layout(dragmode=False)
            figure.update_xaxes(fixedrange=True)  # or it would be dragged about
            figure.update_yaxes(fixedrange=True)
            modes = ("points",)
        elif on_touch():  # there a finger on a chart must scroll the page
            figure.update_layout(dragmode=False)
        else:
            figure.update_layout(dragmode="select", selectdirection="h", newselection={"line": {"width": 1}})
            modes = ("box",)
        if not modes:
            st.plotly_chart(figure, config=CHART, alt=alt, key=key)
            return
        st.plotly_chart(
            figure,
            config=CHART,
            alt=alt,
            key=key,
            selection_mode=modes,
            on_select=partial(_selected, key, on_point),
        )


def marks(axis: TimeAxis) -> Marks:
    """What happened within the range: deployments, and job runs unless they were switched off."""
    runs = data.job_runs_between(*axis.span) if _jobs_wanted() else ()
    return Marks(runs, data.deployments(*axis.span))


def _now() -> datetime:
    return datetime.now(UTC)


def _current() -> Choice:
    """What the URL says; where it says nothing, as after a click on another page, what was chosen last."""
    params = {name: st.query_params[name] for name in PARAMS if name in st.query_params}
    kept: Choice = st.session_state.get("axis_choice", DEFAULT)
    if params == kept.params():
        return kept
    try:
        return parsed(params, _now()) or kept
    except NotARange as exc:
        st.session_state.axis_problem = f"{exc} This is the {RANGES[DEFAULT.name or ''].label.lower()}."
        return DEFAULT


def _write(choice: Choice) -> None:
    """Into the session and the URL, which another page starts without."""
    st.session_state.axis_choice = choice
    params: dict[str, str | None] = dict.fromkeys(PARAMS)
    _put({**params, **choice.params(), JOBS_PARAM: None if _jobs_wanted() else "off"})


def _put(changes: Mapping[str, str | None]) -> None:
    """Change parameters of the URL, None takes one out; at once, so that the browser's way back has no half ways."""
    before = st.query_params.to_dict()
    others = {name: value for name, value in before.items() if name not in changes}
    wanted = {name: value for name, value in changes.items() if value is not None}
    if before == {**others, **wanted}:
        return
    try:
        st.query_params.from_dict({**others, **wanted})
    except StreamlitAPIException:  # it refuses while a widget has parameters of its own there
        st.query_params.update(wanted)
        for name in before.keys() & changes.keys() - wanted.keys():
            del st.query_params[name]


def _jobs_wanted() -> bool:
    if JOBS_PARAM in st.query_params:
        st.session_state.axis_jobs_wanted = st.query_params[JOBS_PARAM] != "off"
    wanted: bool = st.session_state.get("axis_jobs_wanted", True)
    return wanted


def choose(since: datetime, until: datetime) -> None:
    """Make it the range of all pages, from a page without controls; the next page puts it into the URL."""
    try:
        _keep(between(since, until, _now()))
    except NotARange as exc:
        st.session_state.axis_problem = str(exc)


def _take(choice: Choice) -> None:
    """Make it the range of all charts and pages; the one before can be had back."""
    _keep(choice)
    _write(choice)


def _keep(choice: Choice) -> None:
    before: Choice = st.session_state.get("axis_choice", DEFAULT)
    if choice != before:
        history = st.session_state.setdefault("axis_history", [])
        history.append(before)
        del history[:-HISTORY]
    st.session_state.axis_choice = choice


def _try_to_take(since: datetime, until: datetime) -> None:
    try:
        _take(between(since, until, _now()))
    except NotARange as exc:
        st.session_state.axis_problem = str(exc)


def _choose_range() -> None:
    if st.session_state.axis_range in RANGES:
        _take(Choice(st.session_state.axis_range))


def _choose_jobs() -> None:
    st.session_state.axis_jobs_wanted = st.session_state.axis_jobs
    _put({JOBS_PARAM: None if st.session_state.axis_jobs else "off"})


def _step(direction: int) -> None:
    now = _now()
    axis = st.session_state.get("axis_choice", DEFAULT).axis(now)
    try:
        _take(beside(axis, direction, now))
    except NotARange as exc:
        st.session_state.axis_problem = str(exc)


def _back() -> None:
    if history := st.session_state.get("axis_history"):
        _write(history.pop())


def _selected(key: str, on_point: Callable[[Any], None] | None) -> None:
    """A range was drawn on a chart, or a point clicked.

    After a range the charts get new keys, so that none shows what was drawn any more.
    """
    selection = st.session_state[key].selection
    boxes = selection.box
    if not boxes:
        if on_point and selection.points:
            on_point(selection.points[0].get("customdata"))
        return
    st.session_state.axis_brushes = st.session_state.get("axis_brushes", 0) + 1
    _try_to_take(*sorted(_from_local(datetime.fromisoformat(str(end))) for end in boxes[-1]["x"]))


def _from_local(moment: datetime) -> datetime:
    """A moment without a zone is the viewer's."""
    return moment.replace(tzinfo=parts.viewer_zone()).astimezone(UTC)


def _from_to(choice: Choice, axis: TimeAxis) -> None:
    """Both ends as the viewer's date and time, in whole minutes around the range; kept while it moves on."""
    zone, keys = parts.viewer_zone(), []
    for label, moment in (("From", axis.since), ("To", axis.until + timedelta(seconds=59))):
        key = f"axis-{label}-{'-'.join(choice.params().values())}"
        if key not in st.session_state:
            st.session_state[key] = moment.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)
        st.datetime_input(label, key=key, step=60)
        keys.append(key)
    st.caption(f"In your time zone, {zone}.")
    st.button("Show", type="primary", on_click=_apply, args=tuple(keys))


def _apply(since_key: str, until_key: str) -> None:
    since, until = st.session_state.get(since_key), st.session_state.get(until_key)
    if since is None or until is None:
        st.session_state.axis_problem = "A range needs both ends: from and to."
    else:
        _try_to_take(_from_local(since), _from_local(until))


def _rerun_when_due(due: float) -> None:
    """The timer calls it, and so does each run of the page, which is not to run again at once."""
    if time.monotonic() >= due:
        st.rerun()


def on_touch() -> bool:
    """Whether a finger scrolls this page."""
    return "Mobi" in str(st.context.headers.get("User-Agent", ""))


def _in_words(axis: TimeAxis) -> str:
    """`Nov 24, 03:30 – 04:30 · steps of 30 s · anew every 30 s`."""
    zone = parts.viewer_zone()
    since, until = (moment.astimezone(zone) for moment in axis.span)
    second = ":%S" if since.second or (until.second and not axis.live) else ""
    year = "" if since.year == until.year else " %Y"
    begin = since.strftime(f"%b %-d{year}, %H:%M{second}")
    end = until.strftime(f"%H:%M{second}" if since.date() == until.date() else f"%b %-d{year}, %H:%M{second}")
    anew = f" · anew every {format.duration(axis.refresh_seconds)}" if axis.refresh_seconds else ""
    drag = "" if on_touch() else " · drag across a chart to look closer"
    return f"{begin} – {end} · steps of {format.duration(axis.step_seconds)}{anew}{drag}"
