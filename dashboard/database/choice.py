"""Which database is looked at; it is in the address."""

import streamlit as st

from dashboard.data import postgresql

DATABASE = "database"


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
