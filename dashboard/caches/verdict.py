"""Are the caches well? What to watch first, then what could be better, as caching/findings.py judges it."""

from collections.abc import Sequence

import streamlit as st

from dashboard import format
from dashboard.data import Row

SIGNS = {"watch": ":orange[:material/warning:]", "advice": ":blue[:material/lightbulb:]"}


def headline(found: Sequence[Row]) -> str:
    """What there is to see to, in a line."""
    watch = sum(one["severity"] == "watch" for one in found)
    advice = len(found) - watch
    told = f"{advice:,} could do better" if advice else ""
    if not watch:
        return ":green[:material/check_circle:] **The caches do well**" + (f" · {told}" if told else "")
    return f"{SIGNS['watch']} **{watch:,} to watch**" + (f" · {told}" if told else "")


def show(found: Sequence[Row]) -> None:
    """What to watch each in a box of its own, advice as a list."""
    st.markdown(headline(found))
    for one in found:
        if one["severity"] == "watch":
            with st.container(border=True, gap="xsmall"):
                st.markdown(f"{SIGNS['watch']} **{format.plain(one['title'])}**")
                st.markdown(format.plain(one["sentence"]))
    advice = [one for one in found if one["severity"] == "advice"]
    if advice:
        with st.container(border=True, gap="xsmall"):
            for one in advice:
                st.markdown(
                    f"{SIGNS['advice']} **{format.plain(one['title'])}** · {format.plain(one['sentence'])}"
                )
