"""Each transformation against a value worked out by hand from the published description."""

import math

import pytest
import torch

from invariance.data.transforms import get_transform


def flat(*rgba: float, size: int = 32) -> torch.Tensor:
    """A canvas of one premultiplied colour."""
    return torch.tensor(rgba)[None, :, None, None].repeat(1, 1, size, size)


def apply(name: str, rgba: torch.Tensor, **params: float | bool) -> torch.Tensor:
    return get_transform(name).apply(rgba, {key: torch.tensor([value]) for key, value in params.items()})


def pixel(image: torch.Tensor, y: int = 16, x: int = 16) -> list[float]:
    return [round(value, 4) for value in image[0, :, y, x].tolist()]


def dot(y: int, x: int, size: int = 32) -> torch.Tensor:
    image = torch.zeros(1, 4, size, size)
    image[0, :, y, x] = 1.0
    return image


def position(image: torch.Tensor) -> tuple[int, int]:
    flat_index = int(image[0, 3].argmax())
    return flat_index // image.shape[-1], flat_index % image.shape[-1]


def test_translate_moves_the_box_corner():
    """The base box starts at 5 and is 22 wide, so its corner has 11 places, 0 to 10."""
    assert position(apply("translate", dot(5, 5), x=0.0, y=0.0)) == (0, 0)
    assert position(apply("translate", dot(5, 5), x=0.9999, y=0.0)) == (0, 10)
    assert position(apply("translate", dot(5, 5), x=0.5, y=0.5)) == (5, 5)


def test_rotate_turns_counter_clockwise_about_the_centre():
    turned = apply("rotate", dot(16, 26), angle_deg=90.0)
    assert position(turned) == (5, 16)


def test_scale_halves_the_distance_to_the_centre_and_the_area():
    square = torch.zeros(1, 4, 32, 32)
    square[:, :, 8:24, 8:24] = 1.0
    scaled = apply("scale", square, factor=0.5)
    assert scaled[0, 3].sum().item() == pytest.approx(64.0, abs=0.01)
    assert pixel(scaled, 12, 12) == [1.0] * 4 and pixel(scaled, 11, 12) == [0.0] * 4


def test_flips():
    assert position(apply("h_flip", dot(3, 7), applied=True)) == (3, 24)
    assert position(apply("v_flip", dot(3, 7), applied=True)) == (28, 7)


def test_shear_moves_a_row_by_its_height_times_the_tangent():
    angle = math.degrees(math.atan(0.5))
    sheared = apply("shear", dot(26, 16), x_deg=angle, y_deg=0.0)
    # The dot's centre is 10.5 below the middle, so it moves left by 5.25 and is split 3 : 1 over two pixels.
    assert sheared[0, 3, 26, 11].item() == pytest.approx(0.75, abs=1e-4)
    assert sheared[0, 3, 26, 10].item() == pytest.approx(0.25, abs=1e-4)


def test_shear_is_horizontal_first_then_vertical():
    """With tangents of 2, (2.5, 0.5) from the centre goes to (2.5 - 1, 0.5) and then to (1.5, 0.5 - 3)."""
    angle = math.degrees(math.atan(2.0))
    both = apply("shear", dot(16, 18), x_deg=angle, y_deg=angle)
    assert both[0, 3, 13, 17].item() == pytest.approx(1.0, abs=1e-4)


def test_hue_third_of_a_turn_makes_red_green():
    assert pixel(apply("hue", flat(1.0, 0.0, 0.0, 1.0), shift=1 / 3)) == [0.0, 1.0, 0.0, 1.0]
    assert pixel(apply("hue", flat(0.5, 0.25, 0.25, 0.5), shift=1 / 3)) == [0.25, 0.5, 0.25, 0.5]


def test_brightness_multiplies_and_clips_at_white():
    assert pixel(apply("brightness", flat(0.2, 0.4, 0.8, 1.0), factor=1.5)) == [0.3, 0.6, 1.0, 1.0]
    assert pixel(apply("brightness", flat(0.1, 0.2, 0.4, 0.5), factor=1.5)) == [0.15, 0.3, 0.5, 0.5]


def test_grayscale_is_luma():
    grey = 0.299 * 1.0 + 0.587 * 0.5
    expected = pytest.approx([grey, grey, grey, 1.0], abs=1e-4)
    assert pixel(apply("grayscale", flat(1.0, 0.5, 0.0, 1.0), applied=True, amount=1.0)) == expected


def test_posterize_keeps_the_highest_bit():
    result = pixel(apply("posterize", flat(127 / 255, 128 / 255, 1.0, 1.0), applied=True, amount=1.0))
    assert result == pytest.approx([0.0, 128 / 255, 128 / 255, 1.0], abs=1e-4)


def test_invert_changes_colour_within_alpha():
    assert pixel(apply("invert", flat(0.1, 0.2, 0.5, 0.5), applied=True, amount=1.0)) == [0.4, 0.3, 0.0, 0.5]


