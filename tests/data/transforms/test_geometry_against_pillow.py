"""Geometric transformations against Pillow's, with the same parameters, on objects with soft edges.

Pillow converts to premultiplied colour to read between pixels, and cuts what it read off to whole levels twice: its
result is darker by up to two levels. Read from the nearest pixel, the two are the same but where a reading falls
exactly between two pixels.
"""

import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps
from torchvision.transforms import InterpolationMode, functional

from invariance.data.catalogue import load_objects
from invariance.data.random import Draws
from invariance.data.transforms import apply_composition, get_transform
from tests.data.transforms import published

NUM = 60
Params = dict[str, torch.Tensor]
Reference = Callable[[Image.Image, dict[str, float], str], Image.Image]


@pytest.fixture(scope="module")
def cutouts() -> torch.Tensor:
    return load_objects("builtin", classes=(), image_size=32, num_prototypes=1).pictures[:NUM, 0]


def drawn(name: str) -> Params:
    transform = get_transform(name)
    params = transform.sample(Draws(8, torch.arange(NUM), transform.stream), 1.0)
    return params | ({"applied": torch.ones(NUM, dtype=torch.bool)} if "applied" in params else {})


def to_image(rgba: torch.Tensor) -> Image.Image:
    straight = torch.cat((rgba[:3] / rgba[3:].clamp(min=1e-6), rgba[3:]))
    return Image.fromarray((straight.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).numpy())


def levels_apart(found: torch.Tensor, expected: list[Image.Image]) -> np.ndarray:
    reference = np.stack([published.premultiplied(image) for image in expected])
    return (found.permute(0, 2, 3, 1).numpy() - reference) * 255


def affine(image: Image.Image, scale: float, shear: list[float], mode: str) -> Image.Image:
    return functional.affine(image, 0, [0, 0], scale, shear, InterpolationMode(mode))


PILLOW: dict[str, Reference] = {
    "rotate": lambda image, p, mode: image.rotate(p["angle_deg"], getattr(Image.Resampling, mode.upper())),
    "shear": lambda image, p, mode: affine(image, 1.0, [p["x_deg"], p["y_deg"]], mode),
    "scale": lambda image, p, mode: affine(image, p["factor"], [0.0, 0.0], mode),
    "h_flip": lambda image, p, mode: ImageOps.mirror(image),
    "v_flip": lambda image, p, mode: ImageOps.flip(image),
}


def transformed(name: str, rgba: torch.Tensor, mode: str) -> tuple[torch.Tensor, list[Image.Image]]:
    params = drawn(name)
    found, _ = apply_composition(rgba, [get_transform(name)], [params], mode=mode)
    rows = [{key: value[row].item() for key, value in params.items()} for row in range(NUM)]
    return found, [PILLOW[name](to_image(one), row, mode) for one, row in zip(rgba, rows, strict=True)]


@pytest.mark.parametrize("name", PILLOW)
def test_nearest_is_pillows(name, cutouts):
    levels = levels_apart(*transformed(name, cutouts, "nearest"))
    assert (np.abs(levels) > 0.01).mean() < 2e-4
    assert (np.abs(levels) > 0.01).sum() == 0 or name == "rotate"


@pytest.mark.parametrize("name", ["rotate", "shear"])
def test_bilinear_is_pillows_but_for_its_cutting_off(name, cutouts):
    levels = levels_apart(*transformed(name, cutouts, "bilinear"))
    assert levels.max() < 2.5 and levels.min() > -0.6  # the input was rounded as well
    assert 0 <= levels.mean() < 0.25


@pytest.mark.parametrize(
    ("side", "mean", "largest"), [(14, 0.6, 60), (16, 0.4, 45), (20, 0.4, 40), (24, 0.6, 40), (28, 0.8, 40)]
)
def test_scale_is_between_pillows_averaging_filters(cutouts, side, mean, largest):
    """The published pipeline shrinks by Pillow's bicubic filter, which overshoots at edges; 2 x 2 readings do not.

    They are as near to it as Pillow's other averaging filters are to each other, and leave the mean where it is.
    """
    params = {"factor": torch.full((NUM,), side / 32)}
    found = get_transform("scale").apply(cutouts, params)
    expected = []
    for one in cutouts:
        canvas = Image.new("RGBA", (32, 32))
        canvas.paste(to_image(one).resize((side, side), Image.Resampling.BICUBIC), ((32 - side) // 2,) * 2)
        expected.append(canvas)
    levels = levels_apart(found, expected)
    assert np.abs(levels).mean() < mean and np.abs(levels).max() < largest
    assert abs(levels.mean()) < 0.1


def test_half_the_size_is_pillows_box_filter(cutouts):
    found = get_transform("scale").apply(cutouts, {"factor": torch.full((NUM,), 0.5)})
    expected = []
    for one in cutouts:
        canvas = Image.new("RGBA", (32, 32))
        canvas.paste(to_image(one).resize((16, 16), Image.Resampling.BOX), (8, 8))
        expected.append(canvas)
    assert np.abs(levels_apart(found, expected)).max() < 1.5


@pytest.fixture(scope="module")
def kornia():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("kornia", reason="kornia, a further reference, is not installed")


def test_kornia_agrees_on_rotation_hue_blur_and_luma(kornia, cutouts):
    rotate, hue, blur = drawn("rotate"), drawn("hue"), drawn("blur")
    found = get_transform("rotate").apply(cutouts, rotate)
    expected = kornia.geometry.transform.rotate(cutouts, rotate["angle_deg"], align_corners=True)
    torch.testing.assert_close(found, expected, atol=5e-4, rtol=0)
    opaque = torch.cat((cutouts[:, :3], torch.ones(NUM, 1, 32, 32)), dim=1)
    found = get_transform("hue").apply(opaque, hue)[:, :3]
    expected = kornia.enhance.adjust_hue(opaque[:, :3], hue["shift"] * 2 * torch.pi)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)
    sigma = blur["sigma_px"][:, None].expand(-1, 2)
    found = get_transform("blur").apply(cutouts, blur)
    torch.testing.assert_close(found, kornia.filters.gaussian_blur2d(cutouts, (7, 7), sigma), atol=1e-5, rtol=0)
    grey = {"applied": torch.ones(NUM, dtype=torch.bool), "amount": torch.ones(NUM)}
    found = get_transform("grayscale").apply(cutouts, grey)[:, :1]
    torch.testing.assert_close(found, kornia.color.rgb_to_grayscale(cutouts[:, :3]), atol=1e-5, rtol=0)
