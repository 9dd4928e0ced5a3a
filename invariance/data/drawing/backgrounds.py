"""The background pictures: 27 kinds of scene, 8 of each."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from invariance.data.drawing.scenes import close_up, open_country, water, wood_and_night
from invariance.data.drawing.scenes.canvas import Picture

SCENES: tuple[Callable[[np.random.Generator], Picture], ...] = (
    *open_country.SCENES,
    *water.SCENES,
    *wood_and_night.SCENES,
    *close_up.SCENES,
)
NUM_OF_EACH = 8
PICTURE_SIZE = 128
QUALITY = 80


def draw_background(scene: Callable[[np.random.Generator], Picture], number: int) -> Image.Image:
    """One picture, 128 x 128 RGB; the scene's name and the number are the seed."""
    seed = zlib.crc32(f"{scene.__name__}-{number}".encode())
    picture = scene(np.random.Generator(np.random.Philox(seed)))
    large = Image.fromarray((picture.clip(0, 1) * 255 + 0.5).astype(np.uint8), "RGB")
    return large.resize((PICTURE_SIZE, PICTURE_SIZE), Image.Resampling.LANCZOS)


def draw_backgrounds(folder: Path) -> None:
    """Writes all pictures into a flat folder as ``<scene>-<number>.webp``."""
    folder.mkdir(parents=True, exist_ok=True)
    for scene in SCENES:
        for number in range(NUM_OF_EACH):
            name = f"{scene.__name__.replace('_', '-')}-{number}.webp"
            draw_background(scene, number).save(folder / name, quality=QUALITY, method=6)
