"""Lines of JavaScript that a visitor's browser runs."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

FIRST = "is_first_of_server"
CLOSE_FALSE_ALARM = """
const looking = setInterval(() => {
  const box = document.querySelector("[role=dialog]");
  if (box?.innerText.startsWith("Page not found")) { box.querySelector("[aria-label=Close]").click(); stop(); }
}, 50);
const stop = () => clearInterval(looking);
setTimeout(stop, 5000);
"""


def run_script(code: str, *, key: str) -> None:
    """Has the browser run some code once; nothing of it is seen.

    Args:
        code: JavaScript.
        key: of the element.
    """
    # Hidden with what is around it, since a page leaves a gap even below an element without height.
    st.html(f"<style>div:has(> .st-key-{key}) {{ display: none; }}</style>")
    with st.container(key=key):
        st.html(f"<script>{{{code}}}</script>", unsafe_allow_javascript=True)


def close_false_alarm(*, was_undeclared: bool) -> None:
    """Closes the box by which Streamlit tells the first visitor of a server that a page does not exist, which does.

    Until ``app.py`` has declared its navigation for the first time, Streamlit looks for files in the folder ``pages``
    itself. There are none, so a link to a page is called wrong, and ``app.py`` is run, which shows the page.

    Args:
        was_undeclared: what :func:`is_undeclared` said before this run declared the navigation.
    """
    if was_undeclared:
        st.session_state[FIRST] = True
    if st.session_state.get(FIRST):
        run_script(CLOSE_FALSE_ALARM, key="false_alarm")


def is_undeclared() -> bool:
    """Whether no run on this server has declared the app's navigation yet."""
    return bool(PagesManager.uses_pages_directory)
