"""What the Instagram pages share: words for states and types, their two charts, and what is said while it is off."""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

import plotly.graph_objects as go
import streamlit as st

from dashboard import charts, data, format
from dashboard.charts import Row

LEAST_IN_A_CELL = 3
LEAST_CELLS = 8
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PARTS = ("0–4 h", "4–8 h", "8–12 h", "12–16 h", "16–20 h", "20–24 h")
RIGHTS = ("instagram_basic", "instagram_manage_insights", "pages_read_engagement")
STATES = {
    "refused:missing": "no such account, or a personal one",
    "unknown:forbidden": "our token lacks a right for it",
    "unknown:bad_request": "Instagram did not accept the question",
}
# Strong enough to tell apart, faint enough for text in either theme's colour to be read upon it.
FAINT_TO_STRONG = ((0, "rgba(91, 157, 255, 0.12)"), (1, "rgba(91, 157, 255, 0.5)"))
TYPES = {"IMAGE": "image", "VIDEO": "video", "CAROUSEL_ALBUM": "album", "REELS": "reel", "STORY": "story"}


def state_in_words(account: Row) -> str:
    """What is known of an account's state, as a reader says it."""
    if account["state"] == "alive":
        return "alive"
    if account["refreshed_at"] is None:
        return "not read yet"
    fallback = f"{account['state']} ({format.words(account['state_reason'])})"
    return STATES.get(f"{account['state']}:{account['state_reason']}", fallback)


def type_in_words(media_type: str | None, product_type: str | None = None) -> str:
    """`reel` of a video among reels, else image, video or album; unknown where it is not told."""
    name = media_type if product_type in (None, "FEED") else product_type
    return TYPES.get(name or "", (name or format.UNKNOWN).lower())


def followers(points: Sequence[Row], zone: tzinfo) -> go.Figure:
    """An account's followers over time; the scale begins where the data does."""
    figure = charts.growth([{"at": point["at"], "subscribers": point["followers"]} for point in points], zone)
    return figure.update_traces(name="followers")


def engagement_by_time(cells: Sequence[Row]) -> go.Figure:
    """Median engagement by weekday and part of the day, with the number of posts in each cell."""
    shown = {(cell["weekday"], cell["part"]): cell for cell in told(cells)}
    grid = [[shown.get((day, part)) for part in range(len(PARTS))] for day in range(1, len(WEEKDAYS) + 1)]
    figure = go.Figure(
        go.Heatmap(
            x=PARTS,
            y=WEEKDAYS,
            z=[[cell and float(cell["engagement"]) for cell in row] for row in grid],
            colorscale=FAINT_TO_STRONG,
            hovertemplate="%{y}, %{x}<br>%{z:.2f} % in the median<extra></extra>",
            hoverongaps=False,
            showscale=False,
            xgap=2,
            ygap=2,
        )
    )
    cells_told = list(shown.values())
    figure.add_scatter(  # of its own: a heat map chooses its text's colour by itself, and often badly
        x=[PARTS[cell["part"]] for cell in cells_told],
        y=[WEEKDAYS[cell["weekday"] - 1] for cell in cells_told],
        text=[f"{cell['engagement']:.1f} %<br>of {cell['counted']}" for cell in cells_told],
        mode="text",
        textfont={"size": 12, "color": charts.TEXT},
        hoverinfo="skip",
        showlegend=False,
    )
    figure.update_layout(
        height=300,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        dragmode=False,
        xaxis={"showgrid": False, "categoryorder": "array", "categoryarray": PARTS, "range": [-0.5, 5.5]},
        yaxis={"range": [6.5, -0.5], "showgrid": False, "automargin": True},
    )
    return figure


def told(cells: Sequence[Row]) -> list[Row]:
    """Those that hold enough posts to say anything."""
    return [one for one in cells if one["counted"] >= LEAST_IN_A_CELL and one["engagement"] is not None]


def show_off() -> None:
    """What switches Instagram on, and what the token must be allowed."""
    with st.container(border=True, gap="small"):
        st.markdown(":material/power_off: **Instagram is off**")
        st.markdown(
            "It needs a professional account of your own, linked to a Facebook Page, and a token for it. "
            "Then Subpulse reads the public figures of any other professional account."
        )
        st.code(
            "export INSTAGRAM_ACCESS_TOKEN=…\nexport INSTAGRAM_USER_ID=…   # of your own account\nmake run",
            language="bash",
            wrap_lines=True,
        )
        st.caption(
            f"The token needs the rights {', '.join(f'`{right}`' for right in RIGHTS)}; also `ads_management` or "
            "`ads_read` where the role on the Page was given through the Business Manager."
        )


def show_trouble() -> None:
    """What Instagram has against our token or our pace, if anything."""
    told_of_us = data.instagram_credentials()
    if told_of_us.token_problem:
        st.error("**Instagram does not take the token as it is.** Get a new one, set it as "
                 "INSTAGRAM_ACCESS_TOKEN, and start again.", icon=":material/key_off:")  # fmt: skip
        st.text(told_of_us.token_problem)
    back_at = told_of_us.quota_back_at
    if back_at is not None and back_at > datetime.now(UTC):
        left = format.duration((back_at - datetime.now(UTC)).total_seconds())
        st.info(f"Instagram asks us to wait; it is asked again in {left}.", icon=":material/hourglass_top:")
