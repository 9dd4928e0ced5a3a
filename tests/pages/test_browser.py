"""Every page opens in a real browser, in light and in dark, and shows no exception."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from invariance.models import create_model
from invariance.training.checkpoint import save_weights
from pages.shared.navigation import PAGES
from tests.pages.conftest import RUN_TIMEOUT_MS, Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Locator

ADDRESSES = ["train", "", *(page.folder for page in PAGES[1:] if page.folder != "train")]
"""Not the start page first: a link to another page must work on a server that nobody has used yet."""

TITLE_TOP_PX = 72.0
"""The space above each title, from app.py: 4.5 rem. A visitor who is new gets a cookie, which must not move it."""

FIGURE = "[data-testid=stMain] :is([data-testid=stPlotlyChart], [data-testid=stImage] img, [data-at]):visible"
FIGURE_FIRST = ("dataset", "ask", "invariance", "factors", "studies", "attribution", "own")
"""Pages whose figure is what one sees first."""
FIGURE_TOP_PX = 450.0

TINY = "objects_source=noise&backgrounds_source=noise&classes=2&epochs_Instant=1&samples_Instant=64&target_images=20"


@pytest.mark.browser
@pytest.mark.parametrize("path", ADDRESSES, ids=[path or "start" for path in ADDRESSES])
def test_every_page_opens_without_an_exception(visitor: Visitor, path: str) -> None:
    page = visitor.open(path)
    assert page.locator("h1").first.inner_text().strip()
    assert page.locator("h1").first.bounding_box()["y"] == pytest.approx(TITLE_TOP_PX, abs=1.0)
    if path in FIGURE_FIRST:
        page.locator(FIGURE).first.wait_for(timeout=RUN_TIMEOUT_MS)
        tops = "figures => Math.min(...figures.map(figure => figure.getBoundingClientRect().top))"
        assert page.locator(FIGURE).evaluate_all(tops) <= FIGURE_TOP_PX
    assert page.get_by_role("link", name="Attribution").first.is_visible(), "the page is not in the app's frame"
    for scheme in ("light", "dark"):
        visitor.turn(scheme)
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, "the page is wider than the window"
        assert visitor.exceptions() == []
    page.get_by_role("heading", name="Page not found").wait_for(state="hidden", timeout=RUN_TIMEOUT_MS)
    icon = page.locator("link[rel~=icon]").first.get_attribute("href") or ""
    assert icon.startswith((visitor.server.url, "./media")), icon
    assert visitor.elsewhere == [], "everything comes from the server itself"


CONTRAST = """element => {
  const light = colour => colour.match(/[\\d.]+/g).slice(0, 3).map(value => value / 255)
    .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
    .reduce((sum, value, at) => sum + value * [0.2126, 0.7152, 0.0722][at], 0);
  const page = getComputedStyle(document.querySelector("[data-testid=stApp]")).backgroundColor;
  const [low, high] = [light(getComputedStyle(element).color), light(page)].sort((one, other) => one - other);
  return (high + 0.05) / (low + 0.05);
}"""
"""Of an element's text with the page (WCAG 2.2); 4.5 is asked of small text."""


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "least"), [("light", 4.5), ("dark", 7.0)])
def test_what_is_chosen_can_be_read(visitor: Visitor, scheme: str, least: float) -> None:
    visitor.page.emulate_media(color_scheme=scheme)
    page = visitor.open(f"dataset?{TINY}")
    page.locator("[data-variant][data-selected=true] p").nth(3).wait_for(timeout=RUN_TIMEOUT_MS)
    chosen = page.locator("[data-variant][data-selected=true] p").all()
    assert len(chosen) >= 4
    assert all(one.evaluate(CONTRAST) >= least for one in [*chosen, page.get_by_test_id("stSliderThumbValue").first])
    visitor.open("own")
    page.get_by_role("button", name="More").click()
    above = page.locator("[data-testid=stPopoverBody]")
    above.get_by_test_id("stCaptionContainer").first.wait_for(timeout=RUN_TIMEOUT_MS)
    for other in ("dark" if scheme == "light" else "light", scheme):  # what opens above the page follows too
        visitor.turn(other)
    words = above.locator("[data-testid=stCaptionContainer] p, [data-selected=true] p").all()
    assert len(words) >= 3 and all(one.evaluate(CONTRAST) >= 4.5 for one in words)


