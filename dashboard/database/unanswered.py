"""What stands where a database would not answer: why, and what to run so that it does."""

from typing import TypeGuard, TypeVar

import streamlit as st

from dashboard import format
from dashboard.data import postgresql

T = TypeVar("T")


def known(answer: T | postgresql.Unanswered) -> TypeGuard[T]:
    """Whether there is an answer; where there is none, the page says why."""
    if not isinstance(answer, postgresql.Unanswered):
        return True
    with st.container(border=True, gap="xsmall"):
        st.markdown(f":material/visibility_off: {format.plain(answer.reason)}")
        if answer.remedy:
            st.code(answer.remedy, language="sql", wrap_lines=True)
    return False
