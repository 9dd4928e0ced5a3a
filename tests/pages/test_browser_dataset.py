"""What only a real browser can do on the Data set page: every view in both schemes and widths, sliders, downloads."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.pages.conftest import RUN_TIMEOUT_MS, Visitor

VIEWS = ("Samples", "One object, many draws", "Twins", "Magnitude", "Distribution", "Files and code")
TINY = "objects_source=noise&backgrounds_source=noise"


@pytest.mark.browser
def test_every_view_is_a_link_and_fits_a_phone(visitor: Visitor) -> None:
    page = visitor.open(f"dataset?{TINY}&view={VIEWS[0].replace(' ', '+')}")
    for view in VIEWS:
        before = page.url
        page.get_by_role("radio", name=view).click()
        visitor.settle()
        assert view == VIEWS[0] or ("view=" in page.url and page.url != before)
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            visitor.settle()
            overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert overflow <= 0, f"{view} is wider than {width} pixels"
            images = page.locator("[data-testid=stMain] img").all()
            assert all((image.bounding_box() or {"width": 0})["width"] <= width for image in images), view
        assert page.get_by_role("radio", name=view).is_checked()
    assert visitor.exceptions() == []


@pytest.mark.browser
def test_a_slider_moves_the_picture_and_the_address(visitor: Visitor) -> None:
    page = visitor.open(f"dataset?{TINY}&view=Magnitude")
    picture = page.locator("[data-testid=stImage] img:visible, [data-testid=stImageContainer] img:visible").first
    before = picture.get_attribute("src")
    page.get_by_role("slider", name="Angle").press("ArrowRight")
    page.wait_for_url("**rotate_angle_deg=91**")
    visitor.settle()
    assert picture.get_attribute("src") != before


@pytest.mark.browser
def test_on_a_phone_pictures_stay_in_sight_of_the_controls(visitor: Visitor) -> None:
    page = visitor.open(f"dataset?{TINY}")
    row = page.locator(".st-key-first_samples img")
    assert not row.is_visible(), "beside the controls are the view's pictures"
    page.set_viewport_size({"width": 390, "height": 844})
    visitor.settle()
    before = row.get_attribute("src")
    strength = page.get_by_role("slider", name="Strength")
    strength.scroll_into_view_if_needed()
    place = row.bounding_box()
    assert place["y"] >= 0 and place["y"] + place["height"] < strength.bounding_box()["y"] < 844
    strength.press("Home")
    page.wait_for_url("**strength=0*")
    visitor.settle()
    assert row.get_attribute("src") != before
    page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, main.scrollHeight)")
    assert row.bounding_box()["y"] < 0, "the view has its own pictures"
    assert visitor.exceptions() == []


@pytest.mark.browser
def test_an_order_is_in_the_link_and_stays(visitor: Visitor) -> None:
    page = visitor.open(f"dataset?{TINY}")
    page.get_by_test_id("stPopoverButton").filter(has_text="Order").click()
    page.get_by_role("combobox", name="What comes first").click()
    page.get_by_role("option", name="hue").click()
    page.wait_for_url("**transforms_order=hue**")
    page.get_by_text("hue → rotate").wait_for(timeout=RUN_TIMEOUT_MS)
    link = page.url
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Runs").first.click()
    visitor.settle()
    for come_back in (page.get_by_role("link", name="Data set").first.click, lambda: page.goto(link)):
        come_back()
        page.get_by_text("hue → rotate").wait_for(timeout=RUN_TIMEOUT_MS)
        assert "transforms_order=hue" in page.url
    assert visitor.exceptions() == []


@pytest.mark.browser
def test_a_zip_is_made_and_downloaded(visitor: Visitor, tmp_path: Path) -> None:
    page = visitor.open(f"dataset?{TINY}&view=Files+and+code&file=Folders+(ZIP)&images_zip=12")
    page.get_by_role("button", name="Make the file").click()
    button = page.get_by_role("button", name="Download rotate-hue-train-12.zip")
    button.wait_for(timeout=RUN_TIMEOUT_MS)
    with page.expect_download() as download:
        button.click()
    assert download.value.suggested_filename == "rotate-hue-train-12.zip"
    download.value.save_as(tmp_path / "found.zip")
    with zipfile.ZipFile(tmp_path / "found.zip") as archive:
        assert archive.testzip() is None and len(archive.namelist()) == 12 + 2
    assert visitor.exceptions() == []
