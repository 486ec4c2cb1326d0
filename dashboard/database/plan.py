"""A plan on a page: the tree, and in words what stands out; or why there is none."""

import streamlit as st

from dashboard import plan_tree, time_axis
from dashboard.parts import CHART


def show(root: plan_tree.Node | None, missing: str | None, title: str) -> None:
    """Draw it, when there is one."""
    st.markdown(f"**{title}**")
    if root is None:
        st.caption(f"No plan: {missing or 'none was taken'}.")
        return
    letters = plan_tree.LETTERS_ON_A_PHONE if time_axis.on_touch() else plan_tree.LETTERS
    with st.container(border=True):
        st.plotly_chart(
            plan_tree.draw(root, letters), config=CHART, key=f"plan-{title}",
            alt=f"{title}: {plan_tree.in_words(root)}",
        )  # fmt: skip
    st.caption(plan_tree.in_words(root))
