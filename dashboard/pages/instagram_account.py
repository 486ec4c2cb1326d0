"""One Instagram account. What its people wrote is shown as text, never as Markdown."""

import pandas as pd
import streamlit as st

from dashboard import data, format, instagram, parts

GROWTH_DAYS = 90
ENGAGEMENT_DAYS = 365


def unfollow(name: str) -> None:
    """Run before the page does, which then no longer finds it."""
    try:
        data.unfollow_account(name)
        st.toast(f"{format.plain(name)} is no longer followed")
    except data.ActionFailed as exc:
        st.toast(format.plain(f"{name} is still followed: {exc}"))


st.page_link("dashboard/pages/instagram.py", label="All accounts", icon=":material/arrow_back:")
name = st.query_params.get("account", "")
with st.skeleton(height=300):
    found = data.instagram_account(name) if name else None
    listed = [one for one in data.instagram_accounts() if found and one["username"] == found["username"]]
if found is None or not listed:
    parts.empty("No such account", "It is not followed here; follow it on the page of all accounts.",
                ":material/search_off:")  # fmt: skip
    st.stop()
name, figures = found["username"], listed[0]

with st.container(horizontal=True, vertical_alignment="center"):
    st.subheader(":material/photo_camera: @" + format.plain(name), anchor=False, width="stretch")
    with st.popover("Unfollow", icon=":material/person_remove:", width="content"):
        st.markdown(
            f"Forgets its growth and **{found['posts']:,}** posts kept here. They cannot be brought back."
        )
        st.button("Unfollow and forget", type="primary", on_click=unfollow, args=(name,))
if found["name"]:
    st.text(found["name"])

growth = figures["growth"]
with st.grid(4, min_column_width=150):
    st.metric("Followers", format.known(found["followers"]),
              f"{growth:+,} in 7 days" if growth is not None else None, border=True, height="stretch")  # fmt: skip
    st.metric("Posts", format.known(found["media_count"]), f"{found['posts']:,} kept here",
              delta_color="off", delta_arrow="off", border=True, height="stretch")  # fmt: skip
    st.metric("Posts a week", format.number(figures["posts_a_week"], 1), "of the last four weeks",
              delta_color="off", delta_arrow="off", border=True, height="stretch")  # fmt: skip
    st.metric("Engagement", format.percent(figures["engagement"], 2), f"mean of {figures['counted'] or 0} posts",
              delta_color="off", delta_arrow="off", border=True, height="stretch",
              help="(Likes + comments) / followers, of the newest 25 posts older than a day")  # fmt: skip

if found["biography"] or found["website"]:
    with st.container(border=True, gap="xsmall"):
        st.text("\n".join(part for part in (found["biography"], found["website"]) if part))
st.text(
    f"{instagram.state_in_words(found)} · follows {format.known(found['follows'])} · "
    f"followed here since {found['followed_at']:%Y-%m-%d} · read {format.ago(found['refreshed_at'])}"
)

points = data.follower_growth(name, GROWTH_DAYS)
if len(points) > 1:
    parts.chart(instagram.followers(points, parts.viewer_zone()), f"Followers, last {GROWTH_DAYS} days",
                "Followers over time")  # fmt: skip
else:
    parts.empty("No growth to show yet", "A point is noted per hour in which the account is read.")

posts = data.instagram_posts(name)
if not posts:
    parts.empty("No posts yet", "They are read with the account, when its turn comes.")
    st.stop()

kinds = data.engagement_by_type(name, ENGAGEMENT_DAYS)
if kinds:
    st.subheader("Engagement by kind of post", anchor=False)
    table = pd.DataFrame(kinds)
    table["type"] = [instagram.type_in_words(kind["type"]) for kind in kinds]
    table["engagement"] = table["engagement"].astype("Float64")
    parts.table(
        table,
        {
            "type": parts.text("Kind"),
            "posts": parts.number("Posts"),
            "counted": parts.number(
                "Tell their likes", help="How many posts the engagement is the median of"
            ),
            "engagement": parts.number("Median engagement (%)", 2),
        },
        alt="Median engagement by kind of post",
        width="content",
    )

cells = data.engagement_by_time(name, ENGAGEMENT_DAYS, str(parts.viewer_zone()))
if len(instagram.told(cells)) >= instagram.LEAST_CELLS:
    parts.chart(
        instagram.engagement_by_time(cells),
        "Median engagement by when it was posted, and of how many posts",
        "Median engagement by weekday and time of day, with the number of posts",
    )
    st.caption(f"In your time zone. Times of fewer than {instagram.LEAST_IN_A_CELL} posts are left empty.")
st.caption(
    "Engagement is (likes + comments) / followers of today, over posts of the last 12 months that are older than a "
    "day and tell their likes. It says what went together, not what caused what."
)

st.subheader("Newest posts", anchor=False)
table = pd.DataFrame(posts)
table["timestamp"] = parts.in_zone(table["timestamp"])
table["type"] = [instagram.type_in_words(post["media_type"], post["product_type"]) for post in posts]
for column in ("likes", "comments"):
    table[column] = table[column].astype("Int64")
table["engagement"] = table["engagement"].astype("Float64")
columns = {
    "timestamp": parts.when("Posted", "YYYY-MM-DD HH:mm"),
    "type": parts.text("Kind"),
    "caption": parts.text("Caption", width="large"),
    "likes": parts.number("Likes", help="A dash where the account hides them"),
    "comments": parts.number("Comments"),
    "engagement": parts.number("Engagement (%)", 2),
}
if data.settings().source != "sandbox":
    table["permalink"] = [post["permalink"] or None for post in posts]
    columns["permalink"] = st.column_config.LinkColumn("Link", display_text="open")
parts.table(table, columns, alt=f"Newest posts of {name}")
