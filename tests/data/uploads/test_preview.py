"""The preview shows what the engine makes of the stored pictures."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from invariance.data.uploads.preview import composed_samples
from invariance.spec import SpecError

COLOURS = ((230, 40, 40), (40, 200, 60), (50, 70, 230))


def disc(colour: tuple[int, int, int]) -> Image.Image:
    picture = Image.new("RGBA", (80, 80))
    ImageDraw.Draw(picture).ellipse((10, 10, 70, 70), fill=(*colour, 255))
    return picture


def test_each_picture_in_turn_on_the_given_background() -> None:
    samples = composed_samples(
        [disc(colour) for colour in COLOURS], [Image.new("RGB", (50, 40), (200, 200, 0))], transforms=(), image_size=32
    )
    assert samples.shape == (4, 32, 32, 3)
    assert np.abs(samples[:, 1, 1].astype(int) - (200, 200, 0)).max() <= 1
    assert np.abs(samples[:, 16, 16].astype(int) - [*COLOURS, COLOURS[0]]).max() <= 1


def test_one_picture_is_enough_and_transformations_are_drawn_anew() -> None:
    plain = Image.new("RGB", (50, 50), (128, 128, 128))
    samples = composed_samples([disc(COLOURS[0])], [plain], transforms=("hue",), image_size=16)
    assert len(np.unique(samples[:, 8, 8], axis=0)) == 4


def test_without_a_background_the_built_in_ones_are_drawn() -> None:
    samples = composed_samples([disc(COLOURS[0])], [], transforms=(), image_size=16)
    assert np.ptp(samples[:, :3].astype(int)) > 30


def test_an_empty_cutout_is_refused() -> None:
    with pytest.raises(SpecError, match="nothing is left"):
        composed_samples([Image.new("RGBA", (40, 40))], [], transforms=(), image_size=16)
