"""Which database is looked at, and what of it; both are in the address."""

from collections.abc import Sequence

import streamlit as st

from dashboard.data import postgresql

DATABASE = "database"
VIEW = "view"


def database() -> str:
    """The name of the database that is looked at; asked for only where there are several."""
    names = postgresql.targets()
    if len(names) < 2:
        return names[0]
    return str(
        st.selectbox(
            "Database", names, key=DATABASE, bind="query-params", width=320,
            format_func=lambda name: "Subpulse's own" if name == postgresql.OWN else name,
        )
    )  # fmt: skip


def view(names: Sequence[str]) -> str:
    """The name of the view, the first one while none is chosen."""
    chosen = st.segmented_control(
        "View", names, default=names[0], required=True, key=VIEW, bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    return str(chosen or names[0])
