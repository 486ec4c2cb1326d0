"""Each source as it is now: what matters of it, live from the pulse."""

from datetime import UTC, datetime

import streamlit as st

from dashboard import data, format, parts
from dashboard.reasons import reason

LIVE_SECONDS = 5
SIGNS = {
    "good": ":green[:material/check_circle:]",
    "warning": ":orange[:material/warning:]",
    "bad": ":red[:material/error:]",
    "unknown": ":gray[:material/help:]",
}


def until(epoch: float | None) -> str:
    """How long until then: `in 23 h`, `in 4 min`; `now` when it is past."""
    if epoch is None:
        return format.MISSING
    seconds = epoch - datetime.now(UTC).timestamp()
    return f"in {largest_unit(seconds)}" if seconds >= 1 else "now"


def ago(epoch: float | None) -> str:
    """How long ago: `3 min ago`; `never` for None."""
    if epoch is None:
        return "never"
    seconds = datetime.now(UTC).timestamp() - epoch
    return f"{largest_unit(seconds)} ago" if seconds >= 1 else "just now"


def largest_unit(seconds: float) -> str:
    """`23 h`, not `23 h 12 min`: a figure's card is narrow."""
    return " ".join(format.duration(round(seconds)).split()[:2])


def metric(label: str, value: str, beside: str | None = None, help: str | None = None) -> None:
    """One figure and, small below it, what it is of."""
    st.metric(
        label,
        value,
        beside,
        delta_color="off",
        delta_arrow="off",
        border=True,
        height="stretch",
        help=help,
    )


def limits(source: data.Row) -> None:
    """What it still allows: calls of a window, or a quota in percent."""
    if source["budget_left"] is not None:
        left, allowed = format.number(source["budget_left"]), format.number(source["budget_allowed"])
        metric("Calls left", left, f"of {allowed}, anew {until(source['window_ends_at'])}")
    elif source["quota_back_at"] is not None and source["quota_back_at"] > datetime.now(UTC).timestamp():
        metric(
            "Quota used", format.percent(source["quota_percent"], 0), f"back {until(source['quota_back_at'])}"
        )
    else:
        metric(
            "Quota used", format.percent(source["quota_percent"], 0), source["quota_name"] or "not told yet"
        )


def token(source: data.Row) -> None:
    """Whether our token is taken, and how long."""
    if source["token_problem"]:
        metric("Token", "refused", source["token_problem"][:40], help=source["token_problem"])
    elif source["name"] == "arctic_shift":
        metric("Token", "none", "needs none")
    else:
        renewal = "set by hand" if source["name"] == "instagram" else "renews itself"
        ends = source["token_expires_at"]
        metric("Token ends", until(ends) if ends else format.UNKNOWN, renewal)


def overdue(source: data.Row) -> None:
    """How many are due for longer than they should be."""
    count, since = source["overdue"], source["overdue_since"]
    shown = format.number(count) + ("+" if source["overdue_is_at_least"] else "")
    metric("Overdue", shown, f"first due {ago(since)}" if since else "nothing waits")


def trouble(source: data.Row) -> None:
    """While it is in a bad way: what most of its failures mean, and what to do about it."""
    if source["verdict"]["state"] == "bad" and source["reasons"]:
        outcome, _, why = max(source["reasons"], key=source["reasons"].get).partition(":")
        said = reason(outcome, why, source["label"])
        st.error(f"{said.meaning} **What to do:** {said.remedy}".replace("_", r"\_"))


@st.fragment(run_every=LIVE_SECONDS)
def show() -> None:
    """Every source in use, as the pulse tells it."""
    found = data.sources_now()
    if not found:
        parts.empty("No source was asked yet", "The first requests go out within a minute.")
    for source in found:
        verdict = source["verdict"]
        with st.container(border=True, gap="small"):
            sandbox = " · invented data" if source["sandbox"] and source["name"] != "sandbox" else ""
            st.markdown(
                f"{SIGNS[verdict['state']]} **{source['label']}** · {verdict['word']}{sandbox}  \n"
                f":small[:gray[{format.plain(verdict['detail'])}]]"
            )
            trouble(source)
            answers = source["alive"] + source["refused"] + source["unknown"]
            with st.grid(6, min_column_width=150):
                limits(source)
                metric("Requests a minute", format.number(source["requests_per_minute"], 1), "over 5 minutes")
                metric(
                    "Last success",
                    ago(source["last_alive_at"]),
                    f"{source['alive']:,} of {answers:,} in 5 min",
                )
                metric("Without success", format.number(source["refused"] + source["unknown"]),
                       f"{source['refused']:,} refused, {source['unknown']:,} unknown")  # fmt: skip
                token(source)
                overdue(source)
