"""The path of the Start page: the lessons, each a card with its picture and its question."""

from __future__ import annotations

import streamlit as st

from invariance.lessons import Lesson, lessons
from pages.shared.navigation import link_to

NUM_COLUMNS = 4
WORDS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")
STYLE = """CARD { position: relative; height: 100%; overflow: hidden; padding-bottom: 0.7rem;
  border: 1px solid light-dark(#d5ddda, #334145); border-radius: 0.8rem; }
CARD:hover, CARD:focus-within { border-color: #7a8987; }
CARD::before { content: ""; flex: none; width: 100%; }
CARD > div { padding: 0 0.9rem; }
CARD [data-testid=stPageLink-NavLink] { padding: 0.4rem 0 0; background: none; position: static; }
CARD [data-testid=stPageLink-NavLink] p { white-space: normal; }
CARD [data-testid=stPageLink-NavLink]::after { content: ""; position: absolute; inset: 0; border-radius: inherit; }
@media (max-width: 640px) {
  CARD { display: grid; grid-template: auto auto 1fr / 6rem 1fr; padding: 0; }
  CARD::before { grid-row: 1 / 4; height: 6rem; }
}
""".replace("CARD", '[class*="st-key-lesson_card_"]')
"""The whole card is the link."""
PICTURE = """.st-key-lesson_card_{number}::before {{ aspect-ratio: 3; background: url(app/static/lessons/{picture}.webp)
  center / cover; }}"""


def show_lessons() -> None:
    """The cards, in rows."""
    known = lessons()
    num = WORDS[len(known)] if len(known) < len(WORDS) else str(len(known))
    st.subheader(f"{num} things to predict, then see", anchor=False)
    pictures = [PICTURE.format(number=n, picture=one.picture) for n, one in enumerate(known, 1) if one.picture]
    st.html(f"<style>{STYLE}{' '.join(pictures)}</style>")
    for start in range(0, len(known), NUM_COLUMNS):
        row = list(enumerate(known, 1))[start : start + NUM_COLUMNS]
        for column, (number, lesson) in zip(st.columns(NUM_COLUMNS), row, strict=False):
            with column:
                _show_card(number, lesson)


def _show_card(number: int, lesson: Lesson) -> None:
    with st.container(key=f"lesson_card_{number}", gap=None, height="stretch"):
        link_to("lesson", f"**{number}. {lesson.title}**", icon=None, query={"n": str(number)})
        st.markdown(f":small[{lesson.teaser}]")
