"""Find communities."""

import pandas as pd
import streamlit as st

from dashboard import data, format, parts

PAGE_ROWS = 50
ANY = "Any category"
AUDIENCES = {"Everyone and over 18": None, "Over 18 only": True, "Known to be for everyone": False}
SORTS: dict[str, data.Sort] = {
    "Most subscribers": "subscribers",
    "Name": "name",
    "Newest finds": "first_seen",
}
SIZES = {"Any size": None, "1,000 or more": 1_000, "10,000 or more": 10_000, "100,000 or more": 100_000,
         "1 million or more": 1_000_000}  # fmt: skip

with st.grid(5, min_column_width=150):
    words = st.text_input("Search", placeholder="Name, title, description", key="q", bind="query-params",
                          icon=":material/search:", max_chars=100)  # fmt: skip
    category = st.selectbox("Category", [ANY, *data.categories()], format_func=lambda name: format.words(name),
                            key="category", bind="query-params")  # fmt: skip
    least = st.selectbox("Subscribers", list(SIZES), key="size", bind="query-params")
    audience = st.selectbox("Audience", list(AUDIENCES), key="audience", bind="query-params")
    order = st.selectbox("Sort", list(SORTS), key="sort", bind="query-params")

filters = data.filters(
    words, None if category == ANY else category, SIZES.get(least or ""), AUDIENCES.get(audience or "")
)
sort = SORTS.get(order or "", "subscribers")
trail = st.session_state.setdefault("subreddits_trail", [])
if st.session_state.get("subreddits_asked") != (filters, sort):
    st.session_state.subreddits_asked = (filters, sort)
    trail.clear()

with st.skeleton(height=400):
    rows, following = data.communities(filters, sort, PAGE_ROWS, trail[-1] if trail else None)
    total = data.matching(filters)
if not rows and not trail:
    if filters == data.filters(None, None, None, None):
        parts.empty(
            "No communities yet",
            "The first ones arrive with the first answer to the discovery job, which asks every 10 minutes. The "
            "Sources page says whether it is answered.",
        )
    else:
        parts.empty(
            "No community matches", "Take a filter away, or search for fewer words.", ":material/search_off:"
        )
    st.stop()

table = pd.DataFrame(rows)
table["audience"] = [format.audience(row["over18"]) for row in rows]
table["category"] = [format.words(row["category"]) for row in rows]
table["subscribers"] = table["subscribers"].astype("Int64")
table["first_seen_at"] = parts.in_zone(table["first_seen_at"])
table["refreshed_at"] = parts.in_zone(table["refreshed_at"])
event = parts.table(
    table,
    {
        "name": parts.text("Name", pinned=True),
        "title": parts.text("Title", width="large"),
        "subscribers": parts.number("Subscribers"),
        "category": parts.text("Category"),
        "audience": parts.text("Audience"),
        "state": parts.text("State"),
        "first_seen_at": parts.when("First seen", "YYYY-MM-DD HH:mm"),
        "refreshed_at": parts.when("Refreshed", "distance"),
    },
    on_select="rerun",
    selection_mode="single-row",
    key="subreddits",
    alt="Communities that match the filters",
    height=560,
    placeholder=format.UNKNOWN,
)
with st.container(horizontal=True, vertical_alignment="center"):
    st.button("Previous", icon=":material/chevron_left:", disabled=not trail, on_click=lambda: trail.pop())
    st.button("Next", icon=":material/chevron_right:", disabled=following is None,
              on_click=lambda: trail.append(following))  # fmt: skip
    first = len(trail) * PAGE_ROWS + 1
    st.caption(f"{first:,} to {first + len(rows) - 1:,} of {total:,} communities. Choose a row to open it.")

if event.selection.rows:
    st.switch_page(
        "dashboard/pages/community.py", query_params={"name": rows[event.selection.rows[0]]["name"]}
    )
