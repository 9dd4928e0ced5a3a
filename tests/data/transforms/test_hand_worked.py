"""Small pictures worked out by hand, for what test_known_values.py leaves open. Lists are rows of one channel.

Kernels scale lengths with the picture, so a picture of 8 px has neighbours one pixel away and a blur of 3 taps.
"""

import math

import pytest
import torch

from invariance.data.engine import paste
from invariance.data.transforms import get_transform


def picture(rows: list[list[float]], alpha: float = 1.0) -> torch.Tensor:
    """A grey picture, premultiplied."""
    grey = torch.tensor(rows).expand(1, 3, -1, -1) * alpha
    return torch.cat((grey, torch.full_like(grey[:, :1], alpha)), dim=1)


def apply(name: str, rgba: torch.Tensor, **params: float | bool) -> torch.Tensor:
    return get_transform(name).apply(rgba, {key: torch.tensor([value]) for key, value in params.items()})


def colour(red: float, green: float, blue: float, alpha: float = 1.0) -> torch.Tensor:
    """8 x 8 of one premultiplied colour, given straight."""
    straight = torch.tensor([red, green, blue, 1.0])
    return (straight * alpha).view(1, 4, 1, 1).expand(1, 4, 8, 8).contiguous()


def values(rgba: torch.Tensor, y: int = 3, x: int = 3) -> list[float]:
    return rgba[0, :, y, x].tolist()


def test_quarter_turn_of_four_by_four():
    rows = [[0.0, 0.1, 0.2, 0.3], [0.4, 0.5, 0.6, 0.7], [0.8, 0.9, 1.0, 0.0], [0.0, 0.0, 0.5, 0.0]]
    turned = apply("rotate", picture(rows), angle_deg=90.0)[0, 0]
    # Counter-clockwise: the right-hand column becomes the top row.
    expected = [[0.3, 0.7, 0.0, 0.0], [0.2, 0.6, 1.0, 0.5], [0.1, 0.5, 0.9, 0.0], [0.0, 0.4, 0.8, 0.0]]
    torch.testing.assert_close(turned, torch.tensor(expected), atol=1e-5, rtol=0)


def test_half_of_four_by_four_is_the_means_of_its_quarters():
    """At half the size a pixel covers 2 x 2; the four land on the middle four, and the rest is clear."""
    rows = [[0.0, 0.2, 1.0, 1.0], [0.4, 0.6, 1.0, 1.0], [0.8, 0.8, 0.0, 0.4], [0.8, 0.8, 0.0, 0.4]]
    half = apply("scale", picture(rows), factor=0.5)[0, 0]
    # Readings lie at 0.4 to either side of the corner that the four share: 0.9 and 0.1 parts of each, all in all equal.
    expected = [[0.3, 1.0], [0.8, 0.2]]
    torch.testing.assert_close(half[1:3, 1:3], torch.tensor(expected), atol=1e-5, rtol=0)
    assert half[0].abs().max() == 0 and half[3].abs().max() == 0 and half[:, 0].abs().max() == 0


@pytest.mark.parametrize(
    ("shift", "expected"),
    [
        # Straight (0.8, 0.4, 0.2) has hue 20 degrees, value 0.8, chroma 0.6.
        (1 / 6, [0.6, 0.8, 0.2]),  # 80 degrees: green leads, red is at (120 - 80) / 60 = 2/3 of the chroma
        (1 / 3, [0.2, 0.8, 0.4]),  # 140 degrees: channels change places
        (-1 / 3, [0.4, 0.2, 0.8]),
        (0.5, [0.2, 0.6, 0.8]),  # 200 degrees: blue leads, green is at (240 - 200) / 60 = 2/3
        (1 / 36, [0.8, 0.5, 0.2]),  # 30 degrees: green is at half of the chroma
    ],
)
@pytest.mark.parametrize("alpha", [1.0, 0.25])
def test_hue_of_an_orange(shift, expected, alpha):
    found = values(apply("hue", colour(0.8, 0.4, 0.2, alpha), shift=shift))
    assert found == pytest.approx([*(alpha * channel for channel in expected), alpha], abs=1e-5)


def test_hue_of_grey_and_white_stays():
    for grey in (0.0, 0.5, 1.0):
        assert values(apply("hue", colour(grey, grey, grey), shift=0.37)) == pytest.approx([grey] * 3 + [1.0], abs=1e-6)


