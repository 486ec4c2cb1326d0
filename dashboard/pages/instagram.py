"""Instagram accounts: who is followed, how they grow, and how their followers react."""

import pandas as pd
import streamlit as st

from dashboard import data, format, instagram, parts


def follow() -> None:
    """Run before the page does, so that the page shows what became of it."""
    try:
        names = data.follow_accounts(st.session_state.follow_names)
    except data.ActionFailed as exc:
        st.session_state.follow_said = (False, f"Nothing was changed: {exc}.")
        return
    st.session_state.follow_names = ""
    when = "within a minute" if data.instagram_is_on() else "once Instagram is on"
    said = f"Following {', '.join(names)}; to be read {when}." if names else "You follow that already."
    st.session_state.follow_said = (True, said)


if not data.instagram_is_on():
    instagram.show_off()
else:
    instagram.show_trouble()

with st.form("follow", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
    st.text_input(
        "Follow accounts",
        placeholder="Name, @name or address; several with spaces between",
        key="follow_names",
        icon=":material/alternate_email:",
        max_chars=500,
        width=440,
    )
    st.form_submit_button("Follow", icon=":material/person_add:", on_click=follow)
if said := st.session_state.pop("follow_said", None):
    done, text = said
    (st.toast if done else st.error)(format.plain(text))

with st.skeleton(height=400):
    accounts = data.instagram_accounts()
if not accounts:
    parts.empty(
        "No accounts yet",
        "Follow one above: a business or creator account. Personal accounts cannot be read.",
        ":material/person_search:",
    )
    st.stop()

table = pd.DataFrame(accounts)
for column in ("followers", "growth", "media_count", "counted"):
    table[column] = table[column].astype("Int64")
for column in ("engagement", "posts_a_week"):
    table[column] = table[column].astype("Float64")
table["state"] = [instagram.state_in_words(account) for account in accounts]
table["refreshed_at"] = parts.in_zone(table["refreshed_at"])
event = parts.table(
    table,
    {
        "username": parts.text("Account", pinned=True),
        "name": parts.text("Name"),
        "followers": parts.number("Followers"),
        "growth": parts.number("In 7 days", help="Followers won or lost; a dash until a week is known"),
        "media_count": parts.number("Posts"),
        "posts_a_week": parts.number("Posts a week", 1, help="Of the last four weeks"),
        "engagement": parts.number(
            "Engagement (%)",
            2,
            help="(Likes + comments) / followers, the mean of the newest 25 posts older than a day. "
            "Posts that hide their likes are left out.",
        ),
        "counted": parts.number("Of posts", help="How many posts the engagement is the mean of"),
        "state": parts.text("State"),
        "refreshed_at": parts.when("Read", "distance"),
    },
    on_select="rerun",
    selection_mode="single-row",
    key="instagram_accounts",
    alt="Instagram accounts with their growth and engagement",
)
counted = "1 account" if len(accounts) == 1 else f"{len(accounts):,} accounts"
st.caption(f"{counted}. Choose a row to open it.")
if event.selection.rows:
    st.switch_page(
        "dashboard/pages/instagram_account.py",
        query_params={"account": accounts[event.selection.rows[0]]["username"]},
    )
