"""What became of a click on the Database page, told once."""

import streamlit as st

SAID = "database_said"


def tell() -> None:
    """Show it, if there is something to tell."""
    if said := st.session_state.pop(SAID, None):
        st.toast(said)
