"""The dialogs that add, change and delete a probe. They say in place what is wrong, and lose nothing of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st

from dashboard import data, format, probe_words
from dashboard.data import ActionFailed, Definition, Unusable

EXAMPLES = {
    "name": "Shop",
    "url": "https://shop.example.org/health",
    "headers": "Authorization: Bearer …\nAccept: application/json",
    "body": '{"query": "…"}',
}
EMPTY = Definition("", "")
ASKED_FOR = "probe-asked-for"  # in the session: `save` or `test`, whichever was tried last,
FOUND, PROBLEM = "probe-found", "probe-problem"  # and what a test found, or why it was not saved
DIALOG = "probe_dialog"  # in the session: ("edit", id or None) or ("delete", id), while one is open


def open_dialog(kind: str, probe_id: int | None = None) -> None:
    """Show it from the next run on; a callback."""
    for key in [key for key in st.session_state if str(key).startswith("probe-")]:
        del st.session_state[key]
    st.session_state[DIALOG] = kind, probe_id


def show() -> None:
    """The dialog that is open, if there is one. It stays while the page runs again by itself."""
    kind, probe_id = st.session_state.get(DIALOG, (None, None))
    if kind is None:
        return
    stored = data.probe_definition(probe_id) if probe_id is not None else None
    if probe_id is not None and stored is None:
        _close("It was deleted meanwhile")
    elif kind == "delete" and stored is not None and probe_id is not None:
        st.dialog(f"Delete {probe_words.literal(stored.name)}?", dismissible=False)(_delete)(probe_id)
    elif kind == "edit":
        title = f"Edit {probe_words.literal(stored.name)}" if stored else "Add a probe"
        st.dialog(title, width="large", dismissible=False)(_edit)(probe_id, stored or EMPTY)


def _close(said: str | None = None) -> None:
    st.session_state.pop(DIALOG, None)
    if said:
        st.session_state.probes_said = said


def _delete(probe_id: int) -> None:
    st.write(
        "It is checked no more, and its outages are forgotten. To keep them, pause it instead. "
        "What was measured of its latency goes when it is two years old."
    )
    with st.container(horizontal=True):
        if st.button("Delete", type="primary", icon=":material/delete:", key="probe_delete"):
            try:
                data.delete_probe(probe_id)
            except ActionFailed as exc:
                st.error(f"Nothing was deleted: {exc}.")
                return
            _close("The probe was deleted")
            st.rerun()
        if st.button("Cancel", key="probe_keep"):
            _close()
            st.rerun()


def _edit(probe_id: int | None, stored: Definition) -> None:
    form = _Form(stored)
    with st.form("probe", border=False):
        values = form.draw()
        with st.container(horizontal=True):
            save = st.form_submit_button("Save", type="primary", icon=":material/check:")
            test = st.form_submit_button(
                "Test now", icon=":material/network_check:", help="Asks once, and keeps nothing"
            )
            cancel = st.form_submit_button("Cancel")
    if cancel:
        _close()
        st.rerun()
    if save or test:
        st.session_state[ASKED_FOR] = "save" if save else "test"
        st.session_state[FOUND] = st.session_state[PROBLEM] = None
    asked_for = st.session_state.get(ASKED_FOR)
    if asked_for is None:
        return
    definition = form.read(values)  # also when the page ran by itself since: what was said stays
    if definition is None:
        said = "Nothing was saved" if asked_for == "save" else "It was not asked"
        st.error(f"{said}: see what is red above.", icon=":material/error:")
    elif test:
        st.session_state[FOUND] = tried(definition)
    elif save:
        st.session_state[PROBLEM] = _saved(probe_id, definition)
    if problem := st.session_state.get(PROBLEM):
        if isinstance(problem, data.NameTaken):
            form.complain("name", "Another probe has this name")
        st.error(f"Nothing was saved: {problem}.", icon=":material/error:")
    if found := st.session_state.get(FOUND):
        show_found(found)


def _saved(probe_id: int | None, definition: Definition) -> ActionFailed | None:
    """Save, close and show it, or why not."""
    try:
        saved = data.save_probe(probe_id, definition)
    except ActionFailed as exc:
        return exc
    st.query_params[probe_words.PARAM] = str(saved)
    _close(f"{definition.name} is saved and being checked")
    st.rerun()


def tried(definition: Definition) -> data.Row:
    """What came of asking once; `reason` also says why it could not be asked."""
    with st.spinner(f"Asking {data.host_of(definition.url)} …"):
        try:
            return data.try_probe(definition)
        except ActionFailed as exc:
            return {
                "status": None,
                "seconds": None,
                "reason": f"it was not asked: {exc}",
                "tls_ends_at": None,
            }


def show_found(found: data.Row) -> None:
    """Status, time, reason and certificate of a test."""
    well = found["reason"] is None
    word = probe_words.UP if well else probe_words.DOWN
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge("as expected" if well else "not as expected", icon=word.icon, color=word.color)
            status = f"status {found['status']}" if found["status"] else "no answer"
            st.text(
                " · ".join(
                    [status, format.duration(found["seconds"]), probe_words.certificate(found["tls_ends_at"])]
                ),
                width="content",
            )
        if not well:
            st.text(_sentence(found["reason"]))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


class _Form:
    """The inputs, each with room beneath it for what is wrong."""

    def __init__(self, stored: Definition) -> None:
        self.stored = stored
        self._room: dict[str, Any] = {}

    def complain(self, field: str, problem: str) -> None:
        """Say what is wrong with an input, beneath it."""
        self._room[field].markdown(f":red[:material/error: {probe_words.literal(problem)}]")

    def read(self, values: dict[str, Any]) -> Definition | None:
        """What was written, or None when something is wrong, which then is said."""
        problems: dict[str, str] = {}
        try:
            headers = data.headers_in(values["headers"], self.stored.headers)
        except Unusable as exc:
            headers, problems["headers"] = {}, str(exc)
        missing = [name for name in ("timeout_seconds", "every_seconds", "down_after", "up_after", "tls_warn_days")
                   if values[name] is None]  # fmt: skip
        problems |= dict.fromkeys(missing, "Write a number")
        definition = Definition(
            **{**values, "headers": headers, "name": values["name"].strip(), "url": values["url"].strip()}
            | {name: getattr(EMPTY, name) for name in missing}
        )
        problems = definition.problems() | problems
        for field, problem in problems.items():
            self.complain(field, problem)
        return None if problems else definition

    def draw(self) -> dict[str, Any]:
        """The inputs' values, by field."""
        stored, values = self.stored, dict[str, Any]()
        name, every = st.columns([3, 1])
        with name, self._field("name") as key:
            values["name"] = st.text_input("Name", stored.name, key=key, placeholder=EXAMPLES["name"])
        with every:
            values["every_seconds"] = self._number(
                "every_seconds", "Every (seconds)", "10 s to a day, 86,400 s"
            )
        method, url = st.columns([1, 3])
        with method, self._field("method") as key:
            values["method"] = st.selectbox(
                "Method", data.METHODS, data.METHODS.index(stored.method), key=key
            )
        with url, self._field("url") as key:
            values["url"] = st.text_input("URL", stored.url, key=key, placeholder=EXAMPLES["url"])
        values |= self._expected() | self._request() | self._verdict() | self._certificate()
        return values

    def _expected(self) -> dict[str, Any]:
        stored, values = self.stored, dict[str, Any]()
        st.markdown("**What is expected**")
        status, contains, lacks = st.columns(3)
        with status, self._field("expected_status") as key:
            values["expected_status"] = st.text_input(
                "Status", stored.expected_status, key=key, help="Numbers and ranges, such as 200-299, 401"
            )
        with contains, self._field("contains") as key:
            values["contains"] = st.text_input(
                "Contains", stored.contains or "", key=key, placeholder="any text",
                help="Looked for in the first MiB of the answer, upper and lower case told apart",
            ) or None  # fmt: skip
        with lacks, self._field("lacks") as key:
            values["lacks"] = (
                st.text_input("Does not contain", stored.lacks or "", key=key, placeholder="any text") or None
            )
        return values

    def _request(self) -> dict[str, Any]:
        stored, values = self.stored, dict[str, Any]()
        st.markdown("**What is sent**")
        headers, body = st.columns(2)
        with headers, self._field("headers") as key:
            values["headers"] = st.text_area(
                "Headers", data.hidden(stored.headers), key=key, placeholder=EXAMPLES["headers"], height=94,
                help=f"One a line. Their values are never shown again: {data.HIDDEN} stands for the stored one.",
            )  # fmt: skip
        with body, self._field("body") as key:
            values["body"] = st.text_area(
                "Body", stored.body or "", key=key, placeholder=EXAMPLES["body"], height=94,
                help="For POST and its like",
            ) or None  # fmt: skip
        values["follow_redirects"] = st.toggle(
            "Follow redirects", stored.follow_redirects, key="probe-follow_redirects",
            help="At most ten. Your headers are sent on only to the same host.",
        )  # fmt: skip
        return values

    def _verdict(self) -> dict[str, Any]:
        st.markdown("**When it is down**")
        columns = st.columns(3)
        with columns[0]:
            timeout = self._number(
                "timeout_seconds", "No answer within (seconds)", "0.1 to 60 s, all redirects together"
            )
        with columns[1]:
            down = self._number(
                "down_after",
                "Down after … failures in a row",
                "After a first failure it is asked again in ten seconds",
            )
        with columns[2]:
            up = self._number(
                "up_after", "Up after … good checks in a row", "More than 1 for what comes and goes"
            )
        return {"timeout_seconds": timeout, "down_after": down, "up_after": up}

    def _certificate(self) -> dict[str, Any]:
        st.markdown("**When its certificate ends**")
        columns = st.columns(3)
        with columns[0]:
            warn = self._number(
                "tls_warn_days", "Tell me … days before", "One message; the probe stays up. 0: none"
            )
        with columns[1]:
            fail = self._number(
                "tls_fail_days", "Call it down … days before", "Empty: only when it has ended"
            )
        return {"tls_warn_days": warn, "tls_fail_days": fail}

    def _number(self, field: str, label: str, help: str) -> float | int | None:
        """Bounds are left to `problems`: the widget's own would change what was typed."""
        stored = getattr(self.stored, field)
        step, form = (1.0, "%.1f") if field == "timeout_seconds" else (1, "%d")
        with self._field(field) as key:
            number: float | int | None = st.number_input(
                label, value=stored, step=step, key=key, help=help, format=form
            )
            return number

    @contextmanager
    def _field(self, field: str) -> Iterator[str]:
        yield f"probe-{field}"
        self._room[field] = st.empty()
