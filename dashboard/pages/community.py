"""One community. What its people wrote is shown as text, never as Markdown."""

from datetime import datetime

import pandas as pd
import streamlit as st

from dashboard import charts, data, format, parts
from dashboard.requirements import in_words, rules_in_words

GROWTH_DAYS = 90

st.page_link("dashboard/pages/subreddits.py", label="All subreddits", icon=":material/arrow_back:")
name = st.query_params.get("name", "")
with st.skeleton(height=300):
    found = data.community(name) if name else None
if found is None:
    parts.empty(
        "No such community",
        "It was never seen here, or its name changed; search for it.",
        ":material/search_off:",
    )
    st.stop()

st.subheader(":material/forum: r/" + format.plain(found["name"]), anchor=False)
st.text(found["title"])
confidence = found["category_confidence"]
with st.grid(4, min_column_width=150):
    st.metric("Subscribers", format.known(found["subscribers"]), border=True, height="stretch")
    st.metric(
        "Category",
        format.words(found["category"]),
        f"{100 * confidence:.0f} % sure, by {found['category_method']}" if confidence is not None else None,
        delta_color="off",
        delta_arrow="off",
        border=True,
        height="stretch",
    )
    st.metric("Audience", format.audience(found["over18"]), border=True, height="stretch")
    st.metric("Posts collected", format.number(found["posts"]), f"{found['posts_7_days']:,} in 7 days",
              delta_color="off", delta_arrow="off", border=True, height="stretch")  # fmt: skip

if found["description"]:
    with st.container(border=True):
        st.text(found["description"])
seen = datetime.fromisoformat(found["first_seen_at"])
refreshed = datetime.fromisoformat(found["refreshed_at"]) if found["refreshed_at"] else None
reason = f" ({found['state_reason']})" if found["state_reason"] else ""
st.text(
    f"{found['state']}{reason} · {found['type']} · first seen {format.ago(seen)} · refreshed {format.ago(refreshed)}"
)

asked = data.requirements(found["name"])
with st.expander("What a post must be like", icon=":material/rule:"):
    if asked is None:
        parts.empty("No rules read yet", "They are read once a month, the largest communities first.")
    else:
        if asked["requirements"] is None:
            st.text("This source tells no requirements.")
        for line in in_words(asked["requirements"] or {}):
            st.text(f"• {line}")
        for number, (rule, meaning) in enumerate(rules_in_words(asked["rules"]), 1):
            st.text(f"{number}. {rule}\n{meaning}".rstrip())
        st.text(f"Read {format.ago(asked['read_at'])}.")

points = data.growth(found["name"], GROWTH_DAYS)
if len(points) > 1:
    parts.chart(
        charts.growth(points, parts.viewer_zone()),
        f"Subscribers, last {GROWTH_DAYS} days",
        "Subscribers over time",
    )
else:
    parts.empty("No growth to show yet", "A point is noted per hour while the community is refreshed.")

posts = data.recent_posts(found["name"])
if not posts:
    parts.empty("No posts yet", "The newest are collected when the community's turn comes.")
    st.stop()
table = pd.DataFrame(posts)
table["created_at"] = parts.in_zone(table["created_at"])
table["author"] = [post["author"] or "deleted" for post in posts]
table["link"] = "https://www.reddit.com" + table["permalink"].astype(str)
columns = {
    "created_at": parts.when("Posted", "YYYY-MM-DD HH:mm"),
    "title": parts.text("Title", width="large"),
    "author": parts.text("Author"),
    "flair": parts.text("Flair"),
    "score": parts.number("Score"),
    "num_comments": parts.number("Comments"),
}
if data.settings().source != "sandbox":
    columns["link"] = st.column_config.LinkColumn("Link", display_text="open")
parts.table(table, columns, alt=f"Newest posts of {found['name']}")