@pytest.mark.browser
def test_columns_stand_below_one_another(visitor: Visitor) -> None:
    page = visitor.open("attribution")
    page.get_by_role("button", name="More").click()
    upper, lower = (page.get_by_role("combobox", name=name).bounding_box() for name in ("Network", "Beside it"))
    assert upper["x"] == lower["x"] and upper["y"] < lower["y"]
    page.keyboard.press("Escape")
    choice, button = page.get_by_role("radio", name="all layers"), page.get_by_role("button", name="Forget and")
    apart = button.bounding_box()["x"] - choice.bounding_box()["x"] - choice.bounding_box()["width"]
    assert 0 < apart < 60, "the button belongs to the choice"


@pytest.mark.browser
def test_the_keyboard_gets_past_the_navigation_with_one_press(visitor: Visitor) -> None:
    page = visitor.open("own")
    skip = page.locator("#skip")
    skip.wait_for(state="attached", timeout=RUN_TIMEOUT_MS)
    assert skip.bounding_box()["y"] < -20, "out of sight for all who have a mouse"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "skip" and skip.bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.closest('h1') !== null")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('[data-testid=stMainBlockContainer]') !== null")
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") > TITLE_TOP_PX
    page.get_by_role("link", name="Runs").first.click()
    page.get_by_role("heading", name="Runs", exact=True).wait_for(timeout=RUN_TIMEOUT_MS)
    assert skip.count() == 1, "one, on whatever page"


@pytest.mark.browser
def test_back_undoes_each_thing_and_forward_does_it_again(visitor: Visitor) -> None:
    """Choices that Streamlit binds to the link, a page, and one that :func:`~pages.shared.controls.choose` writes."""
    page = visitor.open(f"dataset?{TINY}")
    seen = [page.url]
    blur, view = page.get_by_role("button", name="blur", exact=True), page.get_by_role("radio", name="Twins")
    studies = page.get_by_role("link", name="Studies").first
    study = page.get_by_role("combobox", name="Study")
    for do in (blur.click, view.click, studies.click, partial(choose, study, "Repair")):
        do()
        page.wait_for_function("before => location.href !== before", arg=seen[-1], timeout=RUN_TIMEOUT_MS)
        visitor.settle()
        seen.append(page.url)
    for expected in reversed(seen[:-1]):
        page.go_back()
        visitor.settle()
        assert page.url == expected
        if "studies" in expected:
            assert "Repair" not in study.input_value()
    assert blur.get_attribute("aria-pressed") == "false" and not view.is_checked()
    page.go_forward()
    visitor.settle()
    assert page.url == seen[1] and blur.get_attribute("aria-pressed") == "true"
    assert visitor.exceptions() == []


def choose(box: Locator, title: str) -> None:
    """Opens a box and takes the first thing in it that is called so."""
    box.click()
    box.page.get_by_role("option", name=title).first.click()


@pytest.mark.browser
def test_runs_are_watched_left_found_again_and_compared(visitor: Visitor) -> None:
    page = visitor.open(f"train?{TINY}")
    page.get_by_role("button", name="Pretrain and transfer").click()
    page.wait_for_url("**runs=*")
    # The lanes are in sight, and the form has folded; they are drawn anew while they run, so all is asked at once.
    in_sight = "document.querySelector('.lane')?.getBoundingClientRect().bottom < 720"
    page.wait_for_function(in_sight, timeout=RUN_TIMEOUT_MS)
    assert not page.get_by_text("1 · Target task").is_visible()
    link = page.url
    page.get_by_role("link", name="Runs").first.click()
    visitor.settle()
    page.locator("[data-testid=stDataFrame]").wait_for(timeout=RUN_TIMEOUT_MS)
    page.goto(link)
    page.get_by_text("One run is one run").wait_for(timeout=RUN_TIMEOUT_MS)
    page.locator("[data-testid=stPlotlyChart]").first.wait_for(timeout=RUN_TIMEOUT_MS)
    # The last picture of the running state may still be on the page for a moment after the result is.
    page.get_by_role("button", name="Cancel").first.wait_for(state="detached", timeout=RUN_TIMEOUT_MS)
    page.get_by_role("link", name="What are they invariant to?").click()
    visitor.settle()
    assert "models=" in page.url
    assert visitor.exceptions() == []
    assert {run.state for run in visitor.server.store.list()} == {"done"}


