"""A chosen row stays chosen while other rows come and go, wherever the choice is kept."""

import orjson
from streamlit.testing.v1 import AppTest


def kept_in_the_session() -> None:
    import pandas as pd
    import streamlit as st

    from dashboard import choosing

    names = st.session_state.get("names", ["a", "b", "c"])
    frame = pd.DataFrame({"name": names})
    st.text(f"chosen: {choosing.table(frame, {}, 'Names', names, 'name')}")


def kept_in_the_address() -> None:
    import pandas as pd
    import streamlit as st

    from dashboard import choosing

    def choose(name: str | None) -> None:
        st.query_params["name"] = name or ""

    names, chosen = ["a", "b", "c"], st.query_params.get("name")
    found = choosing.table_of(pd.DataFrame({"name": names}), {}, "Names", names, "names", chosen, choose)
    st.text(f"chosen: {found}")


def said(app: AppTest) -> str:
    assert not app.exception, app.exception
    return str(app.text[0].value)


def marked(app: AppTest) -> list[int]:
    """The numbers of the rows that the browser is told to mark."""
    (table,) = app.dataframe
    return list(orjson.loads(table.proto.selection_default)["selection"]["rows"])


def test_what_is_chosen_is_a_row_and_not_its_number() -> None:
    app = AppTest.from_function(kept_in_the_session).run()
    assert (said(app), marked(app)) == ("chosen: None", [])
    app.session_state["name"] = "b"
    app.run()
    assert (said(app), marked(app)) == ("chosen: b", [1])
    app.session_state["names"] = ["new", "a", "b"]
    app.run()
    assert (said(app), marked(app)) == ("chosen: b", [2])


def test_the_table_is_another_one_only_where_its_rows_or_its_choice_are() -> None:
    app = AppTest.from_function(kept_in_the_session).run()
    first = app.dataframe[0].key
    assert app.run().dataframe[0].key == first, "else it would lose its scroll position"
    app.session_state["names"] = ["c", "b"]
    second = app.run().dataframe[0].key
    app.session_state["name"] = "b"
    assert len({first, second, app.run().dataframe[0].key}) == 3


def test_a_row_that_is_gone_is_chosen_no_more_and_is_again_when_it_returns() -> None:
    app = AppTest.from_function(kept_in_the_session)
    app.session_state["name"] = "c"
    assert said(app.run()) == "chosen: c"
    app.session_state["names"] = ["a"]
    app.run()
    assert (said(app), marked(app)) == ("chosen: None", [])
    app.session_state["names"] = ["c", "a"]
    app.run()
    assert (said(app), marked(app)) == ("chosen: c", [0])


def test_a_choice_may_be_kept_in_the_address() -> None:
    app = AppTest.from_function(kept_in_the_address)
    app.query_params["name"] = "b"
    app.run()
    assert (said(app), marked(app)) == ("chosen: b", [1])
