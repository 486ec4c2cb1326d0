"""The sources that are off, and what switches each on."""

from collections.abc import Collection

import streamlit as st

IMPORT = ".venv/bin/python -m jobs import FILE…"
SOURCES = {
    "reddit": (
        "Reddit",
        "Needs an app that Reddit has approved.",
        "export REDDIT_CLIENT_ID=…\nexport REDDIT_CLIENT_SECRET=…\nmake run",
    ),
    "arctic_shift": (
        "Arctic Shift",
        "An archive of Reddit that needs no account. It is run by volunteers; Subpulse asks it gently.",
        "SUBPULSE_SOURCE=arctic_shift make run",
    ),
    "instagram": (
        "Instagram",
        "Needs a professional account of your own and a token for it.",
        "export INSTAGRAM_ACCESS_TOKEN=…\nexport INSTAGRAM_USER_ID=…\nmake run",
    ),
    "sandbox": (
        "Sandbox",
        "Invented communities inside the process, to try things out; kept apart from real ones.",
        "SUBPULSE_SOURCE=sandbox make run",
    ),
    "dumps": (
        "Dumps",
        "Files of Pushshift and Arctic Shift (.zst, .gz, NDJSON, CSV) are read in by hand, beside real data.",
        IMPORT,
    ),
}


def show(on: Collection[str]) -> None:
    """All but those that are on, by name."""
    with st.grid(3, min_column_width=280):
        for name, (title, text, command) in SOURCES.items():
            if name not in on:
                if name == "dumps" and "sandbox" in on:
                    command = f"SUBPULSE_SOURCE=arctic_shift {command}"  # the sandbox takes no real data in
                with st.container(border=True, gap="xsmall", height="stretch"):
                    st.markdown(f"**{title}**")
                    st.caption(text)
                    st.code(command, language="bash", wrap_lines=True)
