"""Each source as it is now: what matters of it, live from the pulse."""

from datetime import UTC, datetime

import streamlit as st

from dashboard import data, format, parts

LIVE_SECONDS = 5
SIGNS = {
    "good": ":green[:material/check_circle:]",
    "warning": ":orange[:material/warning:]",
    "bad": ":red[:material/error:]",
    "unknown": ":gray[:material/help:]",
}


def moment(epoch: float | None) -> datetime | None:
    return None if epoch is None else datetime.fromtimestamp(epoch, UTC)


def until(epoch: float | None) -> str:
    """How long until then, in its largest unit: `in 23 h`, `in 4 min`; `now` when it is past."""
    if epoch is None:
        return format.MISSING
    seconds = epoch - datetime.now(UTC).timestamp()
    return f"in {' '.join(format.duration(round(seconds)).split()[:2])}" if seconds >= 1 else "now"


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
    count, since = source["overdue"], moment(source["overdue_since"])
    shown = format.number(count) + ("+" if source["overdue_is_at_least"] else "")
    metric("Overdue", shown, f"the first was due {format.ago(since)}" if since else "nothing waits")


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
            answers = source["alive"] + source["refused"] + source["unknown"]
            with st.grid(6, min_column_width=150):
                limits(source)
                metric("Requests a minute", format.number(source["requests_per_minute"], 1), "over 5 minutes")
                metric(
                    "Last answer", format.ago(moment(source["last_alive_at"])), f"{answers:,} in 5 minutes"
                )
                metric("Without success", format.number(source["refused"] + source["unknown"]),
                       f"{source['refused']:,} refused, {source['unknown']:,} unknown")  # fmt: skip
                token(source)
                overdue(source)
