"""Transformations that look at a pixel's neighbours, or at the canvas, one pixel at a time in numpy and float64.

Written from what the transformations promise (paper, appendix B; pixels are those of a 32 px image), with numpy and
scipy, and sharing no code with the engine but the numbers of its fields of noise.
"""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from invariance.data.random import unit_field

Canvas = NDArray[np.float64]
"""(4, S, S), premultiplied."""
HALF_LEVEL = 0.5 / 255
LUMA = np.array([0.299, 0.587, 0.114])


def blur(canvas: Canvas, sigma_px: float) -> Canvas:
    if sigma_px <= np.float32(0.1):
        return canvas
    size = canvas.shape[1]
    radius = max(1, round(3 * size / 32))
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / (sigma_px * size / 32)) ** 2)
    weights /= weights.sum()
    for axis in (1, 2):
        wide = np.pad(canvas, [(radius, radius) if each == axis else (0, 0) for each in range(3)], mode="reflect")
        canvas = sum(weight * np.take(wide, range(k, k + size), axis) for k, weight in enumerate(weights))  # type: ignore[assignment]
    return canvas


def sharpen(canvas: Canvas, applied: bool, factor: float) -> Canvas:
    if not applied:
        return canvas
    size = canvas.shape[1]
    step, alpha = max(1, round(size / 32)), canvas[3]
    straight = canvas[:3] / np.maximum(alpha, HALF_LEVEL)
    changed = canvas.copy()
    near = [max(0, min(size - 1, k)) for k in range(-step, size + step)]  # beyond the border is as the border
    for row in range(size):
        for column in range(size):
            rows, columns = near[row : row + 2 * step + 1 : step], near[column : column + 2 * step + 1 : step]
            mean = (straight[:, rows][:, :, columns].sum(axis=(1, 2)) + 4 * straight[:, row, column]) / 13
            changed[:3, row, column] += alpha[row, column] * (factor - 1) * (straight[:, row, column] - mean)
    changed[:3] = np.clip(changed[:3], 0, alpha)
    return changed


def pixelate(canvas: Canvas, applied: bool, side: float) -> Canvas:
    """With the rules of Pillow: a cell is the mean of the pixels whose centres are in it, the right border included."""
    size = canvas.shape[1]
    cells = min(size, floor(size - (size - 9) * (1 - side) / (1 - 9 / 32) + 1e-3))
    if not applied:
        return canvas
    centres = [Fraction(2 * pixel + 1, 2) for pixel in range(size)]
    shown = [floor(centre * cells / size) for centre in centres]
    members = [
        [
            pixel
            for pixel, at in enumerate(centres)
            if Fraction(cell * size, cells) < at <= Fraction((cell + 1) * size, cells)
        ]
        for cell in range(cells)
    ]
    means = np.stack([canvas[:, rows].mean(axis=1) for rows in members], axis=1)
    means = np.stack([means[:, :, columns].mean(axis=2) for columns in members], axis=2)
    return means[:, shown][:, :, shown]


def elastic(canvas: Canvas, applied: bool, alpha: float, field: int) -> Canvas:
    """A pixel is read where noise on a grid of 32, smoothed by 5 and enlarged, times alpha / 32 half-sides, says."""
    if not applied:
        return canvas
    size = canvas.shape[1]
    noise = unit_field(torch.tensor([field]), (2, 32, 32))[0].double().numpy() * 2 - 1
    smooth = ndimage.gaussian_filter(noise, 5, axes=(1, 2), mode="mirror", radius=20) * alpha / 32 * size / 2
    grid = np.clip((np.arange(size) + 0.5) * 32 / size - 0.5, 0, 31)
    places = np.stack(np.meshgrid(grid, grid, indexing="ij"))
    x, y = (ndimage.map_coordinates(plane, places, order=1, mode="nearest") for plane in smooth)
    read = np.indices((size, size)) + np.stack([y, x])
    return np.stack([ndimage.map_coordinates(plane, read, order=1, mode="grid-constant") for plane in canvas])


def erasing(canvas: Canvas, applied: bool, side_px: float, x: float, y: float) -> Canvas:
    if not applied:
        return canvas
    size = canvas.shape[1]
    side = round(side_px * size / 32)
    left, top = (floor(share * (size - side + 1)) for share in (x, y))
    changed = canvas.copy()
    changed[:, top : top + side, left : left + side] = 0
    return changed


def contrast(canvas: Canvas, factor: float) -> Canvas:
    grey = (LUMA @ (canvas[:3] / np.maximum(canvas[3], HALF_LEVEL)).reshape(3, -1)).mean()
    changed = canvas.copy()
    changed[:3] = np.clip(canvas[:3] * factor + (1 - factor) * grey * canvas[3], 0, canvas[3])
    return changed


CHANGES: dict[str, Any] = {
    "blur": blur,
    "sharpen": sharpen,
    "pixelate": pixelate,
    "elastic": elastic,
    "erasing": erasing,
    "contrast": contrast,
}
