"""What only a real browser can do: ask a question by its parts, see the answer come, and find it again."""

from __future__ import annotations

import pytest

from invariance.runs.gallery import entries
from tests.pages.conftest import RUN_TIMEOUT_MS, Visitor

EDITOR = ".st-key-ask_editor"


@pytest.mark.browser
@pytest.mark.skipif(not entries(), reason="no gallery: python -m invariance gallery build")
def test_a_question_is_changed_run_answered_and_found_again(visitor: Visitor) -> None:
    network = next(entry.run_id for entry in entries() if entry.name == "hue")  # is there, so that nothing is trained
    page = visitor.open(f"ask?sources={network};untrained&targets=blur&images=10&seeds=3")
    page.get_by_text("Nothing of this answer is there yet").wait_for()
    page.locator(".st-key-part_targets_0 button").click()
    pill = page.locator(EDITOR).get_by_role("button", name="hue", exact=True)
    pill.click()
    visitor.settle()
    assert "hue.webp" in pill.evaluate("pill => getComputedStyle(pill, '::before').backgroundImage")
    page.locator(EDITOR).get_by_role("button", name="blur", exact=True).click()
    page.locator(".st-key-part_targets_0").get_by_text("hue", exact=True).wait_for()
    visitor.settle()
    page.locator(".st-key-ask_done button").click()
    page.locator(EDITOR).wait_for(state="detached")
    picture = page.locator(".st-key-part_targets_0 img")
    assert picture.evaluate("one => one.complete && one.naturalWidth > 0") and "targets=hue" in page.url
    visitor.settle()
    page.get_by_role("button", name="Run here").click()
    page.get_by_text("runs are done; they took").wait_for(timeout=RUN_TIMEOUT_MS)
    visitor.settle()
    for _ in range(2):
        page.get_by_text("on hue, gallery: hue less").wait_for(timeout=RUN_TIMEOUT_MS)
        assert page.get_by_text("Numbers only, from 1 seed").count() == 1
        page.locator("[data-testid=stPlotlyChart]").wait_for()
        assert page.get_by_text("ships with the project").count() == 0
        assert "sources=" in page.url and "targets=hue" in page.url
        visitor.open(page.url.removeprefix(f"{visitor.server.url}/"))
    with page.expect_download() as saved:
        page.get_by_role("button", name="Report (HTML)").first.click()
    assert "Numbers only, from 1 seed" in saved.value.path().read_text()
    assert visitor.exceptions() == [] and visitor.elsewhere == []
