"""The path of the Start page: eight things to see, each a link to a view that is set up for it."""

from __future__ import annotations

from dataclasses import dataclass, field

import streamlit as st

from pages.shared.navigation import link_to

NUM_COLUMNS = 4
STYLE = "<style>.st-key-lessons [data-testid=stPageLink-NavLink] { padding-left: 0; }</style>"


@dataclass(frozen=True)
class Lesson:
    """One stop of the path.

    Attributes:
        title: what it shows, the link's text.
        ask: what to guess before looking.
        page: its folder.
        view: how the page is set up: its widgets' names in the link, and their values.
    """

    title: str
    ask: str
    page: str
    view: dict[str, str] = field(default_factory=dict)


LESSONS = (
    Lesson(
        "Same to you, not to a network",
        "Turn a picture, also your own: which of two networks notices?",
        "own",
        {"example": "bee"},
    ),
    Lesson(
        "The training data decides",
        "What does a network ignore that saw objects turn? Sketch the diagonal first.",
        "invariance",
        {"row": "rotate", "column": "rotate"},
    ),
    Lesson(
        "The right variation or more data?",
        "Which helps a new task more, and by how much?",
        "studies",
        {"study": "transforms-vs-other"},
    ),
    Lesson(
        "Does invariance delete?",
        "Once hue has varied in training, what is read off worse, and what better?",
        "factors",
        {"view": "thrown-away", "first": "none", "second": "hue"},
    ),
    Lesson(
        "What nobody asked for",
        "Does a network keep what only the next task will ask for?",
        "studies",
        {"study": "relevant-features"},
    ),
    Lesson(
        "How far does it carry over?",
        "Objects that none has seen: which network is lowest now, and is it a trained one?",
        "invariance",
        {"shift": "new-pictures", "row": "rotate", "column": "rotate"},
    ),
    Lesson(
        "Beyond the trained range",
        "What if objects shrink further than in training? The curve below the table tells.",
        "invariance",
        {"row": "scale", "column": "scale", "view": "magnitude"},
    ),
    Lesson(
        "Explanations can mislead",
        "Will the map change if the network forgets all it learnt? Try it below the maps.",
        "attribution",
        {"question": "class"},
    ),
)
"""In the order in which they build on one another."""


def show_lessons() -> None:
    """The links, in rows, each with its question."""
    st.subheader("Eight things to see", anchor=False)
    st.html(STYLE)  # a link begins where its question does
    place = st.container(key="lessons")
    for start in range(0, len(LESSONS), NUM_COLUMNS):
        for number, column in enumerate(place.columns(NUM_COLUMNS), start):
            lesson = LESSONS[number]
            with column.container(gap=None):
                link_to(lesson.page, f":primary[**{number + 1}. {lesson.title}**]", icon=None, query=lesson.view)
                st.caption(lesson.ask)
