"""One thing that is wrong: why it is judged so, what to run, and how to take that back."""

from collections.abc import Callable

import streamlit as st

from dashboard import format
from dashboard.data.postgresql import Finding

SIGNS = {"bad": ":red[:material/error:]", "watch": ":orange[:material/warning:]"}


def show(one: Finding, lever: Callable[[], None] | None = None) -> None:
    """In a frame of its own, `lever` below the statement that mends it."""
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"{SIGNS[one.severity]} **{format.plain(one.title)}**")
        st.markdown(format.plain(one.sentence))
        if one.remedy_sql:
            st.code(one.remedy_sql, language="sql", wrap_lines=True)
        if one.undo_sql:
            with st.expander("To take it back"):
                st.code(one.undo_sql, language="sql", wrap_lines=True)
        if lever:
            lever()
