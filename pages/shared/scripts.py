"""Lines of JavaScript that a visitor's browser runs."""

from __future__ import annotations

from pathlib import Path
from typing import Final

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
ONE_ENTRY = """
if (!window.hasOneEntry) {
  window.hasOneEntry = true;
  const {history} = window, {pushState, replaceState} = history;
  let hasActed = false, slides = false, last = {changed: "", at: 0};
  const isSlider = one => one.matches?.("[data-testid=stSlider], [role=slider], input[type=range]");
  for (const kind of ["pointerdown", "keydown", "click"])
    window.addEventListener(kind, event => { hasActed = true; slides = event.composedPath().some(isSlider); }, true);
  window.addEventListener("popstate", () => { hasActed = false; last.changed = ""; }, true);
  history.pushState = history.replaceState = (state, title, address) => {
    const [old, next] = [new URL(location.href), new URL(address ?? location.href, location.href)];
    const differs = key => old.searchParams.getAll(key).join() !== next.searchParams.getAll(key).join();
    const keys = new Set([...old.searchParams.keys(), ...next.searchParams.keys()]);
    const changed = [next.pathname === old.pathname ? "" : "page", ...[...keys].filter(differs).sort()].join();
    const at = performance.now(), goesOn = slides && changed === last.changed && at - last.at < PAUSE_MS;
    const write = changed && hasActed && !goesOn ? pushState : replaceState;
    if (changed) { hasActed = false; last = {changed, at}; }
    return write.call(history, state, title, address);
  };
}
""".replace("PAUSE_MS", "3000")
"""Each thing that a visitor does is one entry of the browser's history, so that Back undoes it.

Streamlit makes no entry for what it binds to the link itself, one for each name that a script writes into it, and one
for what a page that is entered writes. A slider that goes on moving is one thing; two lessons or choices are two,
however fast they follow one another.
"""


ELEMENTS: Final = (Path(__file__).parent / "elements.js").read_text()


def component_script(path: Path) -> str:
    """The script of a component, after what several have in common."""
    return ELEMENTS + path.read_text()


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


def keep_history() -> None:
    """Has the browser keep one entry of its history for each thing that a visitor does."""
    run_script(ONE_ENTRY, key="history")


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
