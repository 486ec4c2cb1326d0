"""A statement in full, which leaves room for what is said of it."""

import streamlit as st

MOST_LINES, MOST_PIXELS = 12, 300


def show(text: str) -> None:
    """One of more lines is moved within its frame."""
    is_long = text.count("\n") >= MOST_LINES
    st.code(text, language="sql", wrap_lines=True, height=MOST_PIXELS if is_long else "content")
