"""The figure of a lesson, in which one guesses and then sees."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from invariance.figures.networks import series_colours
from invariance.figures.palette import SENS_SCALE, colour_at, contrast
from invariance.lessons import INPUTS, Answer, Lesson, answer_of
from invariance.statistics import Interval
from invariance.vocabulary.terms import terms_in
from pages.shared.present import is_presented
from pages.shared.serving import visitor

HERE = Path(__file__).parent
GUESSES = "lesson_guesses"
"""In the session, of the lessons that were revealed: what was guessed, by the lesson's name. No link carries it."""

_figure = st.components.v2.component(
    "invariance_guess",
    html='<div class="lesson"></div>',
    css=(HERE / "guess.css").read_text(),
    js=(HERE / "guess.js").read_text(),
)


@st.cache_resource(show_spinner=False)
def known_answer(lesson: Lesson) -> Answer:
    """What the tables answer, read once."""
    return answer_of(lesson)


def show_guess(lesson: Lesson, number: int, *, on_step: Callable[[int], None]) -> Answer | None:
    """Shows the figure, hidden until the visitor reveals it.

    Args:
        lesson: that asks.
        number: of it, from 1.
        on_step: called with -1 or 1 when an arrow key asks for the lesson before or after.

    Returns:
        The answer, once it is revealed.
    """
    guesses, key = st.session_state.setdefault(GUESSES, {}), f"guess_{lesson.name}"

    def said(what: str) -> Any:
        """What the browser says; nothing where the lesson was left before that arrived."""
        return getattr(st.session_state.get(key), what, None)

    def revealed() -> None:
        if (guess := said("reveal")) is not None:
            guesses[lesson.name] = guess

    def stepped() -> None:
        if (by := said("step")) is not None:
            on_step(by)

    def again() -> None:
        guesses.pop(lesson.name, None)

    answer = known_answer(lesson)
    is_revealed = lesson.name in guesses
    _figure(
        key=key,
        data=figure_data(answer, is_revealed=is_revealed, guess=guesses.get(lesson.name))
        | {"present": is_presented(), "teaches": number if visitor.may_do_all() and not is_presented() else None},
        on_reveal_change=revealed,
        on_again_change=again,
        on_step_change=stepped,
    )
    return answer if is_revealed else None


def figure_data(answer: Answer, *, is_revealed: bool, guess: dict[str, Any] | None) -> dict[str, Any]:
    """What the browser draws: before the reveal nothing of what is guessed, so that no page's source tells it.

    Args:
        answer: its numbers.
        is_revealed: whether the visitor asked for it.
        guess: what was guessed, as the browser said it.
    """
    lesson = answer.lesson
    drawn = [series for series in lesson.series if series.drawn]
    hide = {series.name for series in drawn if series.guessed and not is_revealed}
    numbers = {one.name: [answer.at(one.name, place) for place in answer.places] for one in drawn}
    series = [
        {
            "name": one.name,
            "colour": colour,
            "guessed": one.guessed,
            "points": None if one.name in hide else [_ends(each) for each in numbers[one.name]],
            "colours": None if one.name in hide else [_cell(each.estimate) for each in numbers[one.name]],
        }
        for one, colour in zip(drawn, series_colours([one.where for one in drawn]), strict=True)
    ]
    are_numbers = lesson.input in ("curve", "mark")
    return {
        "name": lesson.name,
        "kind": lesson.input,
        "hint": INPUTS[lesson.input].format(low=lesson.low_is),
        "axis": lesson.axis,
        "words": "\n".join(f"{term.name}: {term.definition}" for term in terms_in(lesson.axis)),
        "range": list(lesson.range),
        "label": lesson.x.label,
        "titles": list(answer.titles),
        "xs": [float(place) for place in answer.places] if are_numbers else list(range(len(answer.places))),
        "log": lesson.x.log,
        "shaded": answer.shaded if is_revealed else None,
        "series": series,
        "options": list(lesson.options),
        "right": lesson.right if is_revealed else None,
        "low_is": lesson.low_is,
        "guess": guess,
        "revealed": is_revealed,
        "summary": answer.outcome if is_revealed else "",
    }


def _ends(each: Interval) -> list[float | None]:
    """An estimate and its ends, without what JSON has no word for."""
    return [None if math.isnan(value) else value for value in (each.estimate, each.low, each.high)]


def _cell(value: float) -> tuple[str, str]:
    """Colour of a cell and of the text on it."""
    colour = colour_at(value, SENS_SCALE)
    return colour, max(("#111111", "#ffffff"), key=lambda text: contrast(colour, text))