LEAVE_AS_NEWS_ARRIVES = """isBefore => {
  const asked = window.fetch, follow = () => document.querySelector("a[href$='/studies']").click();
  window.fetch = (address, how) => {
    if (!String(address).includes("/pulse")) return asked(address, how);
    window.fetch = asked;
    if (isBefore) follow();
    const word = Promise.resolve("something else");
    const text = () => {
      if (!isBefore) word.then(() => {}).then(follow);
      return word;
    };
    return Promise.resolve({ ok: true, text });
  };
}"""
"""A link is followed before a part of the page hears that it has to be run again, or before it has asked for that."""


@pytest.mark.browser
@pytest.mark.parametrize("is_before", [True, False])
def test_a_page_that_is_left_while_a_race_runs_does_not_come_back(visitor: Visitor, is_before: bool) -> None:
    page = visitor.open(f"train?{TINY.replace('epochs_Instant=1', 'epochs_Instant=50')}&seed={170 + is_before}")
    page.get_by_role("button", name="Pretrain and transfer").click()
    page.wait_for_url("**runs=*")
    page.locator(".lane").first.wait_for(timeout=RUN_TIMEOUT_MS)
    visitor.settle()
    page.evaluate(LEAVE_AS_NEWS_ARRIVES, is_before)
    page.wait_for_url("**/studies*", timeout=RUN_TIMEOUT_MS)
    visitor.settle()
    page.wait_for_timeout(1000)
    assert urlsplit(page.url).path == "/studies"
    assert page.get_by_role("heading", name="Studies", exact=True).is_visible()
    assert visitor.exceptions() == []


@pytest.mark.browser
def test_on_a_telephone_a_race_begins_under_the_thumb_and_the_form_leaves_at_once(visitor: Visitor) -> None:
    visitor.page.set_viewport_size({"width": 390, "height": 844})
    page = visitor.open(f"train?{TINY}&seed=76")
    button = page.get_by_role("button", name="Pretrain and transfer")
    assert button.bounding_box()["y"] > 700, "in sight, however long the form is"
    button.click()
    page.locator(".st-key-race_head h3").wait_for(timeout=RUN_TIMEOUT_MS)
    assert not page.get_by_text("3 · Budget").is_visible() and not button.is_visible()
    assert page.locator(".st-key-race_head h3").bounding_box()["height"] < 100
    page.wait_for_url("**runs=*")
    page.get_by_text("One run is one run").wait_for(timeout=RUN_TIMEOUT_MS)
    assert visitor.exceptions() == []


@pytest.mark.browser
def test_a_file_of_weights_is_added_and_is_in_links_of_every_page(visitor: Visitor, tmp_path: Path) -> None:
    file = tmp_path / "mine.safetensors"
    save_weights(file, create_model("small", 2, seed=5), class_names=("a", "b"), spec=None)
    page = visitor.open("train")
    page.get_by_text("Also transfer a network of others").click()
    visitor.settle()
    page.get_by_role("button", name="Add a network").click()
    page.get_by_role("textbox", name="Its name").fill("evil.py:network")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_text("files of the server are not opened from here").wait_for(timeout=RUN_TIMEOUT_MS)
    assert page.get_by_role("button", name="Add", exact=True).is_visible(), "the control stays open"
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_text("mine.safetensors").wait_for(timeout=RUN_TIMEOUT_MS)
    page.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_url("**network=sha256*")
    visitor.settle()
    reference = parse_qs(urlsplit(page.url).query)["network"][0]
    visitor.open(f"attribution?left={reference}&right={reference}")
    assert page.get_by_text("file: mine").count() >= 2
    assert visitor.exceptions() == []
