"""The published transformations for one sample at a time, on Pillow images: a second opinion on the engine's kernels.

Written from the paper's description (arXiv 2407.04325, appendix B) with Pillow, numpy and torchvision, and sharing no
code with the engine. As published, pictures are straight 8-bit RGBA and geometric resampling is nearest-neighbour.
Unlike there, colour is multiplied by alpha once: filters that mix pixels mix premultiplied colour.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageEnhance, ImageOps
from scipy import ndimage
from torchvision.transforms import InterpolationMode, functional

SIDE, OBJECT_SIDE, CORNER, ERASED_SIDE, NUM_CELLS = 32, 22, 5, 14, 9

Array = NDArray[np.float32]


def base_object(path: Path) -> Image.Image:
    """The object on its canvas: resized to 32 x 32, shrunk to 22 x 22 and centred, straight RGBA."""
    with Image.open(path) as image:
        whole = image.convert("RGBA").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    canvas = Image.new("RGBA", (SIDE, SIDE))
    canvas.paste(whole.resize((OBJECT_SIDE, OBJECT_SIDE), Image.Resampling.BICUBIC), (CORNER, CORNER))
    return canvas


def base_background(path: Path) -> Array:
    """The largest top-left square at 32 x 32: (32, 32, 3) in [0, 1]."""
    with Image.open(path) as image:
        side = min(image.size)
        square = image.convert("RGB").crop((0, 0, side, side)).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return np.asarray(square, np.float32) / 255


def premultiplied(image: Image.Image) -> Array:
    """Straight bytes to premultiplied (32, 32, 4) in [0, 1]."""
    rgba = np.array(image, np.float32) / 255
    rgba[..., :3] *= rgba[..., 3:]
    return rgba


def paste(rgba: Array, background: Array) -> Array:
    """Premultiplied (..., 32, 32, 4) over (..., 32, 32, 3)."""
    return rgba[..., :3] + (1 - rgba[..., 3:]) * background


def draw(name: str, random: np.random.Generator) -> dict[str, Any] | None:
    """What the paper draws for one sample; None where the coin of one half says to leave the object alone."""
    match name:
        case "translate":
            return {"x": random.integers(0, 11), "y": random.integers(0, 11)}
        case "rotate":
            return {"angle": random.uniform(0, 360)}
        case "scale":
            return {"factor": random.uniform(0.4, 1)}
        case "shear":
            return {"angles": random.uniform(-50, 50, 2)}
        case "hue":
            return {"shift": random.uniform(-0.5, 0.5)}
        case "brightness" | "contrast":
            return {"factor": random.uniform(0, 2)}
        case "blur":
            return {"sigma": random.uniform(0.1, 1.5)}
    if random.random() < 0.5:
        return None
    match name:
        case "noise":
            return {"noise": random.standard_normal((SIDE, SIDE, 3))}
        case "elastic":
            return {"noise": random.uniform(-1, 1, (2, SIDE, SIDE))}
        case "erasing":
            return {"x": random.integers(0, 19), "y": random.integers(0, 19)}
    return {}


def change(name: str, image: Image.Image, values: dict[str, Any] | None) -> Array:
    """One object transformed: straight RGBA of 32 x 32 to premultiplied (32, 32, 4) in [0, 1].

    Args:
        name: of the transformation.
        image: the object on its canvas.
        values: as :func:`draw` gives them.
    """
    if values is None:
        return premultiplied(image)
    if name in _MOVED:
        return premultiplied(_MOVED[name](image, **values))
    if name in _COLOURED:
        # Clear pixels of a base object are black, and so they are here.
        coloured = _COLOURED[name](image.convert("RGB"), **values)
        coloured.putalpha(image.getchannel("A"))
        return premultiplied(coloured)
    return _FILTERED[name](premultiplied(image), **values)


def _translate(image: Image.Image, x: int, y: int) -> Image.Image:
    canvas = Image.new("RGBA", image.size)
    canvas.paste(image, (int(x) - CORNER, int(y) - CORNER))
    return canvas


def _scale(image: Image.Image, factor: float) -> Image.Image:
    """The canvas shrinks to a whole number of pixels, averaging, which nearest neighbour would not."""
    side = round(SIDE * factor)
    canvas = Image.new("RGBA", image.size)
    canvas.paste(image.resize((side, side), Image.Resampling.BICUBIC), ((SIDE - side) // 2,) * 2)
    return canvas


def _shear(image: Image.Image, angles: NDArray[np.float64]) -> Image.Image:
    return functional.affine(image, 0, [0, 0], 1.0, [float(a) for a in angles], InterpolationMode.NEAREST)


def _pixelate(image: Image.Image) -> Image.Image:
    cells = image.resize((NUM_CELLS, NUM_CELLS), Image.Resampling.BOX)
    return cells.resize(image.size, Image.Resampling.NEAREST)


def _noise(image: Image.Image, noise: NDArray[np.float64]) -> Image.Image:
    total = np.asarray(image) / 255 + noise.clip(0, 1)
    return Image.fromarray(np.floor(total * 255 + 1e-6).astype(np.int64).astype(np.uint8))  # wraps modulo 256


def _blur(rgba: Array, sigma: float) -> Array:
    weights = np.exp(-0.5 * (np.arange(-3, 4) / sigma) ** 2)
    for axis in (0, 1):
        rgba = ndimage.correlate1d(rgba, weights / weights.sum(), axis=axis, mode="mirror")
    return rgba


def _elastic(rgba: Array, noise: NDArray[np.float64]) -> Array:
    """The displacement (x, y) is in half-sides; reading is bilinear, as torchvision's elastic transformation does."""
    smooth = ndimage.gaussian_filter(noise, 5, axes=(1, 2), mode="mirror", radius=20) * 150 / SIDE * SIDE / 2
    places = np.indices((SIDE, SIDE)) + smooth[::-1]
    planes = [ndimage.map_coordinates(rgba[..., c], places, order=1, mode="grid-constant") for c in range(4)]
    return np.stack(planes, axis=2)


def _erase(rgba: Array, x: int, y: int) -> Array:
    rgba[y : y + ERASED_SIDE, x : x + ERASED_SIDE] = 0
    return rgba


_MOVED = {
    "translate": _translate,
    "rotate": lambda image, angle: image.rotate(angle, Image.Resampling.NEAREST),
    "scale": _scale,
    "v_flip": ImageOps.flip,
    "h_flip": ImageOps.mirror,
    "shear": _shear,
    "sharpen": lambda image: ImageEnhance.Sharpness(image).enhance(7),  # of straight RGBA it leaves alpha alone
    "pixelate": _pixelate,
}
_COLOURED = {
    "hue": lambda image, shift: functional.adjust_hue(image, shift),
    "brightness": lambda image, factor: ImageEnhance.Brightness(image).enhance(factor),
    "grayscale": lambda image: image.convert("L").convert("RGB"),
    "posterize": lambda image: ImageOps.posterize(image, 1),
    "invert": ImageChops.invert,
    "noise": _noise,
    "contrast": lambda image, factor: ImageEnhance.Contrast(image).enhance(factor),
}
_FILTERED = {"blur": _blur, "elastic": _elastic, "erasing": _erase}
