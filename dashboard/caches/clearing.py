"""Clear by hand: a namespace, a key, a tag, everything. Every process hears of it."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

import streamlit as st

from dashboard import format
from dashboard.data import ActionFailed, Row, caches
from dashboard.said import SAID

TAG = "cache_tag"


def show_namespace(one: Row) -> None:
    """Clear the whole of it."""
    name = one["namespace"]
    with st.popover("Clear this namespace", icon=":material/mop:", **_allowed()):
        answers = format.counted(one["items"], "answer")
        st.markdown(
            f"{answers} here, and those of every other process, are computed anew when somebody asks."
        )
        _button("Clear it", "clear-namespace", name, partial(caches.clear_namespace, name))


def show_key(namespace: str, key: str | None) -> None:
    """Forget the chosen key."""
    if key is None:
        st.caption("Choose a key to forget its answer.")
        return
    with st.container(border=True, gap="small"):
        st.code(key, language=None, wrap_lines=True)
        _button(
            "Forget this answer",
            "clear-key",
            "the key",
            partial(caches.clear_key, namespace, key),
            "secondary",
        )


def show_tags(namespaces: Sequence[Row]) -> None:
    """Clear what carries a tag, known or typed; or everything."""
    st.subheader("Clear by tag", anchor=False)
    known = sorted({tag for one in namespaces for tag in one["tags"]})
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        tag = st.selectbox(
            "Tag", known, index=None, key=TAG, width=320, accept_new_options=True,
            placeholder="subreddits, or type one such as subreddit:teapots",
        )  # fmt: skip
        _button(
            "Clear",
            "clear-tag",
            f"what carries {tag}",
            partial(caches.clear, tag or ""),
            "secondary",
            tag is None,
        )
        with st.popover("Clear everything", icon=":material/mop:", **_allowed()):
            st.markdown(
                "Every namespace of every process is emptied, and what is asked next is computed anew."
            )
            _button("Clear everything", "clear-all", "everything", caches.clear_all)


def _allowed() -> Row:
    may = caches.may_clear()
    return {"disabled": not may, "help": None if may else caches.WHY_NOT}


def _button(
    label: str,
    key: str,
    what: str,
    deed: Callable[[], int],
    kind: Literal["primary", "secondary"] = "primary",
    disabled: bool = False,
) -> None:
    allowed = _allowed()
    allowed["disabled"] |= disabled
    st.button(label, type=kind, key=key, on_click=partial(_clear, what, deed), **allowed)


def _clear(what: str, deed: Callable[[], int]) -> None:
    """Run before the page does, so that the page shows what became of it."""
    try:
        forgotten = deed()
    except ActionFailed as exc:
        st.session_state[SAID] = f"Nothing was cleared of {what}: {exc}"
    else:
        st.session_state[SAID] = (
            f"Cleared {what}: {format.counted(forgotten, 'answer')} here, and what others kept of it."
        )
