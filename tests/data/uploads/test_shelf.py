"""What a person gathers: classes guessed, masks adjusted, duplicates and bad files left out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from invariance.data.uploads import shelf as shelf_module
from invariance.data.uploads.examples import example_files
from invariance.data.uploads.shelf import Shelf
from invariance.spec import SpecError
from tests.data.uploads.test_reading import saved

ORANGE, WHITE = (225, 120, 30), (255, 255, 255)


def on_paper(size: int, ground: tuple[int, ...] = WHITE, colour: tuple[int, ...] = ORANGE) -> bytes:
    picture = Image.new("RGB", (100, 100), ground)
    ImageDraw.Draw(picture).rectangle((20, 20, 20 + size, 20 + size), fill=colour)
    return saved(picture)


def filled(*names: str) -> Shelf:
    shelf = Shelf()
    for number, name in enumerate(names):
        shelf.add_object(on_paper(30 + number), name)
    return shelf


def test_classes_come_from_the_names_and_can_be_renamed() -> None:
    shelf = filled("mug1.jpg", "Mug 2.jpg", "cup.png")
    assert shelf.classes() == {"cup": 1, "mug": 2}
    next(iter(shelf.objects.values())).class_name = "Cup"
    assert shelf.classes() == {"Cup": 2, "mug": 1}


def test_the_same_file_is_here_once_and_keeps_its_settings() -> None:
    shelf = filled("mug.png")
    (item,) = shelf.objects.values()
    item.class_name = "beaker"
    assert not shelf.add_object(on_paper(30), "another name.png") and shelf.add_background(on_paper(30), "wall.png")
    assert [item.class_name for item in shelf.objects.values()] == ["beaker"]


def test_a_bad_file_leaves_the_shelf_as_it_was() -> None:
    shelf = filled("mug.png")
    for add in (shelf.add_object, shelf.add_background):
        with pytest.raises(SpecError, match="no picture that is known"):
            add(b"no picture", "bad.png")
    assert len(shelf.objects) == 1 and not shelf.backgrounds


def test_the_mask_follows_the_tolerance() -> None:
    """Tolerance 60 swallows a pale object; it is then not used."""
    shelf = filled("mug.png")
    shelf.add_object(on_paper(40, colour=(225, 215, 205)), "pale.png")
    pale = list(shelf.objects.values())[1]
    assert pale.cutout.coverage == pytest.approx(0.41**2, rel=0.02) and not pale.warning
    before = shelf.fingerprint()
    pale.adjust(60.0, holes=False)
    assert pale.is_empty and "Nothing is left" in pale.warning
    assert shelf.classes() == {"mug": 1} and len(shelf.usable) == 1
    assert shelf.fingerprint() != before
    pale.adjust(8.0, holes=False)
    assert not pale.warning and shelf.fingerprint() == before


def test_warnings_of_a_background_that_is_not_plain() -> None:
    shelf = Shelf()
    tiles = np.random.default_rng(0).integers(0, 256, (10, 10, 3), np.uint8).repeat(20, axis=0).repeat(20, axis=1)
    shelf.add_object(saved(Image.fromarray(tiles)), "room.png")
    (item,) = shelf.objects.values()
    assert item.warning.startswith("The background is not plain: only ") and "%" in item.warning


CHANGES: dict[str, Callable[[Shelf], object]] = {
    "another object": lambda shelf: shelf.add_object(on_paper(50), "cup.png"),
    "a background": lambda shelf: shelf.add_background(on_paper(50), "wall.png"),
    "removal": lambda shelf: shelf.remove(next(iter(shelf.objects))),
    "holes": lambda shelf: next(iter(shelf.objects.values())).adjust(8.0, holes=True),
    "name": lambda shelf: setattr(next(iter(shelf.objects.values())), "class_name", "beaker"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_fingerprint_tells_what_changed(change: str) -> None:
    shelf = filled("mug1.jpg", "mug2.jpg")
    before = shelf.fingerprint()
    assert shelf.fingerprint() == before
    CHANGES[change](shelf)
    assert shelf.fingerprint() != before


def test_a_preview_takes_one_of_each_class_first() -> None:
    shelf = filled("mug1.png", "mug2.png", "mug3.png", "cup1.png", "ant.png")
    chosen = shelf.selection(4)
    pictures = [item.cutout.picture for item in shelf.objects.values()]
    assert [pictures.index(picture) for picture in chosen] == [4, 3, 0, 1]
    assert len(shelf.selection(9)) == 5


def test_clear_parts_of_a_background_become_white() -> None:
    shelf = Shelf()
    shelf.add_background(saved(Image.new("RGBA", (40, 40), (255, 0, 0, 0))), "glass.png")
    (ground,) = shelf.backgrounds.values()
    assert ground.picture.mode == "RGB" and ground.picture.getpixel((5, 5)) == WHITE


def test_no_more_pictures_than_are_stored_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf_module, "MAX_PICTURES", 2)
    shelf = filled("a.png")
    shelf.add_background(on_paper(50), "b.png")
    shelf.add_object(on_paper(30), "again.png")
    with pytest.raises(shelf_module.ShelfFull, match=r"^c\.png: 2 pictures are here; at most 2"):
        shelf.add_object(on_paper(60), "c.png")
    other = filled("d.png", "e.png").objects.popitem()
    with pytest.raises(shelf_module.ShelfFull, match="2 pictures are here"):
        shelf.add(*other)


def test_a_photograph_takes_a_third_of_its_pixels_and_all_of_them_no_more_than_they_may() -> None:
    rng = np.random.default_rng(0)
    pixels = np.full((480, 640, 3), 235.0) + rng.normal(0, 2, (480, 640, 1))
    pixels[120:360, 200:440] = rng.integers(0, 256, (24, 24, 3)).repeat(10, axis=0).repeat(10, axis=1)
    shelf = Shelf()
    shelf.add_object(saved(Image.fromarray(pixels.clip(0, 255).astype(np.uint8)), "JPEG"), "mug.jpg")
    assert shelf.num_bytes < 2 * 4 * 480 * 640 / 3, "decoded, picture and cut-out took four bytes a pixel each"
    held = shelf.num_bytes
    shelf.most_bytes = lambda: held + 100
    for add in (shelf.add_object, shelf.add_background):
        with pytest.raises(shelf_module.ShelfFull, match=r"^jar\.png: the pictures here take \d MB of memory, of \d; "):
            add(on_paper(40), "jar.png")
    assert len(shelf.objects) == 1 and not shelf.backgrounds
    shelf.clear()
    assert shelf.num_bytes == 0


@pytest.mark.parametrize(
    ("mode", "ground", "at_first"),
    [
        ("RGB", (90, 120, 40), "Nothing is left: lower the tolerance, or bring another"),
        ("RGBA", (0, 0, 0, 0), "Nothing of it is visible"),
    ],
)
def test_of_one_colour_nothing_is_left_whatever_the_tolerance(
    mode: str, ground: tuple[int, ...], at_first: str
) -> None:
    shelf = Shelf()
    shelf.add_object(saved(Image.new(mode, (100, 100), ground)), "wall.png")
    (item,) = shelf.objects.values()
    assert item.is_empty and item.is_transparent == (mode == "RGBA") and item.warning.startswith(at_first)
    item.adjust(1.0, holes=False)
    assert item.is_empty and "lower" not in item.warning and not shelf.usable


def test_folders_name_the_classes() -> None:
    shelf = Shelf()
    for number, name in enumerate(("all/mug/001.png", "all/cup/red 1.png", "all/cup/2.png")):
        assert shelf.add_object(on_paper(30 + number), name)
    assert shelf.classes() == {"cup": 2, "mug": 1}
    assert [item.uploaded.title for item in shelf.objects.values()] == ["001.png", "red 1.png", "2.png"]


def test_the_examples_become_a_data_set_without_a_warning(tmp_path: Path) -> None:
    shelf = Shelf()
    for name, data in example_files():
        shelf.add_object(data, name)
    assert not [item.warning for item in shelf.objects.values() if item.warning]
    assert {item.cutout.masked for item in shelf.objects.values()} == {True, False}
    stored = shelf.save(tmp_path)
    assert stored.counts == {"guitar": 2, "penguin": 2, "rocket": 2, "snail": 2, "teapot": 2}
