"""Choose one of several: a view of a page, or a row of a table that stays chosen while rows come and go around it."""

from collections.abc import Callable, Hashable, Sequence
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

    Args:
        identities: what tells the rows apart, in their order.
        key: of the session's state in which the chosen identity is kept.
    """

    def choose(identity: T | None) -> None:
        st.session_state[key] = identity

    return table_of(frame, columns, alt, identities, key, st.session_state.get(key), choose, **options)


def table_of(
    frame: pd.DataFrame,
    columns: dict[str, Any],
    alt: str,
    identities: Sequence[T],
    key: str,
    chosen: T | None,
    choose: Callable[[T | None], None],
    **options: Any,
) -> T | None:
    """The same where the choice is kept elsewhere, such as in the address: `chosen` is it, `choose` keeps another.

    A table's own selection is a row's number: after a rerun with other rows it would mean another one.
    """
    widget = _widget_key(key, tuple(identities), chosen)

    def clicked() -> None:
        rows = st.session_state[widget].selection.rows
        identity = identities[rows[0]] if rows else None
        st.session_state[f"{key}-shown"] = tuple(identities), identity
        choose(identity)

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
