"""What a visitor chose on a page, kept for when they come back; a link that says something else wins.

Streamlit keeps what it binds to the link itself. What :func:`~pages.parts.controls.choose` puts there is kept here, by
page, and written into the link again when the page is entered without one.
"""

from __future__ import annotations

import streamlit as st

PAGE, CHOICES = "page_shown", "page_choices"


def enter(page: str, *, widget: str) -> None:
    """Says which page is shown; entered anew without a query, it gets the choices of the last visit.

    Args:
        page: its name.
        widget: key of one that is always on it; Streamlit forgets it when the page is left.
    """
    st.session_state[PAGE] = page
    if widget in st.session_state:
        return
    kept = st.session_state.setdefault(CHOICES, {}).setdefault(page, {})
    if st.query_params:
        kept.clear()
    else:
        st.query_params.update(kept)


def choice(key: str, value: str | None) -> None:
    """Writes a choice into the link and keeps it; None for what is there anyway, which no link carries."""
    kept = st.session_state.setdefault(CHOICES, {}).setdefault(st.session_state.get(PAGE, ""), {})
    if value is not None:
        st.query_params[key] = kept[key] = value
        return
    kept.pop(key, None)
    if key in st.query_params:
        del st.query_params[key]
