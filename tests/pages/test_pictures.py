"""My pictures: files in, masks looked at and adjusted, a data set out."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image, ImageDraw
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.testing.v1 import AppTest, local_script_runner

from invariance.data.uploads import shelf as shelf_module
from invariance.data.uploads.shelf import Shelf
from invariance.runs.store import Store
from pages.shared.literal import WORD_JOINER, literal
from pages.shared.serving import shelf
from pages.shared.serving.shelf import KEPT_S, MAX_BROWSERS, SPARE_S, Cloakroom
from tests.data.uploads.test_reading import saved
from tests.pages.conftest import RUN_TIMEOUT_MS, Visitor

ORANGE, BLUE, WHITE = (225, 120, 30), (40, 60, 190), (255, 255, 255)


def disc(colour: tuple[int, ...], size: int = 60) -> Image.Image:
    picture = Image.new("RGBA", (120, 120))
    ImageDraw.Draw(picture).ellipse((20, 20, 20 + size, 20 + size), fill=(*colour, 255))
    return picture


def on_paper(colour: tuple[int, ...], size: int = 60) -> bytes:
    paper = Image.new("RGB", (120, 120), WHITE)
    paper.paste(disc(colour, size), (0, 0), disc(colour, size))
    return saved(paper)


def open_pictures(app: AppTest) -> AppTest:
    app.run()
    return app.switch_page("pages/pictures/page.py").run()


def upload(app: AppTest, *files: tuple[str, bytes], uploader: int = 0) -> AppTest:
    app.file_uploader[uploader].set_value([(name, data, "image/png") for name, data in files])
    return app.run()


def texts(app: AppTest) -> str:
    return "\n".join(element.value for element in [*app.markdown, *app.caption])


def links(app: AppTest) -> dict[str, dict[str, str]]:
    """Query of each link to a page, by its label."""
    return {
        link.proto.label: {name: values[0] for name, values in parse_qs(link.proto.query_string).items()}
        for link in app.get("page_link")
    }


def test_an_empty_page_says_what_is_needed_and_offers_examples(app: AppTest) -> None:
    open_pictures(app)
    assert not app.exception and "at least two classes" in texts(app)
    app.button(key="examples").click().run()
    assert not app.exception and not app.error
    assert " of 5 classes**" in texts(app) and "built-in backgrounds" in texts(app)


@pytest.mark.parametrize(("page", "link"), [("dataset", "See the data set"), ("train", "Train on it")])
def test_files_become_classes_and_a_data_set_that_other_pages_open(
    app: AppTest, store: Store, page: str, link: str
) -> None:
    open_pictures(app)
    upload(app, ("mug1.png", saved(disc(ORANGE))), ("mug2.png", on_paper(ORANGE, 50)), ("cup.png", on_paper(BLUE)))
    upload(app, ("wall.png", saved(Image.new("RGB", (64, 64), "green"))), uploader=1)
    assert not app.exception and not app.error
    assert " of 2 classes**: cup, mug (2); on 1 background." in texts(app)
    app.button(key="use").click().run()
    queries = links(app)
    objects = Path(queries["See the data set"]["objects_folder"])
    assert objects.is_relative_to(store.root / "pictures")
    assert sorted(str(path.relative_to(objects)) for path in objects.rglob("*.png")) == [
        "cup/000.png",
        "mug/000.png",
        "mug/001.png",
    ]
    assert [query["prototypes"] for query in queries.values() if "objects_folder" in query] == ["2"] * 3
    assert queries["Train on it"]["backgrounds_source"] == "folder"
    for name, value in queries[link].items():
        app.query_params[name] = value
    app.switch_page(f"pages/{page}/page.py").run()
    assert not app.exception and not app.error
    assert app.text_input(key="objects_folder").value == str(objects)
    assert app.number_input(key="prototypes").value == 2
    assert Path(app.text_input(key="backgrounds_folder").value) == objects.with_name("backgrounds")


def test_bad_files_are_one_line_each_and_the_others_are_taken(app: AppTest) -> None:
    open_pictures(app)
    upload(app, ("**x**.png", b"<html>"), ("mug.png", on_paper(ORANGE)), ("cut.png", on_paper(BLUE)[:200]))
    assert not app.exception
    (error,) = app.error
    lines = [line.split("\\: ")[0] for line in error.value.split("\n")]
    assert lines == [f"- {literal(name)}" for name in ("**x**.png", "cut.png")]
    assert "**1 picture of 1 class**: mug" in texts(app)
    upload(app, ("cup.png", on_paper(BLUE)))
    assert not app.error and " of 2 classes**" in texts(app)


def test_many_bad_files_are_one_box_that_says_how_many(app: AppTest) -> None:
    open_pictures(app)
    upload(app, *((f"page{number}.png", b"<html>") for number in range(30)))
    (error,) = app.error
    assert error.value.count("web page") == 8 and error.value.endswith("and 22 more")


def test_a_file_that_is_here_already_is_told(app: AppTest) -> None:
    open_pictures(app)
    upload(app, ("mug.png", on_paper(ORANGE)), ("copy.png", on_paper(ORANGE)), ("cup.png", on_paper(BLUE)))
    assert [info.value for info in app.info] == [literal("copy.png: is here already")]
    upload(app, ("glass.png", on_paper(BLUE, 40)))
    assert not app.info and " of 3 classes**" in texts(app)


def test_files_for_which_there_is_no_room_are_counted(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf_module, "MAX_PICTURES", 2)
    open_pictures(app)
    upload(app, *((f"mug{number}.png", on_paper(ORANGE, 30 + number)) for number in range(5)))
    (error,) = app.error
    assert error.value.startswith("3 more files were left out") and len(app.text_input) == 2
    assert "The first is mug2" in error.value


def test_folders_of_a_folder_become_classes(app: AppTest) -> None:
    open_pictures(app)
    app.toggle(key="objects_folder_given").set_value(True).run()
    upload(app, ("all/mug/001.png", on_paper(ORANGE)), ("all/cup/001.png", on_paper(BLUE)))
    assert not app.exception and " of 2 classes**: cup, mug" in texts(app)


def test_what_is_not_used_is_told_beside_the_data_set(app: AppTest) -> None:
    """The picture itself may be on another page of tiles."""
    open_pictures(app)
    upload(
        app,
        ("mug.png", on_paper(ORANGE)),
        ("cup.png", on_paper(BLUE)),
        ("wall.png", saved(Image.new("RGB", (9, 9)).resize((64, 64)))),
    )
    assert "1 not used, since nothing is left of it" in texts(app)
    app.button[2].click().run()
    assert "not used" not in texts(app)


def test_one_class_is_no_data_set_until_it_is_renamed(app: AppTest) -> None:
    open_pictures(app)
    upload(app, ("mug1.png", on_paper(ORANGE)), ("mug2.png", on_paper(BLUE)))
    app.button(key="use").click().run()
    assert "at least 2 classes" in app.error[0].value and not links(app)
    app.text_input[1].set_value("//").run()
    assert "expected letters" in app.error[0].value
    app.text_input[1].set_value("cup").run()
    assert not app.error
    app.button(key="use").click().run()
    assert set(links(app)) == {"See the data set", "Train on it", "Run a study on it"}
    app.text_input[1].set_value("glass").run()
    assert not links(app), "what was stored is not what is shown any more"


def test_the_mask_of_an_opaque_picture_follows_its_tolerance(app: AppTest) -> None:
    open_pictures(app)
    upload(app, ("pale.png", on_paper((225, 215, 205))), ("cup.png", saved(disc(BLUE))))
    assert len(app.slider) == 1, "a picture with transparency has no tolerance"
    before = app.get("image")[0].value
    app.slider[0].set_value(40.0).run()
    assert app.get("image")[0].value != before
    assert "Nothing is left" in texts(app) and "**1 picture of 1 class**: cup" in texts(app)
    app.slider[0].set_value(8.0).run()
    assert app.get("image")[0].value == before and " of 2 classes**" in texts(app)


@pytest.mark.parametrize("alpha", [0, 60])
def test_a_picture_that_is_transparent_everywhere_is_called_so(app: AppTest, alpha: int) -> None:
    open_pictures(app)
    upload(app, ("air.png", saved(Image.new("RGBA", (100, 100), (90, 120, 40, alpha)))))
    assert "Nothing of it is visible" in texts(app) and "olerance" not in texts(app)
    assert not app.slider, "which no tolerance can change"


def test_pictures_and_settings_stay_while_another_page_is_visited(app: AppTest) -> None:
    open_pictures(app)
    upload(app, ("mug.png", on_paper(ORANGE)), ("cup.png", on_paper(BLUE)))
    app.text_input[0].set_value("beaker").run()
    app.slider[0].set_value(5.0).run()
    app.switch_page("pages/start/page.py").run()
    app.switch_page("pages/pictures/page.py").run()
    assert [field.value for field in app.text_input] == ["beaker", "cup"]
    assert [slider.value for slider in app.slider] == [5.0, 8.0]


def test_remove_one_and_all(app: AppTest) -> None:
    open_pictures(app)
    upload(app, *((f"mug{number}.png", on_paper(ORANGE, 30 + number)) for number in range(14)))
    assert len(app.text_input) == 12, "a dozen at a time"
    app.button[0].click().run()
    assert "mug (13)" in texts(app)
    app.button(key="clear").click().run()
    assert not app.exception and not app.text_input and app.button(key="examples")


def test_names_are_shown_as_they_are() -> None:
    assert literal("**x** :red[y]") == r"\*\*x\*\* \:red\[y\]"
    assert literal("mug ü 1") == "mug ü 1"
    assert literal("a->b") == rf"a\-{WORD_JOINER}\>b"


def test_a_browser_finds_its_pictures_again_for_a_while() -> None:
    room = Cloakroom()
    mine, other = room.of("a", 0.0), room.of("b", 1.0)
    assert room.of("a", KEPT_S) is mine is not other
    assert room.of("b", KEPT_S + 1.5) is not other, "left for too long"
    for number in range(MAX_BROWSERS):
        room.of(str(number), KEPT_S + 2)
    assert room.of("a", KEPT_S + 2) is not mine, "the oldest goes first"
    assert room.of("c", KEPT_S + 2, mine) is mine, "what an open window holds stays"


def test_on_a_shared_server_all_pictures_together_have_a_limit() -> None:
    room, big = Cloakroom(), Shelf()
    big.add_object(on_paper(ORANGE), "mug.png")
    left, here = room.of("left", 0.0), room.of("here", 1.0)
    left.shelf = here.shelf = big
    assert room.room_bytes(2.0, 10**6) == 10**6 - 2 * big.num_bytes
    assert room.room_bytes(2.0, big.num_bytes) == -big.num_bytes, "both were here just now"
    del left
    assert room.room_bytes(0.5 + SPARE_S, big.num_bytes) == 0 and room.of("here", 2.0) is here
    held = room.of("held", 3.0)
    held.shelf = big
    assert room.room_bytes(KEPT_S, big.num_bytes) == -big.num_bytes, "windows hold both, wherever they are kept"


def test_no_file_stays_in_memory_once_it_is_read(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    files = MemoryUploadedFileManager("/upload")
    monkeypatch.setattr(local_script_runner, "MemoryUploadedFileManager", lambda _: files)
    upload(open_pictures(app), ("mug.png", on_paper(ORANGE)), ("bad.png", b"<html>"))
    assert " of 1 class**" in texts(app) and len(app.error) == 1
    assert not any(files.file_storage.values())


def test_a_shared_server_that_is_full_says_so(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INVARIANCE_TEACHER", "chalk and talk")
    upload(open_pictures(app), ("mug.png", on_paper(ORANGE)))
    monkeypatch.setattr(shelf, "MOST_OF_ALL", 100)
    upload(app, ("cup.png", on_paper(BLUE)))
    (error,) = app.error
    assert error.value.startswith("1 more file was left out: the pictures here take") and " of 1 class**" in texts(app)
    assert "own machine" not in error.value, "nobody names a folder of a shared server"


@pytest.mark.browser
def test_real_files_through_a_real_browser(visitor: Visitor, tmp_path: Path) -> None:
    odd = "**x** :red[y] <b>z $1$ -> www.example.org.png"
    files = {"cup.png": saved(disc(BLUE)), odd: on_paper(ORANGE), "broken **b**.jpg": on_paper(ORANGE)[:300]}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    page = visitor.open("pictures")
    page.locator("input[type=file]").first.set_input_files([tmp_path / name for name in files])
    page.get_by_text("What a network will see").wait_for(timeout=RUN_TIMEOUT_MS)
    visitor.settle()
    (alert,) = page.locator("[data-testid=stAlert]").all_inner_texts()
    assert "broken **b**.jpg: the file is damaged" in alert
    shown = page.get_by_text("example.org").inner_text().replace(WORD_JOINER, "")
    assert shown == odd and page.get_by_text("example.org").locator("a, b, strong, .katex").count() == 0
    page.reload()
    page.get_by_text("What a network will see").wait_for(timeout=RUN_TIMEOUT_MS)  # a reload takes nothing away
    visitor.settle()
    page.get_by_role("button", name="Use as a data set").click()
    page.get_by_role("link", name="See the data set").click()
    page.wait_for_url("**/dataset?*objects_folder=*")
    page.locator("[data-testid=stImage] img").nth(8).wait_for(timeout=RUN_TIMEOUT_MS)
    visitor.settle()
    folder = Path(parse_qs(urlsplit(page.url).query)["objects_folder"][0])
    assert {path.name for path in folder.iterdir()} == {"cup", "x"}
    assert page.get_by_text("cup").count() > 3, "samples of the class are captioned"
    assert page.locator("[data-testid=stAlert]").count() == 0 and visitor.exceptions() == []
