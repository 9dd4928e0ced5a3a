"""Larger images: what is stated in pixels of a 32 px image scales with the image, so the picture stays the same one."""

import pytest
import torch
import torch.nn.functional as F

from invariance.data.random import Draws
from invariance.data.transforms import get_transform
from invariance.data.transforms.resample import base_box, transform_box

NUM = 12
SIZES = [64, 96, 224]
each_size = pytest.mark.parametrize("size", SIZES)

SMOOTH = {
    "rotate": (0.03, 0.001),
    "shear": (0.03, 0.001),
    "scale": (0.025, 0.0005),
    "blur": (0.012, 0.0003),
    "pixelate": (0.3, 0.01),
    "elastic": (0.04, 0.001),
}
"""Largest and mean difference accepted on smooth objects: reading between pixels that are larger blurs a little more.

Pixelate's cells have whole-pixel edges at each size, half a pixel of 32 apart at most, which shows at the steps.
"""


def drawn(name: str, **changes: torch.Tensor) -> dict[str, torch.Tensor]:
    transform = get_transform(name)
    params = transform.sample(Draws(3, torch.arange(NUM), transform.stream), 1.0)
    if "applied" in params:
        params["applied"] = torch.ones(NUM, dtype=torch.bool)
    return params | changes


def pixels(size: int) -> torch.Tensor:
    """Colour noise of 32 x 32 pixels with alpha, each of which is a square of pixels at ``size``."""
    rgba = torch.rand(NUM, 4, 32, 32, generator=torch.Generator().manual_seed(2))
    rgba[:, :3] *= rgba[:, 3:]
    return enlarge(rgba, size)


def enlarge(rgba: torch.Tensor, size: int) -> torch.Tensor:
    return rgba.repeat_interleave(size // 32, dim=2).repeat_interleave(size // 32, dim=3)


def blobs(size: int) -> torch.Tensor:
    """Smooth coloured objects, the same function of the place in the image at every size."""
    axis = (torch.arange(size) + 0.5) / size
    y, x = axis[:, None], axis[None]
    planes = []
    for row in range(NUM):
        alpha = torch.exp(-((((x - 0.5) / 0.17) ** 2 + ((y - 0.48) / 0.13) ** 2) ** 2))
        waves = [0.5 + 0.4 * torch.sin(5 * x + 3 * y + row + phase) for phase in (0.0, 2.0, 4.0)]
        planes.append(torch.stack([wave * alpha for wave in waves] + [alpha]))
    return torch.stack(planes)


@each_size
@pytest.mark.parametrize(
    "name",
    ["v_flip", "h_flip", "hue", "brightness", "grayscale", "posterize", "invert", "sharpen", "contrast", "erasing"],
)
def test_enlarged_pixels_are_transformed_as_the_pixels_are(name, size):
    """Exactly, for all that reads whole pixels: the neighbours of sharpen and the square of erasing grow along."""
    params = drawn(name)
    if name == "erasing":  # first, middle and last place, which every size has
        params |= {axis: torch.tensor([0.0, 0.5, 0.9999] * (NUM // 3)) for axis in ("x", "y")}
    expected = enlarge(get_transform(name).apply(pixels(32), params), size)
    torch.testing.assert_close(get_transform(name).apply(pixels(size), params), expected, atol=4e-5, rtol=0)


@each_size
@pytest.mark.parametrize("name", SMOOTH)
def test_a_larger_image_reduced_is_the_small_one(name, size):
    params = drawn(name)
    zoom = size // 32
    reduced = F.avg_pool2d(get_transform(name).apply(blobs(size), params), zoom)
    small = get_transform(name).apply(F.avg_pool2d(blobs(size), zoom), params)
    difference = (reduced - small).abs()
    assert difference.max() < SMOOTH[name][0] and difference.mean() < SMOOTH[name][1]


@each_size
def test_translate_reaches_all_four_edges_in_whole_pixels(size):
    transform = get_transform("translate")
    assert transform.matrix is not None
    box = base_box(4, size, "cpu")
    corner = torch.tensor([0.0, 0.99999, 0.5, 0.25])
    moved = transform_box(transform.matrix({"x": corner, "y": corner.flip(0)}, box, size), box)
    assert torch.equal(moved, moved.round())
    assert moved[0, 0] == 0 and moved[1, 2] == size and moved[2, 0] == box[0, 0]
    # Three quarters of the way are left at a quarter of the range, to half a pixel.
    assert moved[3, 0].item() == pytest.approx((size - 0.7 * size) / 4, abs=1.0)


@each_size
def test_noise_is_of_single_pixels_at_every_size(size):
    """As a camera's: the same law at each pixel, and none for its neighbour."""
    black = torch.zeros(NUM, 4, size, size)
    black[:, 3] = 1.0
    noise = get_transform("noise").apply(black, drawn("noise"))[:, :3]
    assert (noise == 0).float().mean().item() == pytest.approx(0.5, abs=0.01)
    assert (noise == 1).float().mean().item() == pytest.approx(0.1587, abs=0.01)
    centred = noise - noise.mean()
    for neighbour in (centred[..., 1:] * centred[..., :-1], centred[..., 1:, :] * centred[..., :-1, :]):
        assert abs(neighbour.mean() / centred.var()) < 4 / neighbour.numel() ** 0.5


@pytest.mark.parametrize(("size", "cells"), [(32, 9), (64, 9), (96, 9), (224, 9), (8, 8), (9, 9)])
def test_pixelate_has_nine_cells_at_every_size(size, cells):
    ramp = torch.arange(size).float().expand(1, 4, size, size) / size
    result = get_transform("pixelate").apply(ramp, {"applied": torch.tensor([True]), "side": torch.tensor([9 / 32])})
    assert len(result[0, 0, 0].unique()) == cells


@each_size
def test_elastic_moves_by_the_same_share_of_the_image(size):
    transform = get_transform("elastic")
    assert transform.displace is not None
    params = drawn("elastic")
    large, small = transform.displace(params, size) / size, transform.displace(params, 32) / 32
    torch.testing.assert_close(F.avg_pool2d(large, size // 32), small, atol=4e-3, rtol=0)
    assert small.std() > 0.05  # of the image side