def test_half_strength_of_the_switched_colour_operations():
    """At strength 1/2 the result lies in the middle of before and after."""
    half = {"applied": True, "amount": 0.5}
    assert values(apply("invert", colour(0.2, 0.4, 1.0), **half)) == pytest.approx([0.5, 0.5, 0.5, 1.0])
    luma = 0.299 * 0.2 + 0.587 * 0.4 + 0.114
    expected = [(0.2 + luma) / 2, (0.4 + luma) / 2, (1.0 + luma) / 2, 1.0]
    assert values(apply("grayscale", colour(0.2, 0.4, 1.0), **half)) == pytest.approx(expected, abs=1e-6)
    expected = [0.1, 0.2, (1.0 + 128 / 255) / 2, 1.0]
    assert values(apply("posterize", colour(0.2, 0.4, 1.0), **half)) == pytest.approx(expected, abs=1e-6)


def test_posterize_looks_at_straight_colour():
    """Half covered, 0.6 is stored as 0.3, below the threshold of 0.5: it still is a bright colour."""
    found = values(apply("posterize", colour(0.6, 0.4, 1.0, 0.5), applied=True, amount=1.0))
    assert found == pytest.approx([64 / 255, 0.0, 64 / 255, 0.5], abs=1e-6)


def test_sharpen_of_a_dot_clips_and_darkens_its_neighbours():
    """The dot's own mean is (5 * 0.6 + 8 * 0.4) / 13, a neighbour's (12 * 0.4 + 0.6) / 13; times 7 away from it."""
    rows = [[0.4] * 8 for _ in range(8)]
    rows[4][4] = 0.6
    sharp = apply("sharpen", picture(rows), applied=True, factor=7.0)[0, 0]
    assert sharp[4, 4].item() == pytest.approx(1.0)  # 0.6 + 6 * 0.123 = 1.34
    assert sharp[4, 5].item() == pytest.approx(0.4 - 6 * 0.2 / 13, abs=1e-5)
    assert sharp[4, 6].item() == pytest.approx(0.4, abs=1e-6)


def test_sharpen_filters_straight_colour_and_leaves_alpha():
    """At a step from 0.4 to 0.6, half covered, the lower side moves by 6 * 0.2 * 3 / 13, of which half is stored."""
    rgba = torch.full((1, 4, 8, 8), 0.5)
    rgba[:, :3, :, :4], rgba[:, :3, :, 4:] = 0.2, 0.3
    sharp = apply("sharpen", rgba, applied=True, factor=7.0)
    assert values(sharp, 3, 3) == pytest.approx([0.5 * (0.4 - 6 * 0.2 * 3 / 13)] * 3 + [0.5], abs=1e-6)
    assert values(sharp, 3, 4) == pytest.approx([0.5 * (0.6 + 6 * 0.2 * 3 / 13)] * 3 + [0.5], abs=1e-6)


def test_sharpen_sees_no_edge_of_alpha_within_a_colour_but_clear_pixels_as_black():
    rgba = torch.zeros(1, 4, 8, 8)
    for column, alpha in ((3, 0.25), (4, 0.5), (5, 1.0), (6, 1.0), (7, 1.0)):
        rgba[:, :3, :, column], rgba[:, 3, :, column] = 0.4 * alpha, alpha
    sharp = apply("sharpen", rgba, applied=True, factor=7.0)
    assert torch.equal(sharp[:, 3], rgba[:, 3]) and values(sharp, 3, 2) == [0.0] * 4
    assert values(sharp, 3, 3) == pytest.approx([0.25 * (0.4 + 6 * 0.4 * 3 / 13)] * 3 + [0.25], abs=1e-6)
    assert sharp[0, :, :, 4:].numpy() == pytest.approx(rgba[0, :, :, 4:].numpy(), abs=1e-6)


def test_blur_of_a_step_and_at_a_mirrored_border():
    """8 px have a quarter of the pixels: sigma 4/3 of 32 is 1/3 of these, and 3 taps remain."""
    rows = [[0.0] * 4 + [1.0] * 4 for _ in range(8)]
    blurred = apply("blur", picture(rows), sigma_px=4.0 / 3)[0, 0]
    side = math.exp(-0.5 * 9) / (1 + 2 * math.exp(-0.5 * 9))
    assert blurred[3, 3:5].tolist() == pytest.approx([side, 1 - side], abs=1e-6)
    rows = [[1.0] + [0.0] * 7 for _ in range(8)]
    blurred = apply("blur", picture(rows), sigma_px=4.0 / 3)[0, 0]
    # Mirrored about the first pixel's centre, its neighbour stands on both sides of it.
    assert blurred[3, :2].tolist() == pytest.approx([1 - 2 * side, side], abs=1e-6)


