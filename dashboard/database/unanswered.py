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
    _tell(answer)
    return False


def tell_what_is_not(*answers: object) -> None:
    """Why there is no answer, once for each reason that several of them share."""
    for one in dict.fromkeys(one for one in answers if isinstance(one, postgresql.Unanswered)):
        _tell(one)


def _tell(lacking: postgresql.Unanswered) -> None:
    with st.container(border=True, gap="xsmall"):
        st.markdown(f":material/visibility_off: {format.plain(lacking.reason)}")
        if lacking.remedy:
            st.code(lacking.remedy, language="sql", wrap_lines=True)
