"""One picture of somebody's own as networks get it."""

from __future__ import annotations

import pytest
import torch
from PIL import Image

from invariance.data.engine import Engine
from invariance.data.uploads.one_picture import EXAMPLES, OnePicture, as_object, as_whole, example_picture
from invariance.spec import DatasetSpec, SpecError

RED = (255, 0, 0)


@pytest.fixture(scope="module")
def blue() -> Engine:
    return Engine(DatasetSpec(backgrounds="#0000ff"))


def square_of_red(size: int = 100, part: int = 50) -> Image.Image:
    picture = Image.new("RGBA", (size, size))
    picture.paste(Image.new("RGBA", (part, part), (*RED, 255)), (0, 0))
    return picture


def test_an_object_is_cut_to_its_box_and_fills_seven_tenths_of_the_canvas(blue: Engine) -> None:
    rgba = as_object(square_of_red(), 32)
    alpha = rgba[0, 3]
    assert rgba.shape == (1, 4, 32, 32) and alpha[16, 16] == 1 and not alpha[:4].any() and not alpha[:, 28:].any()
    assert 19 < alpha.sum().sqrt() < 22.5, "22 pixels of 32, less the margin"
    image = OnePicture(square_of_red(), True, blue, 0).way("rotate", {"angle_deg": 0.0})[0]
    assert image[:, 16, 16].tolist() == pytest.approx([1, 0, 0]) and image[:, 0, 0].tolist() == [0, 0, 1]


def test_a_whole_picture_fills_the_image_and_turns_as_one(blue: Engine) -> None:
    picture = Image.new("RGB", (60, 40), RED)
    way = OnePicture(picture, False, blue, 0).way("rotate", {"angle_deg": 45.0})
    assert (way[0, 0] > 0.99).all() and (way[0, 2] < 0.01).all()
    assert way[1, :, 16, 16].tolist() == pytest.approx([1, 0, 0], abs=0.01)
    assert way[1, :, 0, 0].tolist() == pytest.approx([0, 0, 1], abs=0.01), "the background shows behind the corner"


def test_what_is_transparent_in_a_whole_picture_is_white() -> None:
    rgba = as_whole(square_of_red(), 20)
    assert (rgba[0, 3] == 1).all() and rgba[0, :3, -1, -1].tolist() == [1, 1, 1] and rgba[0, 1, 0, 0] == 0


def test_an_object_of_which_nothing_is_left_is_refused(blue: Engine) -> None:
    with pytest.raises(SpecError, match="nothing is left"):
        OnePicture(Image.new("RGBA", (40, 40)), True, blue, 0).way("hue", {"shift": 0.1})


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_there(name: str) -> None:
    picture = example_picture(name)
    assert picture.title == name and min(picture.picture.size) >= 64
    assert torch.isfinite(as_whole(picture.picture, 32)).all()