def test_pixelate_of_a_ramp():
    """36 px in 9 cells of 4: each is the mean of its four columns, and of alpha too."""
    ramp = (torch.arange(36) / 36).expand(1, 4, 36, 36).clone()
    result = apply("pixelate", ramp, applied=True, side=9 / 32)
    expected = ((torch.arange(9) * 4 + 1.5) / 36).repeat_interleave(4).expand(4, 36, 36)
    torch.testing.assert_close(result[0], expected, atol=1e-6, rtol=0)


def test_contrast_away_from_the_mean():
    """The mean is 0.25: 0.1 becomes 0.25 - 0.15 * 2, which clips at black, and 0.4 becomes 0.25 + 0.15 * 2."""
    rows = [[0.1, 0.4] * 4 for _ in range(8)]
    changed = apply("contrast", picture(rows), factor=2.0)[0, 0]
    assert changed[0, :2].tolist() == pytest.approx([0.0, 0.55], abs=1e-6)
    assert apply("contrast", picture(rows), factor=1.5)[0, 0, 0, :2].tolist() == pytest.approx([0.025, 0.475], abs=1e-6)


def test_contrast_counts_half_covered_pixels_in_full():
    """As published: the mean is of straight colour, 0.8 on one half of the canvas and clear, black, on the other."""
    rgba = torch.zeros(1, 4, 8, 8)
    rgba[:, :, :4] = torch.tensor([0.4, 0.4, 0.4, 0.5]).view(1, 4, 1, 1)
    assert values(apply("contrast", rgba, factor=0.0), 0) == pytest.approx([0.2, 0.2, 0.2, 0.5], abs=1e-6)


def test_noise_on_grey_by_hand():
    """0.5 + n is below 1 as it is, and from 256 / 255 on what a byte keeps of it."""
    params = {"applied": torch.tensor([True]), "std": torch.ones(1), "field": torch.tensor([77])}
    transform = get_transform("noise")
    noise = transform.apply(colour(0.0, 0.0, 0.0), params)[:, :3]
    found = transform.apply(colour(0.5, 0.5, 0.5), params)[:, :3]
    total = noise + 0.5
    assert torch.equal(found[total < 1], total[total < 1])
    wrapped = total > 256 / 255
    assert wrapped.any()
    torch.testing.assert_close(found[wrapped], total[wrapped] - 256 / 255, atol=1e-6, rtol=0)
    half = transform.apply(colour(0.5, 0.5, 0.5, 0.5), params)[:, :3]
    torch.testing.assert_close(half, found / 2, atol=1e-6, rtol=0)


def test_elastic_by_half_a_pixel_reads_between_two():
    """A field that shifts by alpha of the noise: the displaced picture is the picture read at its positions."""
    transform = get_transform("elastic")
    params = {"applied": torch.tensor([True]), "alpha": torch.tensor([150.0]), "field": torch.tensor([3])}
    assert transform.displace is not None
    dx, dy = transform.displace(params, 32)[0]
    ramp = ((torch.arange(32) + 0.5) / 32).expand(32, 32)
    rgba = torch.stack((ramp, ramp.T, ramp * 0, ramp * 0 + 1))[None]
    warped = transform.apply(rgba, params)[0]
    x = torch.arange(32) + 0.5 + dx
    y = (torch.arange(32) + 0.5)[:, None] + dy
    inside = (x > 1) & (x < 31) & (y > 1) & (y < 31)
    assert inside.sum() > 300
    # On a ramp, reading between pixels gives the position itself.
    torch.testing.assert_close(warped[0][inside], x[inside] / 32, atol=1e-5, rtol=0)
    torch.testing.assert_close(warped[1][inside], y[inside] / 32, atol=1e-5, rtol=0)


def test_erased_pixels_show_the_background():
    """14 of 32 are 4 of 8 px (3.5, to the even); the square's corner is at the middle of its 5 places."""
    erased = apply("erasing", colour(1.0, 0.0, 0.0), applied=True, x=0.5, y=0.0, side_px=14.0)
    image = paste(erased, torch.tensor([0.0, 0.0, 1.0]).view(1, 3, 1, 1).expand(1, 3, 8, 8))[0]
    blue = image[2] == 1
    assert blue.sum() == 16 and blue[:4, 2:6].all() and (image[0][~blue] == 1).all()