def test_sharpen_leaves_flat_colour_and_overshoots_at_an_edge():
    assert pixel(apply("sharpen", flat(0.2, 0.3, 0.4, 1.0), applied=True, factor=7.0)) == [0.2, 0.3, 0.4, 1.0]
    edge = flat(0.4, 0.4, 0.4, 1.0)
    edge[0, :3, :, 16:] = 0.6
    sharp = apply("sharpen", edge, applied=True, factor=7.0)
    # Left of the edge the smoothed value is 0.4 + 0.2 * 3/13; seven times the difference is taken off.
    assert sharp[0, 0, 16, 15].item() == pytest.approx(0.4 + 0.2 * 3 / 13 * (1 - 7), abs=1e-4)


def test_blur_spreads_a_dot_as_a_gaussian():
    blurred = apply("blur", dot(16, 16), sigma_px=1.0)
    ratio = (blurred[0, 3, 16, 17] / blurred[0, 3, 16, 16]).item()
    assert ratio == pytest.approx(math.exp(-0.5), abs=1e-4)
    assert blurred[0, 3].sum().item() == pytest.approx(1.0, abs=1e-4)
    assert blurred[0, 3, 16, 20].item() == 0.0


def test_noise_only_adds_or_wraps():
    """From black nothing wraps: half the values stay 0, 16 % reach 1 (P(N > 1)) as published."""
    noisy = get_transform("noise").apply(
        flat(0.0, 0.0, 0.0, 1.0).repeat(20, 1, 1, 1),
        {"applied": torch.ones(20, dtype=torch.bool), "std": torch.ones(20), "field": torch.arange(20)},
    )[:, :3]
    assert (noisy == 0).float().mean().item() == pytest.approx(0.5, abs=0.01)
    assert (noisy == 1).float().mean().item() == pytest.approx(0.1587, abs=0.01)


def test_noise_wraps_as_bytes_do():
    """From white every addition of at least one level wraps: 255 + n is n - 1 modulo 256."""
    white = flat(1.0, 1.0, 1.0, 1.0)
    params = {"applied": torch.tensor([True]), "std": torch.ones(1), "field": torch.tensor([5])}
    noise = get_transform("noise").apply(flat(0.0, 0.0, 0.0, 1.0), params)[:, :3]
    expected = torch.where(noise >= 1 / 255, noise - 1 / 255, torch.ones_like(noise))
    torch.testing.assert_close(get_transform("noise").apply(white, params)[:, :3], expected, atol=1e-5, rtol=0)


def test_pixelate_has_nine_cells_of_their_mean():
    ramp = (torch.arange(32) / 31).expand(32, 32)
    image = torch.stack((ramp, ramp, ramp, torch.ones(32, 32)))[None]
    result = apply("pixelate", image, applied=True, side=9 / 32)[0, 0, 16]
    assert len(result.unique()) == 9
    # The first cell covers the pixels whose centres lie below 32/9: 0, 1, 2, 3.
    assert result[0].item() == pytest.approx(1.5 / 31, abs=1e-4)


def test_elastic_moves_by_pixels_not_by_fractions_of_one():
    """Smoothing U(-1, 1) by sigma 5 leaves .577 / (2 sqrt(pi) 5) = .0326; times 150/32 half-sides: 2.4 px."""
    num = 200
    params = {
        "applied": torch.ones(num, dtype=torch.bool),
        "alpha": torch.full((num,), 150.0),
        "field": torch.arange(num),
    }
    transform = get_transform("elastic")
    assert transform.displace is not None
    spread = transform.displace(params, 32)[:, :, 12:20, 12:20].std().item()
    assert spread == pytest.approx(0.0326 * 150 / 2, rel=0.15)
    large, small = (transform.displace(params, size).std().item() for size in (64, 32))
    assert large == pytest.approx(2 * small, rel=0.05)


def test_erasing_clears_a_square_of_14():
    erased = apply("erasing", flat(0.5, 0.5, 0.5, 1.0), applied=True, x=0.0, y=0.9999, side_px=14.0)
    clear = erased[0, 3] == 0
    assert clear.sum() == 14 * 14 and clear[18:, :14].all()


def test_contrast_zero_is_the_mean_luma_of_the_canvas_with_clear_pixels_black():
    image = torch.zeros(1, 4, 32, 32)
    image[0, :, :, :16] = torch.tensor([1.0, 0.0, 0.0, 1.0])[:, None, None]
    assert pixel(apply("contrast", image, factor=0.0), x=0) == pytest.approx([0.1495] * 3 + [1.0], abs=1e-4)
    assert pixel(apply("contrast", image, factor=0.0), x=20) == [0.0] * 4


@pytest.mark.parametrize(
    "name",
    ["v_flip", "h_flip", "grayscale", "posterize", "invert", "sharpen", "noise", "pixelate", "elastic", "erasing"],
)
def test_switched_ones_return_the_very_input_where_not_applied(name):
    image = flat(0.1, 0.2, 0.3, 0.7)
    image[0, :, 3:9, 4:20] = 0.25
    extra = {
        "amount": 1.0,
        "factor": 7.0,
        "std": 1.0,
        "side": 9 / 32,
        "alpha": 150.0,
        "x": 0.5,
        "y": 0.5,
        "side_px": 14.0,
    }
    params = {key: torch.tensor([value]) for key, value in extra.items()}
    params |= {"applied": torch.tensor([False]), "field": torch.tensor([3])}
    torch.testing.assert_close(get_transform(name).apply(image, params), image, atol=1e-5, rtol=0)
