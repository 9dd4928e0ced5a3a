"""What the Runs page says on a shared server: how long things stay, and what the teacher alone may do."""

from __future__ import annotations

import streamlit as st

from invariance.runs.limits import limits
from pages.shared.serving import folders, server, visitor


def show_class() -> None:
    """A line for visitors, a line and a button for the teacher; nothing on a server of one's own."""
    if not visitor.is_shared():
        return
    if not visitor.is_teacher():
        st.caption(
            f":material/school: {folders.how_long()} A run may take {limits().minutes:g} minutes. "
            + ("[Sign in as the teacher](./teacher)" if visitor.password() else "")
        )
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            ":material/school: You are signed in as the teacher: all runs are yours to stop. [Sign out](./teacher)"
        )
        with st.popover("End the class", icon=":material/delete_history:", type="tertiary"):
            st.markdown("Removes all runs and pictures of visitors, but not those that are waiting or under way.")
            st.button("Remove them now", type="primary", key="end_class", on_click=server.end_class)
