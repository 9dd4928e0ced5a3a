"""The cookie by which a browser's runs are its own, whatever window or day."""

from __future__ import annotations

import hashlib
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.pages.conftest import READY, RUN_TIMEOUT_MS, Visitor
from tests.pages.test_browser import TINY


def cookie(page: Page) -> str:
    """What the browser is known by: it had the cookie with the page itself, and no script can read it."""
    (found,) = [one for one in page.context.cookies() if one["name"].startswith("invariance_visitor_")]
    assert found["httpOnly"] and found["sameSite"] == "Lax" and "invariance" not in page.evaluate("document.cookie")
    return found["value"].rpartition(".")[0]


@pytest.mark.browser
def test_a_browser_is_known_again_and_another_is_another(visitor: Visitor, browser: Browser) -> None:
    page = visitor.open("runs")
    secret = cookie(page)
    visitor.open(f"train?{TINY}&seed=77")
    assert cookie(page) == secret
    page.get_by_role("button", name="Pretrain and transfer").click()
    page.wait_for_url("**runs=*", timeout=RUN_TIMEOUT_MS)
    ids = parse_qs(urlsplit(page.url).query)["runs"][0].split(",")
    owner = hashlib.sha256(secret.encode()).hexdigest()[:12]
    assert {visitor.server.store.get(run_id).owner for run_id in ids} == {owner}
    other = browser.new_context()
    try:
        somebody = Visitor(other.new_page(), visitor.server)
        assert cookie(somebody.open("runs")) != secret
        assert somebody.exceptions() == []
    finally:
        other.close()
    page.get_by_text("One run is one run").wait_for(timeout=RUN_TIMEOUT_MS)
    assert visitor.exceptions() == []


@pytest.mark.browser
def test_two_windows_of_a_new_browser_are_one_visitor(visitor: Visitor) -> None:
    first, second = visitor.page, visitor.page.context.new_page()
    for page in (first, second):
        page.goto(f"{visitor.server.url}/runs", wait_until="commit")
    visitor.settle()
    second.wait_for_selector(READY, timeout=RUN_TIMEOUT_MS)
    given = {
        one["name"]: one["value"] for one in first.context.cookies() if one["name"].startswith("invariance_visitor_")
    }
    assert given and all(name.removeprefix("invariance_visitor_") in value for name, value in given.items())
    visitor.open("runs")
    known = {one["name"] for one in first.context.cookies() if one["name"].startswith("invariance_visitor_")}
    assert known == set(given), "none is overwritten, and no other one is given"
