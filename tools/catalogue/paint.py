"""Paints: what makes a surface neither one-coloured nor smooth. All map points (N, 3) to RGB (N, 3) in [0, 1]."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from tools.catalogue.sdf import Colour, Paint, as_paint, rgb

_AXES = {"x": 0, "y": 1, "z": 2}


def choose(mask_of: Paint, inside: Colour, outside: Colour) -> Paint:
    """``inside`` where ``mask_of`` (N, 3) -> (N,) is true, else ``outside``."""
    first, second = as_paint(inside), as_paint(outside)
    return lambda p: torch.where(mask_of(p)[:, None], first(p), second(p))


def stripes(axis: str, width: float, one: Colour, two: Colour, *, offset: float = 0.0) -> Paint:
    """Alternating slabs of ``width`` across an axis."""
    column = _AXES[axis]
    return choose(lambda p: torch.floor((p[:, column] + offset) / width) % 2 == 0, one, two)


def slanted(width: float, one: Colour, two: Colour, *, slope: float = 1.0, axis: str = "x") -> Paint:
    """Diagonal stripes in the plane of ``axis`` and y."""
    column = _AXES[axis]
    return choose(lambda p: torch.floor((p[:, column] * slope + p[:, 1]) / width) % 2 == 0, one, two)


def sectors(num: int, one: Colour, two: Colour, *, offset_deg: float = 0.0) -> Paint:
    """Alternating wedges around the y axis (umbrella, beach ball); ``num`` is the number of pairs."""
    offset = math.radians(offset_deg)

    def mask(p: Tensor) -> Tensor:
        return torch.floor((torch.atan2(p[:, 2], p[:, 0]) + offset) / math.pi * num) % 2 == 0

    return choose(mask, one, two)


def checker(size: float, one: Colour, two: Colour) -> Paint:
    """Cubes of two colours."""
    return choose(lambda p: torch.floor(p / size + 1e-3).sum(dim=1) % 2 == 0, one, two)


def dots(spacing: float, radius: float, dot: Colour, ground: Colour, *, seed: int = 0) -> Paint:
    """Jittered round spots, one for each cube of side ``spacing``."""

    def mask(p: Tensor) -> Tensor:
        cell = torch.floor(p / spacing)
        centre = (cell + 0.5 + 0.5 * (_hash(cell, seed) - 0.5)) * spacing
        return (p - centre).norm(dim=1) < radius

    return choose(mask, dot, ground)


def spot(centre: Sequence[float], radius: float, inside: Colour, outside: Colour) -> Paint:
    """One round patch: an eye, a sticker, a bruise. Nest several by passing one as ``outside``."""
    point = torch.tensor(centre, dtype=torch.float32)
    return choose(lambda p: (p - point).norm(dim=1) < radius, inside, outside)


def band(axis: str, low: float, high: float, inside: Colour, outside: Colour) -> Paint:
    """A slab from ``low`` to ``high`` of an axis: a label, a hat band, a horizon."""
    column = _AXES[axis]
    return choose(lambda p: (p[:, column] > low) & (p[:, column] < high), inside, outside)


def gradient(axis: str, low: float, high: float, start: str, end: str) -> Paint:
    """A linear change of colour from ``start`` at ``low`` to ``end`` at ``high``."""
    column, first, second = _AXES[axis], rgb(start), rgb(end)

    def paint(p: Tensor) -> Tensor:
        share = ((p[:, column] - low) / (high - low)).clamp(0, 1)[:, None]
        return torch.lerp(first.expand(p.shape[0], 3), second.expand(p.shape[0], 3), share)

    return paint


def mottled(base: Colour, other: Colour, *, scale: float = 6.0, amount: float = 1.0, seed: int = 0) -> Paint:
    """Cloudy mixture of two colours by value noise of ``scale`` cells a unit (fur, rust, bread, stone)."""
    first, second = as_paint(base), as_paint(other)

    def paint(p: Tensor) -> Tensor:
        noise = 0.65 * value_noise(p * scale, seed) + 0.35 * value_noise(p * scale * 2.3, seed + 1)
        share = ((noise - 0.5) * 2.5 * amount + 0.5 * amount).clamp(0, 1)[:, None]
        return torch.lerp(first(p), second(p), share)

    return paint


def grain(axis: str, width: float, one: str, two: str, *, seed: int = 0) -> Paint:
    """Wood: wavy rings across an axis."""
    column, first, second = _AXES[axis], rgb(one), rgb(two)

    def paint(p: Tensor) -> Tensor:
        wave = torch.sin(2 * math.pi * (p[:, column] / width + 0.7 * value_noise(p * 3.0, seed)))
        return torch.lerp(first.expand(p.shape[0], 3), second.expand(p.shape[0], 3), (0.5 + 0.5 * wave)[:, None])

    return paint


def value_noise(p: Tensor, seed: int = 0) -> Tensor:
    """Smooth noise in [0, 1] with one random value for each point of the integer lattice: (N, 3) to (N,)."""
    cell = torch.floor(p)
    share = p - cell
    share = share * share * (3.0 - 2.0 * share)
    total = torch.zeros(p.shape[0])
    for corner in range(8):
        step = torch.tensor([corner & 1, corner >> 1 & 1, corner >> 2 & 1], dtype=torch.float32)
        weight = torch.where(step > 0, share, 1.0 - share).prod(dim=1)
        total = total + weight * _hash(cell + step, seed)[:, 0]
    return total


def _hash(cell: Tensor, seed: int) -> Tensor:
    """Three pseudo-random numbers in [0, 1) for each lattice cell, by integer mixing: the same on every machine."""
    x, y, z = cell.to(torch.int64).unbind(1)
    value = (x * 73856093) ^ (y * 19349663) ^ (z * 83492791) ^ (seed * 374761393)
    numbers = []
    for multiplier in (668265263, 2246822519, 3266489917):
        mixed = (value * multiplier) & 0xFFFFFFFF
        mixed = ((mixed ^ (mixed >> 15)) * 2654435761) & 0xFFFFFFFF
        numbers.append(((mixed ^ (mixed >> 13)) & 0xFFFFFF).to(torch.float32) / 2**24)
    return torch.stack(numbers, dim=1)
