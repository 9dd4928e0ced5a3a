"""The background pictures: 27 kinds of scene, 8 of each."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from tools.catalogue.scenes import close_up, open_country, water, wood_and_night
from tools.catalogue.scenes.canvas import Picture

SCENES: tuple[Callable[[np.random.Generator], Picture], ...] = (
    *open_country.SCENES,
    *water.SCENES,
    *wood_and_night.SCENES,
    *close_up.SCENES,
)
NUM_OF_EACH = 8
PICTURE_SIZE = 128
QUALITY = 85


def draw_background(scene: Callable[[np.random.Generator], Picture], number: int) -> Image.Image:
    """One picture, 128 x 128 RGB; the scene's name and the number are the seed."""
    seed = zlib.crc32(f"{scene.__name__}-{number}".encode())
    rng = np.random.Generator(np.random.Philox(seed))
    picture = _developed(rng, scene(rng))
    large = Image.fromarray((picture.clip(0, 1) * 255 + 0.5).astype(np.uint8), "RGB")
    return large.resize((PICTURE_SIZE, PICTURE_SIZE), Image.Resampling.LANCZOS)


def _developed(rng: np.random.Generator, picture: Picture) -> Picture:
    """Exposure, white balance and saturation of a camera: so that brightness does not give the scene away."""
    grey = picture.mean(axis=2, keepdims=True)
    picture = np.clip(grey + (picture - grey) * rng.uniform(0.75, 1.15), 0, 1)
    warmth = rng.normal(0, 0.05)
    return picture ** rng.uniform(0.7, 1.35) * np.array([1 + warmth, 1.0, 1 - warmth])


def draw_backgrounds(folder: Path) -> None:
    """Writes all pictures into a flat folder as ``<scene>-<two digits>.webp``."""
    folder.mkdir(parents=True, exist_ok=True)
    for scene in SCENES:
        for number in range(NUM_OF_EACH):
            name = f"{scene.__name__.replace('_', '-')}-{number:02d}.webp"
            draw_background(scene, number).save(folder / name, quality=QUALITY, method=6)
