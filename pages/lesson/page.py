"""Lesson player: one question, one guess, and what the shipped tables answer; nothing is trained."""

from __future__ import annotations

import streamlit as st

from invariance.lessons import lessons
from pages.lesson.guess import show_guess
from pages.shared.errors import errors_shown
from pages.shared.links import enter, quoted
from pages.shared.navigation import link_to

PAGE = "lesson"
STYLE = """<style>
[data-testid=stMainBlockContainer] { max-width: 1100px; }
[data-testid=stMainBlockContainer] h1 { font-size: 1.5rem; padding: 0; }
.st-key-steps { justify-content: flex-end; }
@media (max-width: 640px) { .st-key-steps { justify-content: flex-start; margin-top: 0.5rem; } }
</style>"""


def chosen(num: int) -> int:
    """Which lesson the link asks for, counted from 1; the first where it asks for none that is there."""
    asked = st.query_params.get("n", "1")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 0
    if 1 <= number <= num:
        if "n" in st.query_params:
            st.query_params["n"] = asked  # a link from one lesson to another leaves the browser's address as it was
        return number
    st.caption(f":material/info: The link asks for lesson {quoted(asked)}, but there are {num}.")
    return 1


enter(PAGE, widget="lesson_n")
st.html(STYLE)
with errors_shown():
    known = lessons()
    number = chosen(len(known))
    lesson = known[number - 1]
    top, steps = st.columns([5, 2])
    top.title(f"{number} of {len(known)} · {lesson.title}", anchor=False)
    with steps.container(horizontal=True, key="steps"):
        if number > 1:
            link_to(PAGE, "Back", icon=":material/chevron_left:", query={"n": str(number - 1)})
        if number < len(known):
            link_to(PAGE, "Next", icon=":material/chevron_right:", query={"n": str(number + 1)})
    st.markdown(lesson.question)

    def step(by: int) -> None:
        """To a neighbour, where there is one."""
        st.query_params["n"] = str(min(len(known), max(1, number + by)))

    answer = show_guess(lesson, number, on_step=step)
    if answer:
        outcome, caution = st.columns(2, gap="large")
        outcome.markdown(f"**{answer.outcome}**")
        caution.markdown(f":material/warning: **What not to conclude.** {answer.caution}")
        with st.container(horizontal=True):
            link_to(lesson.page, "Explore this yourself", query=lesson.view)
            if number < len(known):
                link_to(PAGE, f"Next: {known[number].title}", query={"n": str(number + 1)})
