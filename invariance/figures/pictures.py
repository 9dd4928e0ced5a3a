"""Arrays to pictures: grids of samples, relevance over an image, PNG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from io import BytesIO
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from invariance.figures.palette import NEGATIVE, NEUTRAL, POSITIVE

Picture = NDArray[np.uint8]

LABEL_PX: Final = 16
MARK_PX: Final = 3
_MARK: Final = (228, 87, 46, 255)


def upscale(picture: Picture, factor: int) -> Picture:
    """Enlarges (H, W, C) by a whole factor, each pixel a sharp square."""
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)


def fitting_factor(size: int, target_px: int) -> int:
    """The whole factor that brings an image side near ``target_px``; at least 1."""
    return max(1, round(target_px / size))


def tile(picture: Picture, factor: int, *, gap_px: int = 6) -> Picture:
    """Enlarges (H, W, 3) and adds a transparent margin, for rows of pictures that a page lays out itself."""
    return image_grid(picture[None], columns=1, factor=factor, gap_px=gap_px)


def image_grid(
    images: Picture,
    *,
    columns: int,
    factor: int = 1,
    gap_px: int = 4,
    labels: Sequence[str] | None = None,
    marked: int | None = None,
) -> Picture:
    """Lays images out in rows on a transparent ground, so that the grid suits a light and a dark page.

    Args:
        images: (N, H, W, 3) uint8.
        columns: images in a row.
        factor: enlargement, nearest neighbour.
        gap_px: between images, after enlargement.
        labels: N short texts below the images, cut to the width.
        marked: position of an image that gets a frame.

    Returns:
        (H', W', 4) uint8 RGBA.
    """
    assert images.ndim == 4 and images.dtype == np.uint8, (images.shape, images.dtype)
    num, height, width = len(images), images.shape[1] * factor, images.shape[2] * factor
    rows = -(-num // columns)
    pitch_y = height + gap_px + (LABEL_PX if labels is not None else 0)
    pitch_x = width + gap_px
    canvas = np.zeros((rows * pitch_y + gap_px, columns * pitch_x + gap_px, 4), dtype=np.uint8)
    corners = [(gap_px + (n // columns) * pitch_y, gap_px + (n % columns) * pitch_x) for n in range(num)]
    if marked is not None and 0 <= marked < num:
        top, left = corners[marked]
        edge = min(MARK_PX, gap_px)
        canvas[top - edge : top + height + edge, left - edge : left + width + edge] = _MARK
    for image, (top, left) in zip(images, corners, strict=True):
        canvas[top : top + height, left : left + width, :3] = upscale(image, factor)
        canvas[top : top + height, left : left + width, 3] = 255
    return canvas if labels is None else _write_labels(canvas, labels, corners, (height, width))


def sheet(pictures: Picture) -> Picture:
    """Pictures (N, S, S, 3) as one, in rows as nearly a square as may be.

    How many there are tells a page where each of them is; the last places may be black.
    """
    num, size = len(pictures), pictures.shape[1]
    columns = math.ceil(math.sqrt(num))
    rows = -(-num // columns)
    whole = np.zeros((rows * columns, size, size, 3), np.uint8)
    whole[:num] = pictures
    return whole.reshape(rows, columns, size, size, 3).swapaxes(1, 2).reshape(rows * size, columns * size, 3)


def relevance_overlay(
    image: Picture, relevance: NDArray[np.floating], *, limit: float, opacity: float = 0.85
) -> Picture:
    """Signed relevance in red (for) and blue (against) over the image in grey.

    Args:
        image: (H, W, 3) uint8.
        relevance: (H, W).
        limit: |relevance| of full colour; the same for pictures that are compared.
        opacity: of a pixel at the limit, in [0, 1]; a pixel without relevance stays grey.
    """
    assert limit > 0, limit
    luma = image.astype(np.float32) @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    grey = np.repeat((0.6 * luma + 70.0)[..., None], 3, axis=2)  # less contrast, so that the colours stand out
    share = np.clip(np.abs(relevance) / limit, 0.0, 1.0)[..., None] * opacity
    colour = np.where(relevance[..., None] >= 0, np.array(POSITIVE), np.array(NEGATIVE)).astype(np.float32)
    blended: Picture = np.clip(grey * (1.0 - share) + colour * share + 0.5, 0, 255).astype(np.uint8)
    return blended


def outline(picture: Picture, mask: NDArray[np.floating], factor: int) -> Picture:
    """Enlarges a picture and draws the border of a mask on it, one thin light line on a dark one.

    Args:
        picture: (H, W, 3) uint8.
        mask: (H, W) in [0, 1]; above a half is inside.
        factor: enlargement.
    """
    large = upscale(picture, factor)
    inside = np.pad((mask > 0.5).repeat(factor, axis=0).repeat(factor, axis=1), 1)
    centre = inside[1:-1, 1:-1]
    surrounded = inside[:-2, 1:-1] & inside[2:, 1:-1] & inside[1:-1, :-2] & inside[1:-1, 2:]
    touches = inside[:-2, 1:-1] | inside[2:, 1:-1] | inside[1:-1, :-2] | inside[1:-1, 2:]
    large[centre & ~surrounded] = (255, 255, 255)
    large[~centre & touches] = (20, 20, 20)
    return large


def side_by_side(pictures: Sequence[Picture], *, gap_px: int = 8) -> Picture:
    """Pictures of one height next to each other on a transparent ground, (H, W', 4) uint8."""
    return image_grid(np.stack([picture[..., :3] for picture in pictures]), columns=len(pictures), gap_px=gap_px)


def png_bytes(picture: Picture, *, compress_level: int = 6) -> bytes:
    """A picture (H, W, 3) or (H, W, 4) uint8 as a PNG file; ``compress_level`` from 0 (fast) to 9 (small)."""
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, format="PNG", compress_level=compress_level)
    return buffer.getvalue()


def _write_labels(
    canvas: Picture, labels: Sequence[str], corners: Sequence[tuple[int, int]], size: tuple[int, int]
) -> Picture:
    height, width = size
    picture = Image.fromarray(canvas)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size=LABEL_PX - 4)
    for label, (top, left) in zip(labels, corners, strict=True):
        draw.text((left + width / 2, top + height + 2), _cut(label, width, draw, font), NEUTRAL, font=font, anchor="ma")
    return np.array(picture)


def _cut(text: str, width: int, draw: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    if draw.textlength(text, font) <= width:
        return text
    while text and draw.textlength(text + "…", font) > width:
        text = text[:-1]
    return text + "…"
