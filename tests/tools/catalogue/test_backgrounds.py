"""The shipped backgrounds: many, varied, small, and really made by the program."""

import numpy as np
import pytest
from PIL import Image

from invariance.data.catalogue import BUILTIN
from tools.catalogue.backgrounds import SCENES, draw_background

FILES = sorted((BUILTIN / "backgrounds").glob("*.webp"))


def picture(path):
    with Image.open(path) as image:
        image.load()
        return image


@pytest.fixture(scope="module")
def small():
    """(N, 32, 32, 3) in [0, 1]."""
    return np.stack([np.asarray(picture(path).resize((32, 32), Image.Resampling.BOX)) / 255 for path in FILES])


def test_number_form_and_size():
    assert len(FILES) >= 200
    for path in FILES:
        image = picture(path)
        assert (image.mode, image.size) == ("RGB", (128, 128)), path.name
    assert sum(path.stat().st_size for path in FILES) < 2_500_000


def test_colours_and_brightness_vary(small):
    means = small.mean(axis=(1, 2))
    assert (np.ptp(means, axis=0) > 0.6).all()
    assert means.mean(axis=1).std() > 0.12
    assert (means[:, 0] > means[:, 2]).mean() == pytest.approx(0.5, abs=0.25)


def test_none_is_flat(small):
    assert small.std(axis=(1, 2)).mean(axis=1).min() > 0.03


def test_no_two_are_nearly_equal(small):
    flat = small.reshape(len(small), -1).astype(np.float32)
    squares = (flat**2).sum(1)
    distance = np.sqrt(np.clip(squares[:, None] + squares - 2 * flat @ flat.T, 0, None) / flat.shape[1])
    np.fill_diagonal(distance, 1)
    assert distance.min() > 0.02


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_drawing_again_gives_the_shipped_picture(scene):
    drawn = np.asarray(draw_background(scene, 3), dtype=float)
    shipped = np.asarray(picture(BUILTIN / "backgrounds" / f"{scene.__name__.replace('_', '-')}-03.webp"), dtype=float)
    assert np.abs(drawn - shipped).mean() < 8
