"""Who is connected, what they do, and who waits for whom; with the two ways to end it."""

from collections.abc import Iterator
from functools import partial

import pandas as pd
import streamlit as st

from dashboard import choosing, format, parts
from dashboard.data import ActionFailed, Row, postgresql
from dashboard.data.postgresql import Backend, Holder
from dashboard.database import code, pool
from dashboard.database.unanswered import known
from dashboard.ranges import TimeAxis
from dashboard.said import SAID

STATES = {  # as PostgreSQL calls them, and what they mean to whoever looks
    "active": "runs a statement",
    "idle": "waits for work",
    "idle in transaction": "holds a transaction open and does nothing",
    "idle in transaction (aborted)": "holds a failed transaction open and does nothing",
    "fastpath function call": "runs a function",
    "disabled": "does not tell",
}


def show(name: str, axis: TimeAxis) -> None:
    """Subpulse's own pool, blocked statements, what runs, then all connections by state."""
    is_own = name == postgresql.OWN
    if is_own:
        pool.show()
    _show_blocking(name)
    _show_clients(name)
    _show_connections(name)
    if is_own:
        pool.show_over_time(axis)


def _show_blocking(name: str) -> None:
    st.subheader("Who waits for whom", anchor=False)
    trees = postgresql.blocking(name)
    if not known(trees):
        return
    if not trees:
        st.markdown(":material/check_circle: Nobody waits for a lock.")
        return
    placed = [one for tree in trees for one in branches(tree)]
    chosen = choosing.table(
        pd.DataFrame(_branch(depth, holder) for depth, holder in placed),
        {
            "who": parts.text("Backend", pinned=True, width="medium"),
            "waits": parts.text("Has waited"),
            "lock": parts.text("For"),
            "blocks": parts.number("Wait for it"),
            "text": parts.text("Statement", width="large"),
        },
        "Backends that wait for locks, each under the one that holds what it waits for",
        [holder.pid for _, holder in placed],
        f"blocking-{name}",
    )
    if chosen is not None:
        _offer_to_end(name, next(holder.backend for _, holder in placed if holder.pid == chosen))


def branches(holder: Holder, depth: int = 0) -> Iterator[tuple[int, Holder]]:
    """(depth, backend) of a tree, who waits below whom."""
    yield depth, holder
    for one in holder.blocks:
        yield from branches(one, depth + 1)


def _branch(depth: int, holder: Holder) -> Row:
    wait, backend = holder.wait, holder.backend
    return {
        "who": f"{'   ' * (depth - 1)}└ {holder.name}" if depth else holder.name,
        "waits": format.duration(wait.seconds) if wait else "holds the lock",
        "lock": None if wait is None else " on ".join(part for part in (wait.mode, wait.relation) if part),
        "blocks": holder.waiting or None,
        "text": format.statement(backend.text) if backend else None,
    }


def _show_clients(name: str) -> None:
    st.subheader("What runs now", anchor=False)
    found = postgresql.clients(name)
    if not known(found):
        return
    if found.hidden:
        st.caption(
            f"{found.hidden:,} more are hidden from Subpulse's role; the Health view says what to grant."
        )
    if not found.backends:
        st.markdown(
            ":material/check_circle: Besides this page's own question no statement runs and no transaction is open."
        )
        return
    chosen = choosing.table(
        pd.DataFrame(_client(one) for one in found.backends),
        {
            "who": parts.text("Backend", pinned=True, width="medium"),
            "state": parts.text("State"),
            "transaction": parts.text("Transaction open"),
            "statement": parts.text("Statement since"),
            "waits_for": parts.text("Waits for"),
            "client": parts.text("From"),
            "asker": parts.text("Who asked"),
            "text": parts.text("Statement", width="large"),
        },
        "What clients of this database do, the oldest transaction first",
        [(one.pid, one.backend_start) for one in found.backends],
        f"clients-{name}",
    )
    if chosen is not None:
        _offer_to_end(name, next(one for one in found.backends if (one.pid, one.backend_start) == chosen))


def _client(one: Backend) -> Row:
    return {
        "who": one.name,
        "state": one.state,
        "transaction": format.duration(one.transaction_seconds),
        "statement": format.duration(one.statement_seconds),
        "waits_for": one.waits_for,
        "client": one.client or "this machine",
        "asker": one.asker,
        "text": format.statement(one.text),
    }


def _show_connections(name: str) -> None:
    st.subheader("Connections by state", anchor=False)
    found = postgresql.connections(name)
    if not known(found):
        return
    rows = [
        {
            "state": one.state or "hidden",
            "meaning": STATES.get(one.state or "", "may not be seen"),
            "count": one.count,
            "database": one.database,
            "role": one.role,
            "application": one.application or None,
        }
        for one in found
    ]
    parts.table(
        pd.DataFrame(rows),
        {
            "count": parts.number("Connections", width="small"),
            "state": parts.text("State"),
            "meaning": parts.text("Meaning"),
            "database": parts.text("Database"),
            "role": parts.text("Role"),
            "application": parts.text("Application"),
        },
        alt="Connections of clients to the whole server, those alike together",
    )


def _offer_to_end(name: str, backend: Backend | None) -> None:
    """The whole statement of the chosen backend, and the levers."""
    if backend is None:
        st.caption("It may not be seen, so it is left alone.")
        return
    with st.container(border=True, gap="small"):
        st.markdown(f"**{format.plain(backend.name)}**")
        code.show(backend.text or "no statement yet")
        allowed = postgresql.may_act()
        why = None if allowed else postgresql.WHY_NOT
        with st.container(horizontal=True):
            st.button(
                "Cancel the statement", icon=":material/cancel:", key="cancel", disabled=not allowed, help=why,
                on_click=partial(_act, name, backend, "cancel"),
            )  # fmt: skip
            with st.popover("End the connection", icon=":material/link_off:", disabled=not allowed, help=why):
                st.markdown(
                    "What its transaction did so far is taken back, and its client loses the connection."
                )
                st.button("End it", type="primary", key="end", on_click=partial(_act, name, backend, "end"))


def _act(name: str, backend: Backend, how: str) -> None:
    """Run before the page does, so that the page shows what became of it."""
    deed = postgresql.cancel_statement if how == "cancel" else postgresql.end_connection
    try:
        ended = deed(name, backend.pid, backend.backend_start)
    except ActionFailed as exc:
        st.session_state[SAID] = f"Process {backend.pid} goes on: {exc}"
    else:
        st.session_state[SAID] = ended.sentence + (f" To allow it: {ended.remedy}" if ended.remedy else "")
