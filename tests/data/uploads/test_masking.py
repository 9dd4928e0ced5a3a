"""Masks of drawn shapes that are known: where the object is, how its edge is shared, what colour it has there."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from invariance.data.uploads.masking import (
    MAX_TOLERANCE,
    PLAIN_SHARE,
    cut_out,
    to_lab,
)

SIZE, FINER = 200, 8
WHITE, ORANGE, BLUE, NIGHT = (250, 250, 248), (225, 120, 30), (40, 60, 190), (12, 14, 20)
Floats = NDArray[np.float64]

SHAPES = {
    "disc": lambda draw, s: draw.ellipse((0.2 * s, 0.25 * s, 0.75 * s, 0.8 * s), fill=255),
    "star": lambda draw, s: draw.polygon(
        [
            (s * (0.5 + r * np.sin(a)), s * (0.5 - r * np.cos(a)))
            for a, r in zip(np.arange(10) * np.pi / 5, [0.4, 0.18] * 5, strict=True)
        ],
        fill=255,
    ),
    "touches two sides": lambda draw, s: draw.rectangle((0.3 * s, 0.4 * s, s, s), fill=255),
    "two parts": lambda draw, s: (
        draw.rectangle((0.1 * s, 0.2 * s, 0.4 * s, 0.8 * s), fill=255),
        draw.ellipse((0.6 * s, 0.6 * s, 0.9 * s, 0.9 * s), fill=255),
    ),
}


def shape(name: str, *, hole: bool = False) -> Floats:
    """Exact alpha (S, S) in [0, 1] of a shape, drawn 8 times finer and averaged."""
    large = Image.new("L", (SIZE * FINER, SIZE * FINER))
    draw = ImageDraw.Draw(large)
    SHAPES[name](draw, SIZE * FINER)
    if hole:
        low, high = 0.42 * SIZE * FINER, 0.58 * SIZE * FINER
        draw.ellipse((low, low, high, high), fill=0)
    return np.asarray(large, float).reshape(SIZE, FINER, SIZE, FINER).mean(axis=(1, 3)) / 255


def composite(alpha: Floats, colour: tuple[int, ...], background: object) -> Image.Image:
    """The shape in one colour on a background, a colour or (S, S, 3)."""
    ground = np.broadcast_to(np.asarray(background, float), (SIZE, SIZE, 3))
    mixed = alpha[..., None] * np.array(colour) + (1 - alpha[..., None]) * ground
    return Image.fromarray((mixed + 0.5).astype(np.uint8))


def alpha_of(picture: Image.Image, **how: float | bool) -> NDArray[np.uint8]:
    return np.asarray(cut_out(picture, **how).picture.getchannel("A"))


def iou(found: NDArray[np.uint8], alpha: Floats) -> float:
    given = found / 255
    return float(np.minimum(given, alpha).sum() / np.maximum(given, alpha).sum())


def drift(strength: float) -> Floats:
    """Light that falls off by ``strength`` from the upper left to the lower right: (S, S, 1)."""
    ramp = np.linspace(0, 1, SIZE)
    return (1 - strength * (ramp[:, None] + ramp[None]) / 2)[..., None]


@pytest.mark.parametrize("background", [WHITE, NIGHT, (60, 160, 90)], ids=["white", "night", "green"])
@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_on_a_plain_colour(name: str, background: tuple[int, ...]) -> None:
    alpha = shape(name)
    found = cut_out(composite(alpha, ORANGE, background))
    assert iou(np.asarray(found.picture)[..., 3], alpha) > 0.99
    assert found.masked and found.coverage == pytest.approx(alpha.mean(), rel=0.02)


def test_a_hole_is_seen_through_when_asked_for() -> None:
    alpha, filled = shape("disc", hole=True), shape("disc")
    picture = composite(alpha, BLUE, WHITE)
    assert iou(alpha_of(picture, holes=True), alpha) > 0.98
    assert iou(alpha_of(picture, holes=False), filled) > 0.98


def test_a_reflection_is_no_hole() -> None:
    alpha = shape("disc")
    picture = composite(alpha, BLUE, WHITE)
    picture.paste(WHITE, (90, 90, 93, 93))
    mask = alpha_of(picture, holes=True)
    assert (mask[85:98, 85:98] == 255).all() and iou(mask, alpha) > 0.98


@pytest.mark.parametrize("strength", [0.1, 0.25])
def test_light_that_falls_off_is_still_one_background(strength: float) -> None:
    """The second falls by a quarter, 22 in Lab: far more than the tolerance, but evenly."""
    alpha = shape("star")
    picture = composite(alpha, BLUE, drift(strength) * np.array(WHITE))
    assert iou(alpha_of(picture), alpha) > 0.97
    assert cut_out(picture).plainness > 0.95


def test_grain_and_dust_are_background() -> None:
    alpha, random = shape("disc"), np.random.default_rng(0)
    ground = np.clip(np.array(WHITE) - 8 + random.normal(0, 2.5, (SIZE, SIZE, 3)), 0, 255)
    ground[10:13, 150:153] = (90, 80, 70)
    mask = alpha_of(composite(alpha, ORANGE, ground))
    assert (mask[:20] == 0).all() and iou(mask, alpha) > 0.97


def test_the_tolerance_decides_on_a_pale_object() -> None:
    """Lab distance 13: cut out at a tolerance of 8, swallowed at 20."""
    alpha, pale = shape("disc"), (224, 214, 205)
    distance = np.linalg.norm(np.diff(to_lab(np.array([WHITE, pale], np.uint8)), axis=0))
    assert 11 < distance < 15
    picture = composite(alpha, pale, WHITE)
    assert iou(alpha_of(picture, tolerance=8), alpha) > 0.97
    assert alpha_of(picture, tolerance=20).max() == 0


def test_a_photograph_of_a_room_is_not_plain() -> None:
    tiles = np.random.default_rng(0).integers(0, 256, (10, 10, 3)).repeat(20, axis=0).repeat(20, axis=1)
    assert cut_out(composite(shape("disc"), ORANGE, tiles)).plainness < PLAIN_SHARE / 2


def test_half_the_border_in_another_colour_is_not_plain() -> None:
    ground = np.broadcast_to(np.array(WHITE, float), (SIZE, SIZE, 3)).copy()
    ground[SIZE // 2 :] = NIGHT
    assert 0.4 < cut_out(composite(shape("disc"), ORANGE, ground)).plainness < PLAIN_SHARE


@pytest.mark.parametrize("background", [WHITE, NIGHT])
@pytest.mark.parametrize("colour", [ORANGE, BLUE])
def test_no_halo_of_the_old_background(colour: tuple[int, ...], background: tuple[int, ...]) -> None:
    """On the opposite ground the edge looks as if the shape had been drawn there."""
    alpha, opposite = shape("star"), NIGHT if background == WHITE else WHITE
    rgba = np.asarray(cut_out(composite(alpha, colour, background)).picture, float) / 255
    pasted = rgba[..., :3] * rgba[..., 3:] + (1 - rgba[..., 3:]) * np.array(opposite) / 255
    expected = np.asarray(composite(alpha, colour, opposite), float) / 255
    edge = (alpha > 0.02) & (alpha < 0.98)
    assert edge.sum() > 300
    assert np.abs(pasted - expected)[edge].mean() < 0.02
    visible = edge & (rgba[..., 3] > 0.3)
    assert np.abs(rgba[..., :3] - np.array(colour) / 255)[visible].mean() < 0.02, "colour taken from the background"


def test_alpha_at_the_edge_is_the_share_of_the_object() -> None:
    alpha = shape("disc")
    found = alpha_of(composite(alpha, BLUE, WHITE)) / 255
    edge = (alpha > 0.02) & (alpha < 0.98)
    assert np.abs(found - alpha)[edge].mean() < 0.03


def test_a_file_with_transparency_keeps_its_own_mask() -> None:
    alpha = shape("star")
    picture = composite(alpha, ORANGE, WHITE)
    picture.putalpha(Image.fromarray((alpha * 255).astype(np.uint8)))
    found = cut_out(picture, tolerance=MAX_TOLERANCE)
    assert not found.masked and found.plainness == 1
    np.testing.assert_array_equal(np.asarray(found.picture), np.asarray(picture))


@pytest.mark.parametrize("colour", [WHITE, (0, 0, 0)])
def test_an_even_picture_leaves_nothing(colour: tuple[int, ...]) -> None:
    found = cut_out(Image.new("RGB", (64, 48), colour))
    assert found.coverage == 0 and found.plainness == 1


def test_lab_of_known_colours() -> None:
    """Bruce Lindbloom's calculator, sRGB, D65."""
    rgb = np.array([[255, 255, 255], [0, 0, 0], [255, 0, 0], [0, 0, 255], [119, 119, 119]], np.uint8)
    lab = [[100, 0, 0], [0, 0, 0], [53.24, 80.09, 67.20], [32.30, 79.19, -107.86], [50.03, 0, 0]]
    np.testing.assert_allclose(to_lab(rgb), lab, atol=0.03)
