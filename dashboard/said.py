"""What became of a click, told once: the click is seen to before its page is drawn."""

import streamlit as st

from dashboard import format

SAID = "said"


def tell() -> None:
    """Show it, if there is something to tell; whatever signs are in it, they mean nothing."""
    if said := st.session_state.pop(SAID, None):
        st.toast(format.plain(said))
