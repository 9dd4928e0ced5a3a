"""The same parameters through the engine and through Pillow or torchvision, sample by sample.

Tolerances are in levels of 255: the mean and the largest absolute difference. Pillow rounds its results to bytes (half
a level), and what it blends was rounded before.
"""

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance
from scipy import ndimage
from torchvision.transforms import functional

from invariance.data.catalogue import load_backgrounds, load_objects
from invariance.data.random import Draws, normal_field, unit_field
from invariance.data.transforms import get_transform
from tests.data.transforms import published

NUM = 60
Params = dict[str, torch.Tensor]


def drawn(name: str) -> Params:
    """Engine's own draws, applied in every sample."""
    transform = get_transform(name)
    params = transform.sample(Draws(8, torch.arange(NUM), transform.stream), 1.0)
    return params | ({"applied": torch.ones(NUM, dtype=torch.bool)} if "applied" in params else {})


@pytest.fixture(scope="module")
def opaque() -> torch.Tensor:
    """Pictures that fill the canvas, of whole levels: (NUM, 4, 32, 32)."""
    pictures = load_backgrounds("builtin", image_size=32)
    assert pictures is not None
    pictures = (pictures[:: len(pictures) // NUM][:NUM] * 255).round() / 255
    return torch.cat((pictures, torch.ones(NUM, 1, 32, 32)), dim=1)


@pytest.fixture(scope="module")
def cutouts() -> torch.Tensor:
    """Premultiplied objects with soft edges: (NUM, 4, 32, 32)."""
    return load_objects("builtin", classes=(), image_size=32, num_prototypes=1).pictures[:NUM, 0]


def to_image(rgba: torch.Tensor) -> Image.Image:
    """Premultiplied (4, 32, 32) to straight bytes."""
    straight = torch.cat((rgba[:3] / rgba[3:].clamp(min=1e-6), rgba[3:]))
    return Image.fromarray((straight.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).numpy())


def assert_close(found: torch.Tensor, expected: list[np.ndarray], mean: float, largest: float) -> None:
    """``found`` (N, 4, H, W) against arrays (H, W, 4), both premultiplied."""
    levels = (found.permute(0, 2, 3, 1).numpy() - np.stack(expected)) * 255
    got = np.abs(levels).mean(), np.abs(levels).max()
    assert got[0] <= mean and got[1] <= largest, got


COLOUR = {
    "invert": (lambda p, i: {}, 0.001, 0.001),
    "posterize": (lambda p, i: {}, 0.001, 0.001),
    "grayscale": (lambda p, i: {}, 0.3, 0.6),  # Pillow rounds; three of four channels have an error of 1/4 on average
    "brightness": (lambda p, i: {"factor": p["factor"][i].item()}, 0.5, 1.0),  # and cuts off
    "contrast": (lambda p, i: {"factor": p["factor"][i].item()}, 0.6, 1.6),  # of a mean that it rounds
    "hue": (lambda p, i: {"shift": p["shift"][i].item()}, 2.0, 20.0),  # HSV in bytes: steps of 1.4 degrees
}


@pytest.mark.parametrize("name", COLOUR)
def test_colour_on_opaque_pictures(name, opaque):
    values, mean, largest = COLOUR[name]
    params = drawn(name)
    expected = [published.change(name, to_image(one), values(params, i)) for i, one in enumerate(opaque)]
    assert_close(get_transform(name).apply(opaque, params), expected, mean, largest)


def test_hue_is_torchvisions_in_floating_point(opaque):
    params = drawn("hue")
    expected = torch.stack(
        [functional.adjust_hue(one[:3], shift) for one, shift in zip(opaque, params["shift"].tolist(), strict=True)]
    )
    torch.testing.assert_close(get_transform("hue").apply(opaque, params)[:, :3], expected, atol=1e-5, rtol=0)


def test_noise_wraps_as_bytes_do_in_numpy(opaque):
    """Truncated there and rounded here: up to one level, and 255 levels in the few sums next to the wrap."""
    params = drawn("noise")
    noise = normal_field(params["field"], (3, 32, 32)).permute(0, 2, 3, 1).double().numpy()
    expected = np.stack([published.change("noise", to_image(one), {"noise": noise[i]}) for i, one in enumerate(opaque)])
    levels = np.abs(get_transform("noise").apply(opaque, params).permute(0, 2, 3, 1).numpy() - expected) * 255
    assert (levels > 1.001).mean() < 1e-4
    assert levels[levels <= 1.001].mean() < 0.3


def test_sharpen_is_torchvisions_and_pillows_inside_the_border(opaque):
    """Both leave the outermost pixels as they are; Pillow's smoothed image is rounded, which counts six times."""
    found = get_transform("sharpen").apply(opaque, drawn("sharpen"))[:, :, 1:-1, 1:-1]
    exact = functional.adjust_sharpness(opaque[:, :3], 7.0)[:, :, 1:-1, 1:-1]
    torch.testing.assert_close(found[:, :3], exact, atol=1e-5, rtol=0)
    pillow = [published.premultiplied(ImageEnhance.Sharpness(to_image(one)).enhance(7.0)) for one in opaque]
    assert_close(found, [one[1:-1, 1:-1] for one in pillow], mean=1.8, largest=4.5)


def test_blur_is_torchvisions_to_the_border(opaque):
    params = drawn("blur")
    sigmas = params["sigma_px"].tolist()
    expected = [
        functional.gaussian_blur(one, [7, 7], [sigma, sigma]) for one, sigma in zip(opaque, sigmas, strict=True)
    ]
    torch.testing.assert_close(get_transform("blur").apply(opaque, params), torch.stack(expected), atol=1e-6, rtol=0)


def test_pixelate_is_pillows_box_filter_and_nearest_neighbour(opaque, cutouts):
    for rgba in (opaque, cutouts):
        expected = [published.change("pixelate", to_image(one), {}) for one in rgba]
        # Premultiplied and divided again in bytes, where soft: up to two levels.
        assert_close(get_transform("pixelate").apply(rgba, drawn("pixelate")), expected, mean=0.35, largest=2.5)


def test_elastic_is_torchvisions_with_the_same_noise(cutouts):
    params = drawn("elastic")
    noise = (unit_field(params["field"], (2, 32, 32)) * 2 - 1).double().numpy()
    smooth = ndimage.gaussian_filter(noise, 5, axes=(2, 3), mode="mirror", radius=20) * 150 / 32
    displacements = torch.from_numpy(smooth).float().permute(0, 2, 3, 1)
    expected = [
        functional.elastic_transform(one, field[None]) for one, field in zip(cutouts, displacements, strict=True)
    ]
    torch.testing.assert_close(
        get_transform("elastic").apply(cutouts, params), torch.stack(expected), atol=2e-4, rtol=0
    )


def test_erasing_is_torchvisions(cutouts):
    params = drawn("erasing")
    corners = [(params[axis] * 19).floor().int().tolist() for axis in ("y", "x")]
    expected = [
        functional.erase(one, y, x, 14, 14, torch.tensor(0.0)) for one, y, x in zip(cutouts, *corners, strict=True)
    ]
    assert torch.equal(get_transform("erasing").apply(cutouts, params), torch.stack(expected))
