"""What a page's link asks for, and what a visitor chose there before.

Streamlit itself keeps what it binds to the link. What :func:`~pages.shared.controls.choose` puts there is kept here, by
page, and written into the link again when the page is entered without one; a link that says something else wins. So
does the one that the browser's Back or Forward brings: :data:`~pages.shared.scripts.ONE_ENTRY` makes an entry of the
browser's history for each thing that a visitor does.
Links are typed by hand, cut short and older than the app: what cannot be used is left out, with a line that says so.
"""

from __future__ import annotations

import math
from collections.abc import Collection

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.shared.literal import literal
from pages.shared.present import PARAMETER

PAGE, CHOICES, NOTES, WIDGETS = "page_shown", "page_choices", "link_notes", "page_widgets"
MAX_SHOWN = 40
"""Characters of a value that a line quotes."""


def enter(page: str, *, widget: str, never_empty: Collection[str] = ()) -> None:
    """Says which page is shown; entered anew without a query, it gets the choices of the last visit.

    After the browser's Back or Forward it gets what its link says, and where that says nothing, what is there anyway.

    Args:
        page: its name.
        widget: key of one that is always on it; Streamlit forgets it when the page is left.
        never_empty: keys of widgets bound to the link in which something is always chosen.
    """
    _leave_out_unusable(never_empty)
    is_gone_back = _is_gone_back()
    if is_gone_back or st.session_state.get(PAGE) != page:
        # Streamlit forgets a page's widgets after the first run of the next page, which may have some of the same keys.
        for key in st.session_state.pop(WIDGETS, ()):
            st.session_state.pop(key, None)
    st.session_state[PAGE] = page
    if widget in st.session_state and not is_gone_back:
        return
    st.session_state[NOTES] = {}
    kept = st.session_state.setdefault(CHOICES, {}).setdefault(page, {})
    if set(st.query_params) - {PARAMETER} or is_gone_back:
        kept.clear()
    else:
        st.query_params.update(kept)


def _is_gone_back() -> bool:
    """Whether the browser's Back or Forward asked for this run of the page."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def _leave_out_unusable(never_empty: Collection[str]) -> None:
    """Starts again without the values at which Streamlit's own widgets fail: no choice, and endless numbers."""
    given = {key: st.query_params.get_all(key) for key in st.query_params}
    unusable = [
        key
        for key, values in given.items()
        if any(_is_infinite(value) for value in values) or (key in never_empty and not all(values))
    ]
    for key in unusable:
        del st.query_params[key]
    if unusable:
        st.rerun()


def _is_infinite(text: str) -> bool:
    try:
        return math.isinf(float(text))
    except ValueError:
        return False


def choice(key: str, value: str | None, *, widget: str | None = None) -> None:
    """Writes a choice into the link and keeps it; None for what is there anyway, which no link carries.

    Args:
        key: its name in the link.
        value: of the choice.
        widget: key of the widget that it was made with; None for the name in the link.
    """
    st.session_state.setdefault(WIDGETS, set()).add(widget or key)
    kept = st.session_state.setdefault(CHOICES, {}).setdefault(st.session_state.get(PAGE, ""), {})
    if value is not None:
        st.query_params[key] = kept[key] = value
        return
    kept.pop(key, None)
    if key in st.query_params:
        del st.query_params[key]


def missed(key: str, value: str, instead: str) -> None:
    """Remembers that a link asked for something that is not there, until another choice is made."""
    st.session_state.setdefault(NOTES, {})[key] = (value, instead)


def show_missed(key: str, label: str, chosen: str, title: str) -> None:
    """Below a control, what its link asked for in vain."""
    value, instead = st.session_state.get(NOTES, {}).get(key, ("", ""))
    if not instead:
        return
    if chosen != instead:
        del st.session_state[NOTES][key]
        return
    st.caption(
        f":material/info: {label}: the link asks for {quoted(value)}, which is not here; "
        f"**{literal(title)}** is shown instead."
    )


def quoted(value: str) -> str:
    """A value of a link for a line of text: at most :data:`MAX_SHOWN` characters, and no Markdown."""
    visible = "".join(sign if sign.isprintable() else " " for sign in value)
    return f"“{literal(visible[:MAX_SHOWN])}{'…' * (len(visible) > MAX_SHOWN)}”"
