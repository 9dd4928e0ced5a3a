"""Cutting an object out of a picture with a plain background.

The background is what has nearly the colour of the picture's border and is connected to it. Its colour may drift
over the picture as light does: a plane is fitted to the border in CIE Lab, where distances are about as large as they
look (CIE 15:2018; 2.3 is just noticeable). At the object's edge a pixel is a mixture of both; the share of the object
is read from the colour (Smith and Blinn, "Blue screen matting", 1996), and its own colour is what is left when the
background's share is taken away, so that no rim of the old background shows on a new one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from invariance.data.uploads.packed import Packed
from invariance.data.uploads.reading import has_transparency
from invariance.data.uploads.regions import large_regions, touching_border

DEFAULT_TOLERANCE: Final = 8.0
MAX_TOLERANCE: Final = 60.0
PLAIN_SHARE: Final = 0.85
"""Share of the border that must be near the background's colour for a background to count as plain."""

BORDER_PX: Final = 3
MIN_HOLE: Final = 5e-4
"""Smallest hole, as a share of the picture; below it a bright reflection is likelier."""
MIN_ISLAND: Final = 0.02
"""Smallest part of the object, as a share of its largest; below it dust is likelier."""

_EDGE_PX: Final = 2
_REACH_PX: Final = 5
_FIT_ROUNDS: Final = 3
_MIN_FITTED: Final = 16

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class CutOut:
    """An object without its background.

    Attributes:
        packed: the object.
        plainness: share of the border near the background's colour, in [0, 1]; 1 where the file had its own alpha.
        coverage: mean of alpha, in [0, 1]; 0 where nothing was left.
        is_empty: whether the mask leaves nothing that is more than half there.
        masked: whether the mask was made here, and not read from the file.
    """

    packed: Packed
    plainness: float
    coverage: float
    is_empty: bool
    masked: bool

    @property
    def picture(self) -> Image.Image:
        """``RGBA``, straight alpha, of the size of what it was cut from."""
        return self.packed.unpacked()


def cut_out(picture: Image.Image, *, tolerance: float = DEFAULT_TOLERANCE, holes: bool = False) -> CutOut:
    """The object of a picture, by its transparency where it has any, else by its plain background.

    Args:
        picture: ``RGB`` or ``RGBA``.
        tolerance: CIE Lab distance from the background's colour up to which a pixel is background.
        holes: whether background that is enclosed by the object is seen through as well.
    """
    if has_transparency(picture):
        alpha = _in_unit_range(np.asarray(picture.getchannel("A")))
        return CutOut(Packed.of(picture), 1.0, float(alpha.mean()), is_empty(picture), masked=False)
    pixels = np.asarray(picture.convert("RGB"))
    lab = to_lab(pixels)
    background = _fit_background(pixels, lab, tolerance)
    mask = _object_mask(lab, background.lab, tolerance, holes)
    alpha, foreground = _matte(_in_unit_range(pixels), background.colours, mask)
    rgba = np.concatenate([foreground, alpha[..., None]], axis=-1)
    image = Image.fromarray((np.clip(rgba, 0, 1) * 255 + 0.5).astype(np.uint8))
    return CutOut(Packed.of(image), background.plainness, float(alpha.mean()), is_empty(image), masked=True)


def is_empty(picture: Image.Image) -> bool:
    """Whether no pixel of an ``RGBA`` picture is more than half opaque."""
    return int(np.asarray(picture.getchannel("A")).max()) < 128


def to_lab(pixels: NDArray[np.uint8]) -> Floats:
    """Bytes of sRGB, (..., 3) uint8, to CIE Lab of the D65 white (IEC 61966-2-1, CIE 15:2018)."""
    red, green, blue = (_TO_XYZ / _TO_XYZ.sum(axis=1, keepdims=True)).T
    linear = _LINEAR[pixels]
    xyz = linear[..., :1] * red + linear[..., 1:2] * green + linear[..., 2:] * blue
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * np.float32(841 / 108) + np.float32(4 / 29))
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    lab: Floats = np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)
    return lab


def _in_unit_range(pixels: NDArray[np.uint8]) -> Floats:
    scaled: Floats = pixels.astype(np.float32) / np.float32(255)
    return scaled


def _linear_light() -> Floats:
    encoded = np.arange(256) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return linear.astype(np.float32)


_LINEAR: Final = _linear_light()
_TO_XYZ: Final = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]],
    np.float32,
)


@dataclass(frozen=True)
class _Background:
    """Its colour everywhere, in CIE Lab and as sRGB in [0, 1], both (H, W, 3), and the border's share that has it."""

    lab: Floats
    colours: Floats
    plainness: float


