"""A cut-out as people check it: on a checkerboard, with the border of its mask."""

from __future__ import annotations

from typing import Final

import numpy as np
from PIL import Image

from invariance.figures.pictures import Picture, outline

CHECK_PX: Final = 12
_LIGHT: Final = 236
_DARK: Final = 198


def checkerboard(height: int, width: int) -> Picture:
    """Two light greys that show where a picture is clear: (H, W, 3) uint8."""
    y, x = np.ogrid[:height, :width]
    odd = (y // CHECK_PX + x // CHECK_PX) % 2 == 1
    return np.repeat(np.where(odd, _DARK, _LIGHT).astype(np.uint8)[..., None], 3, axis=2)


def cutout_on_checkerboard(picture: Image.Image, size_px: int) -> Picture:
    """A picture with alpha, fitted into a square checkerboard, the border of its mask drawn in.

    Args:
        picture: ``RGBA``, straight alpha.
        size_px: side of what is returned.

    Returns:
        (size_px, size_px, 3) uint8.
    """
    scale = size_px / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    small = picture.resize(size, Image.Resampling.BICUBIC)
    canvas = Image.new("RGBA", (size_px, size_px))
    canvas.paste(small, ((size_px - size[0]) // 2, (size_px - size[1]) // 2))
    pixels = np.asarray(canvas, np.float32)
    alpha = pixels[..., 3:] / 255
    mixed = pixels[..., :3] * alpha + checkerboard(size_px, size_px) * (1 - alpha)
    return outline((mixed + 0.5).astype(np.uint8), alpha[..., 0], 1)
