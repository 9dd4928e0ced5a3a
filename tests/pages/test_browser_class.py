"""A class in real browsers: a projector and a telephone, by keyboard, and what hands a page out to them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from invariance.lessons import answer_of, lessons
from tests.pages.conftest import ROOT, RUN_TIMEOUT_MS, Visitor

pytestmark = pytest.mark.browser
LEAST_CHART_PX = 20.0
SCRIPT = (ROOT / "pages" / "shared" / "address.js").read_text()
LETTERS = """texts => Math.min(...texts.map(one => parseFloat(getComputedStyle(one).fontSize)))"""


@pytest.fixture
def telephone(visitor: Visitor) -> Iterator[Visitor]:
    """Somebody else's browser."""
    browser = visitor.page.context.browser
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark")
    yield Visitor(context.new_page(), visitor.server)
    context.close()


def test_a_telephone_guesses_and_both_screens_see_the_reveal(visitor: Visitor, telephone: Visitor) -> None:
    projector, phone, answer = visitor.page, telephone.page, answer_of(lessons()[0])
    projector.set_viewport_size({"width": 1280, "height": 720})
    visitor.open("lesson?n=1")
    projector.get_by_role("button", name="Guess together").press("Enter")
    projector.wait_for_url("**/class/*")
    assert "make class" in projector.locator("#address").inner_text(), "nobody else reaches this server"
    phone.goto(projector.url)
    phone.get_by_role("button", name="Send my guess").press("Enter")
    phone.get_by_text("Guess first.").wait_for()
    handle = phone.get_by_role("slider", name="Your guess for the network, invert")
    for _ in range(10):
        handle.press("ArrowUp")
    phone.get_by_role("button", name="Send my guess").press("Enter")
    phone.get_by_text("Waiting for the lecturer").wait_for()
    projector.get_by_text("1 of 1 put invert highest").wait_for()
    assert projector.get_by_text("1 of 1 have guessed").is_visible() and answer.outcome not in phone.content()
    projector.keyboard.press("Enter")  # the button that reveals has the keyboard
    for page in (phone, projector):
        page.get_by_text(answer.outcome).wait_for(timeout=10_000)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert phone.locator("circle.guessed").count() == 4 and phone.locator(".crowd").count() == 0
    assert (
        projector.locator(".crowd").count() == 4
        and projector.locator(".lesson text").evaluate_all(LETTERS) >= LEAST_CHART_PX
    )
    assert projector.evaluate("document.documentElement.scrollHeight") <= 720
    projector.keyboard.press("ArrowRight")
    phone.get_by_role("heading", name=f"2 of {len(lessons())}").wait_for()
    projector.once("dialog", lambda dialog: dialog.accept())
    projector.get_by_text("More").click()
    projector.get_by_role("button", name="End the class").press("Enter")
    for page in (phone, projector):
        page.get_by_role("heading", name="This class is over").wait_for(timeout=10_000)
    assert visitor.problems == telephone.problems == []


def test_a_sheet_prints_on_one_page_and_is_read_in_grey(visitor: Visitor) -> None:
    page = visitor.page
    for number, lesson in enumerate(lessons(), 1):
        for kind in ("blank", "answer"):
            page.goto(f"{visitor.server.url}/sheet/{kind}/{number}")
            printed = page.pdf(format="Letter")  # less high than A4, and broader than what is printed
            assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1, f"{lesson.title}, {kind}"
            page.emulate_media(media="print")
            assert page.get_by_role("button", name="Print").is_hidden()
            page.emulate_media(media="null")  # as it is printed by hand
        looks = page.locator(".legend i").evaluate_all(
            "all => all.map(one => one.style.background.includes('gradient'))"
        )
        assert looks == [False, True] or lesson.input == "cells", "one plain, one striped"
        drawn = page.locator(".line[stroke-dasharray], rect[fill^=url]").count()
        assert drawn > 0 or lesson.input == "cells"


def test_a_page_is_shared_without_its_guess_and_presented_in_large_letters(visitor: Visitor) -> None:
    page = visitor.page
    page.goto(f"{visitor.server.url}/lesson?n=2&present=1")
    page.get_by_role("button", name="trained on hue, hue").wait_for(timeout=RUN_TIMEOUT_MS)
    assert page.get_by_test_id("stHeader").is_hidden() and page.get_by_text("For a class:").count() == 0
    page.get_by_role("link", name="Back").click()
    page.get_by_role("slider").first.wait_for()
    assert "present=1" in page.url and page.locator(".lesson text").evaluate_all(LETTERS) >= LEAST_CHART_PX
    page.get_by_role("button", name="Leave").press("Enter")
    page.get_by_role("button", name="Present").wait_for()
    assert "present" not in page.url
    page.evaluate("history.replaceState({}, '', '?guess=mine&n=2')")
    page.get_by_role("button", name="Share").press("Enter")
    dialog = page.get_by_role("dialog", name="Share this page")
    assert "Only this computer" in dialog.inner_text()
    address = page.evaluate(f"() => {{ {SCRIPT}; return sharedAddress('lab.example').href }}")
    assert address == page.url.replace("127.0.0.1", "lab.example").replace("guess=mine&", "")
    page.keyboard.press("Escape")
    assert dialog.is_hidden() and visitor.exceptions() == []