def _fit_background(pixels: NDArray[np.uint8], lab: Floats, tolerance: float) -> _Background:
    height, width = pixels.shape[:2]
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    planes = np.stack([np.ones_like(x), x, y], axis=-1).astype(np.float32)
    border = np.zeros((height, width), dtype=bool)
    border[:BORDER_PX] = border[-BORDER_PX:] = True
    border[:, :BORDER_PX] = border[:, -BORDER_PX:] = True
    seen, places = lab[border], planes[border]
    reach = max(tolerance, DEFAULT_TOLERANCE)
    near = np.linalg.norm(seen - _dominant(seen), axis=-1) < 2 * reach  # wide, since the light may drift
    for _ in range(_FIT_ROUNDS):
        distance = np.linalg.norm(seen - _plane_through(places, seen, near, places), axis=-1)
        if (distance < reach).sum() < _MIN_FITTED:
            break
        near = distance < reach
    colours = np.clip(_plane_through(places, _in_unit_range(pixels[border]), near, planes), 0, 1)
    return _Background(_plane_through(places, seen, near, planes), colours, float((distance < tolerance).mean()))


def _plane_through(places: Floats, values: Floats, chosen: Bools, everywhere: Floats) -> Floats:
    """A plane fitted to the chosen values, read off everywhere; it stays within what the chosen ones span."""
    at, to = places[chosen], values[chosen]
    # The small ridge keeps a plane level that few pixels on one side would leave free.
    gram = at.T @ at + 1e-3 * len(at) * np.diag([0.0, 1.0, 1.0])
    plane = np.linalg.solve(gram, at.T @ to).astype(np.float32)
    fitted = at @ plane
    return np.clip(everywhere @ plane, fitted.min(axis=0), fitted.max(axis=0))


def _dominant(lab: Floats) -> Floats:
    """The colour that most pixels are near: the mean of the fullest cell of a coarse grid and its neighbours."""
    cells = np.floor(lab / 8).astype(np.int64)
    kinds, numbers, counts = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    fullest = kinds[counts.argmax()]
    close = (np.abs(kinds - fullest).max(axis=-1) <= 1)[numbers.ravel()]
    centre: Floats = lab[close].mean(axis=0)
    return centre


def _object_mask(lab: Floats, background: Floats, tolerance: float, holes: bool) -> Bools:
    """What is not background, without dust: (H, W)."""
    from scipy import ndimage  # takes a tenth of a second, which the start of a server has no use for

    distance = np.linalg.norm(lab - background, axis=-1)
    near, _ = ndimage.label(distance < tolerance)
    outside = touching_border(near)
    if holes:
        outside |= large_regions(near, MIN_HOLE * near.size)
    parts, _ = ndimage.label(~outside)
    areas = np.bincount(parts.ravel())[1:]
    return large_regions(parts, MIN_ISLAND * areas.max(initial=0))


def _matte(colours: Floats, background: Floats, mask: Bools) -> tuple[Floats, Floats]:
    """Alpha (H, W) and the object's own colours (H, W, 3), all in [0, 1]."""
    from scipy import ndimage

    # The border of the picture is no edge of the object: what lies outside counts as more of the same.
    core, gap = (ndimage.binary_erosion(part, iterations=_EDGE_PX, border_value=1) for part in (mask, ~mask))
    inner = core if core.any() else mask
    weight = _box_sum(inner[..., None].astype(np.float32), _REACH_PX)
    typical = _box_sum(colours * inner[..., None], _REACH_PX) / np.maximum(weight, 1)
    typical = np.where(weight > 0.5, typical, colours)
    difference = typical - background
    power = (difference**2).sum(axis=-1)
    share = ((colours - background) * difference).sum(axis=-1) / np.maximum(power, 1e-6)
    # Where the object looks like its background the colour says nothing: the mask decides.
    share = np.where((power > 0.01) & (weight[..., 0] > 0.5), np.clip(share, 0, 1), mask)
    alpha = np.where(core, 1.0, np.where(gap, 0.0, share)).astype(np.float32)[..., None]
    own = np.clip((colours - (1 - alpha) * background) / np.maximum(alpha, 1e-3), 0, 1)
    # A tenth of a pixel is too little to tell a colour from: there the neighbourhood's is taken.
    trust = np.clip((alpha - 0.1) / 0.4, 0, 1)
    return alpha[..., 0], (trust * own + (1 - trust) * typical).astype(np.float32)


def _box_sum(values: Floats, reach: int) -> Floats:
    """Sums over squares of ``2 * reach + 1`` pixels, (H, W, C); outside the picture there is nothing."""
    for axis in (0, 1):
        pad = [(0, 0)] * 3
        pad[axis] = (reach + 1, reach)
        running = np.cumsum(np.pad(values, pad), axis=axis, dtype=np.float32)
        length = values.shape[axis]
        ends = running.take(range(2 * reach + 1, 2 * reach + 1 + length), axis)
        values = ends - running.take(range(length), axis)
    return values
