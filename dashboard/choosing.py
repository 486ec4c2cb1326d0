"""Choose one of several: a view of a page, or a row of a table that stays chosen while rows come and go around it."""

from collections.abc import Hashable, Sequence
from typing import Any, TypeVar

import pandas as pd
import streamlit as st

from dashboard import parts

T = TypeVar("T", bound=Hashable)


def view(names: Sequence[str], key: str) -> str:
    """The name of a page's view, the first one while none is chosen.

    Args:
        key: of the address in which it stands; each page needs one of its own.
    """
    chosen = st.segmented_control(
        "View", names, default=names[0], required=True, key=key, bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    return str(chosen or names[0])


def table(
    frame: pd.DataFrame,
    columns: dict[str, Any],
    alt: str,
    identities: Sequence[T],
    key: str,
    **options: Any,
) -> T | None:
    """A table; the identity of the row that is chosen, None while none is or once it is gone.

    A table's own selection is a row's number: after a rerun with other rows it would mean another one.

    Args:
        identities: what tells the rows apart, in their order.
        key: of the session's state in which the chosen identity is kept.
    """
    chosen = st.session_state.get(key)
    widget = _widget_key(key, tuple(identities), chosen)

    def clicked() -> None:
        rows = st.session_state[widget].selection.rows
        st.session_state[key] = identities[rows[0]] if rows else None
        st.session_state[f"{key}-shown"] = tuple(identities), st.session_state[key]

    parts.table(
        frame,
        columns,
        alt,
        on_select=clicked,
        selection_mode="single-row",
        selection_default={"selection": {"rows": [identities.index(chosen)] if chosen in identities else []}},
        key=widget,
        **options,
    )
    return chosen if chosen in identities else None


def _widget_key(key: str, identities: tuple[Hashable, ...], chosen: Hashable) -> str:
    """Another table when its rows change or another one is chosen elsewhere, so that the mark stands right."""
    shown = identities, chosen
    if st.session_state.get(f"{key}-shown") != shown:
        st.session_state[f"{key}-shown"] = shown
        st.session_state[f"{key}-tables"] = st.session_state.get(f"{key}-tables", 0) + 1
    return f"{key}-{st.session_state[f'{key}-tables']}"
