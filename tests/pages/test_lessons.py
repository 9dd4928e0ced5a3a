"""Lessons: each is reached from Start, is guessed and revealed, and opens a page that is set up as it says."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import pytest
from streamlit.testing.v1 import AppTest

from invariance.lessons import INPUTS, Lesson, answer_of, lessons
from invariance.runs.gallery import entries
from pages.lesson.guess import GUESSES, figure_data
from tests.pages.conftest import Visitor

WIDGETS = {"new objects on pictures": "new-pictures", "Against magnitude": "magnitude"}
"""What a link shows of a choice, to the choice itself, where they differ."""
LESSONS = lessons()
each = pytest.mark.parametrize("lesson", LESSONS, ids=[lesson.name for lesson in LESSONS])


def texts(app: AppTest) -> str:
    return " ".join(one.value for one in [*app.title, *app.markdown])


def test_the_start_page_links_to_every_lesson(app: AppTest) -> None:
    app.run()
    links = [link.proto for link in app.get("page_link") if link.proto.page == "lesson"]
    assert [dict(parse_qsl(link.query_string)) for link in links] == [
        {"n": str(number)} for number in range(1, len(LESSONS) + 1)
    ]


@pytest.mark.skipif(not entries(), reason="no gallery: python -m invariance gallery build")
@each
def test_a_lesson_goes_on_to_the_view_that_it_names(app: AppTest, lesson: Lesson) -> None:
    app.run()
    for name, value in lesson.view.items():
        app.query_params[name] = value
    app.switch_page(f"pages/{lesson.page}/page.py").run()
    assert not app.exception and not app.error
    for name, value in lesson.view.items():
        assert app.session_state[name] == WIDGETS.get(value, value)


@each
def test_nothing_of_the_answer_is_sent_before_the_reveal(lesson: Lesson) -> None:
    answer = answer_of(lesson)
    hidden, shown = (figure_data(answer, is_revealed=now, guess=None) for now in (False, True))

    def told(data: dict[str, Any]) -> set[str]:
        return {one["name"] for one in data["series"] if one["points"] or one["colours"]}

    assert told(hidden) == {one.name for one in lesson.series if one.drawn and not one.guessed}
    assert told(shown) == {one.name for one in lesson.series if one.drawn}
    assert not hidden["right"] and not hidden["summary"] and not hidden["shaded"]
    assert shown["hint"] == INPUTS[lesson.input].format(low=lesson.low_is)


def test_a_revealed_lesson_says_what_is_so_and_what_not_to_conclude(app: AppTest) -> None:
    answer = answer_of(LESSONS[1])
    app.run()
    app.query_params["n"] = "2"
    app.switch_page("pages/lesson/page.py").run()
    assert f"2 of {len(LESSONS)} · {LESSONS[1].title}" in texts(app) and answer.outcome not in texts(app)
    app.session_state[GUESSES] = {LESSONS[1].name: {"touched": False}}
    app.run()
    assert answer.outcome in texts(app) and answer.caution in texts(app)
    assert [link.proto.page for link in app.get("page_link")] == ["lesson", "lesson", LESSONS[1].page, "lesson"]


@pytest.mark.parametrize("asked", ["0", "99", "-1", "two", "²"])
def test_a_link_to_a_lesson_that_is_not_there_shows_the_first_and_says_so(app: AppTest, asked: str) -> None:
    app.run()
    app.query_params["n"] = asked
    app.switch_page("pages/lesson/page.py").run()
    assert not app.exception and LESSONS[0].title in texts(app)
    assert f"there are {len(LESSONS)}" in app.caption[0].value


@pytest.mark.browser
def test_a_lesson_is_played_with_the_keyboard_alone(visitor: Visitor) -> None:
    page = visitor.open("lesson?n=1")
    handle = page.get_by_role("slider", name="Your guess for the network, invert")
    handle.focus()
    before = float(handle.get_attribute("aria-valuenow") or "nan")
    for _ in range(3):
        page.keyboard.press("ArrowUp")
    assert float(handle.get_attribute("aria-valuenow") or "nan") == pytest.approx(before + 3 * 1.25 / 40, abs=0.01)
    page.get_by_role("button", name="Reveal").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Guess again").wait_for()
    visitor.settle()
    again = page.get_by_role("button", name="Guess again")
    assert again.evaluate("one => one.getRootNode().activeElement === one"), "the keyboard stays where it was"
    assert page.locator("circle.guessed").count() == 4, "the guess stands in the answer"
    outcome = answer_of(LESSONS[0]).outcome
    assert page.get_by_text(outcome).is_visible() and "guess" not in page.url
    page.locator("body").press("ArrowRight")
    page.get_by_text(f"2 of {len(LESSONS)} · {LESSONS[1].title}").wait_for()
    page.get_by_role("button", name="trained on hue, hue").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Reveal").press("Enter")
    page.get_by_text("you: low ✓").wait_for()
    assert page.url.endswith("n=2")
    page.locator("body").press("ArrowLeft")
    page.get_by_text(outcome).wait_for()  # and with it what was guessed there
    for number, name in (
        (3, "Your guess for same, 200"),
        (4, "hue"),
        (7, "Where the curve breaks: size, times the usual"),
    ):
        visitor.open(f"lesson?n={number}")
        guess = page.locator(".lesson").get_by_label(name).or_(page.get_by_role("button", name=name, exact=True)).first
        guess.focus()
        page.keyboard.press("Space" if number == 4 else "ArrowRight")
        assert guess.evaluate("one => getComputedStyle(one).outlineStyle") == "solid", "one sees where the keyboard is"
        page.get_by_role("button", name="Reveal").press("Enter")
        page.get_by_text(answer_of(LESSONS[number - 1]).outcome).wait_for()
        assert page.locator(".lesson :is(.guessed, .guess, [aria-pressed=true])").count(), "the guess is in the answer"
    assert visitor.exceptions() == []


@pytest.mark.browser
def test_back_undoes_each_step_of_a_lesson(visitor: Visitor) -> None:
    """Links between lessons, an arrow key, and the page on which one goes on; a reveal is undone by its button."""
    page = visitor.open("lesson?n=1")
    seen = [page.url]
    page.get_by_role("button", name="Reveal").click()
    page.get_by_role("link", name="Explore this yourself").wait_for()
    for do in (
        page.locator(".st-key-steps").get_by_role("link", name="Next").click,
        partial(page.locator("body").press, "ArrowLeft"),
        page.get_by_role("link", name="Explore this yourself").click,
    ):
        do()
        page.wait_for_function("before => location.href !== before", arg=seen[-1])
        visitor.settle()
        seen.append(page.url)
    assert "/own" in seen[-1] and seen[2].endswith("n=1")
    for expected, words in zip(reversed(seen[:-1]), (LESSONS[0], LESSONS[1], LESSONS[0]), strict=True):
        page.go_back()
        visitor.settle()
        assert page.url == expected
        page.get_by_role("heading", name=words.title).wait_for()
    assert page.get_by_text(answer_of(LESSONS[0]).outcome).is_visible(), "what was revealed stays so"
    assert visitor.exceptions() == []
