"""The path of the Start page: the lessons, each a link with its question."""

from __future__ import annotations

import streamlit as st

from invariance.lessons import lessons
from pages.shared.navigation import link_to

NUM_COLUMNS = 4
WORDS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")
STYLE = "<style>.st-key-lessons [data-testid=stPageLink-NavLink] { padding-left: 0; }</style>"


def show_lessons() -> None:
    """The links, in rows, each with its question."""
    known = lessons()
    num = WORDS[len(known)] if len(known) < len(WORDS) else str(len(known))
    st.subheader(f"{num} things to predict, then see", anchor=False)
    st.html(STYLE)  # a link begins where its question does
    place = st.container(key="lessons")
    for start in range(0, len(known), NUM_COLUMNS):
        for number, column in enumerate(place.columns(NUM_COLUMNS), start):
            if number < len(known):
                lesson = known[number]
                with column.container(gap=None):
                    title = f":primary[**{number + 1}. {lesson.title}**]"
                    link_to("lesson", title, icon=None, query={"n": str(number + 1)})
                    st.caption(lesson.teaser)
