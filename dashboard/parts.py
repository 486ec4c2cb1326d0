"""What pages share: the header, the viewer's clock, and the states without data."""

from datetime import UTC, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard import data, format

CHART = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False}
DOWN_CHECK_SECONDS = 5


def header(title: str) -> None:
    """The page's title, beside it what every page must say."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title(title, width="content", anchor=False)
        if data.settings().source == "sandbox":
            sandbox_badge()


def sandbox_badge() -> None:
    """Says that nothing here is real, and how to go live."""
    with st.popover(":orange[Sandbox data · go live]", icon=":material/science:", width="content"):
        st.markdown(
            "**These communities are invented.** Without credentials Subpulse watches a sandbox inside its own "
            "process, so that everything can be seen at work.\n\n"
            "An archive of Reddit needs no account: `SUBPULSE_SOURCE=arctic_shift make run`.\n\n"
            "To watch Reddit itself, register an app at [reddit.com/prefs/apps](https://www.reddit.com/prefs/apps) "
            "(Reddit must approve it), stop Subpulse, and start it with both values set:"
        )
        st.code(
            "export REDDIT_CLIENT_ID=…\nexport REDDIT_CLIENT_SECRET=…\nmake run",
            language="bash",
            wrap_lines=True,
        )
        st.caption("Sandbox and Reddit are kept apart: the sandbox's records never mix with real ones.")


def viewer_zone() -> tzinfo:
    """The time zone of whoever looks, UTC while the browser has not said."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def in_zone(times: "pd.Series[Any]") -> "pd.Series[Any]":
    """A column of moments in the viewer's time zone."""
    return pd.to_datetime(times, utc=True).dt.tz_convert(viewer_zone())


def chart(figure: go.Figure, title: str, alt: str) -> None:
    """A chart under its title."""
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**{title}**")
        st.plotly_chart(figure, config=CHART, alt=alt, key=f"chart-{title}")


def table(frame: pd.DataFrame, columns: dict[str, Any], alt: str, **options: Any) -> Any:
    """A table of the columns named, in that order, safe to export; what st.dataframe returns."""
    texts = [name for name in frame.select_dtypes(["object", "string"]).columns if name in columns]
    cells = {name: [format.cell(v) if isinstance(v, str) else v for v in frame[name]] for name in texts}
    return st.dataframe(
        frame.assign(**cells),
        hide_index=True,
        column_order=list(columns),
        column_config=columns,
        alt=alt,
        **{"placeholder": format.MISSING, **options},
    )


def number(label: str, digits: int = 0, **options: Any) -> Any:
    """A column of numbers with thousands separators; the unit belongs in the label."""
    return st.column_config.NumberColumn(label, format=f"%,.{digits}f", **options)


def text(label: str, **options: Any) -> Any:
    """A column of plain text."""
    return st.column_config.TextColumn(label, **options)


def when(label: str, format: str = "MMM DD, HH:mm:ss", width: int | None = None) -> Any:
    """A column of moments."""
    return st.column_config.DatetimeColumn(label, format=format, width=width)


def empty(title: str, text: str, icon: str = ":material/hourglass_empty:") -> None:
    """Nothing here yet: why, and what fills it."""
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"{icon} **{title}**")
        st.caption(text)


def database_down(unavailable: data.Unavailable) -> None:
    """What is wrong, since when, that it mends itself, and what still works."""
    st.error(
        f"**The database does not answer.** Noticed {format.ago(unavailable.since)}.",
        icon=":material/database_off:",
    )
    st.text(unavailable.reason)
    st.markdown(
        "Subpulse asks again every second, starts its own PostgreSQL again if it died, and this page comes back "
        "by itself. Until then the [overview](./) stays live, because it is drawn from memory; `/health` says "
        "what is wrong; and the API answers what its cache still holds."
    )
    _wait_for_database()


@st.fragment(run_every=DOWN_CHECK_SECONDS)
def _wait_for_database() -> None:
    if data.back():
        st.rerun()
    st.caption(f"Asking again every {DOWN_CHECK_SECONDS} s.")
