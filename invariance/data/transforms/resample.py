"""Fused geometric resampling: a chain of matrices and displacement fields read from the input once.

Pixel coordinates are continuous: the image is [0, size] x [0, size], x to the right and y down, and the centre of
pixel i is i + 0.5. Reading premultiplied colour with zeros outside is what makes soft edges right.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from invariance.data.transforms.base import OBJECT_SCALE, Transform, filter_separably
from invariance.data.transforms.parameters import Params


def base_box(num: int, size: int, device: torch.device | str) -> Tensor:
    """Bounding box (x0, y0, x1, y1) in pixels of the untransformed object, (num, 4) float32."""
    width = round(OBJECT_SCALE * size)
    start = (size - width) // 2
    box = torch.tensor([start, start, start + width, start + width], dtype=torch.float32, device=device)
    return box.expand(num, 4)


def affine(a: Tensor, b: Tensor, c: Tensor, d: Tensor, size: int) -> Tensor:
    """The matrix [[a, b], [c, d]] about the image centre, as (B, 3, 3)."""
    centre = size / 2
    zero, one = torch.zeros_like(a), torch.ones_like(a)
    rows = (a, b, centre - a * centre - b * centre, c, d, centre - c * centre - d * centre, zero, zero, one)
    return torch.stack(rows, dim=1).view(-1, 3, 3)


def transform_box(matrix: Tensor, box: Tensor) -> Tensor:
    """Axis-parallel bounding box of a transformed box: (B, 3, 3), (B, 4) to (B, 4)."""
    x0, y0, x1, y1 = box.unbind(1)
    corners = torch.stack((torch.stack((x0, x1, x0, x1), 1), torch.stack((y0, y0, y1, y1), 1)), dim=1)
    moved = matrix[:, :2, :2] @ corners + matrix[:, :2, 2:]
    return torch.cat((moved.amin(dim=2), moved.amax(dim=2)), dim=1)


def resample(
    rgba: Tensor, steps: Sequence[tuple[Transform, Params]], *, box: Tensor, mode: str = "bilinear"
) -> tuple[Tensor, Tensor]:
    """Applies consecutive geometric transformations with one reading of the image.

    Args:
        rgba: (B, 4, S, S) float32, premultiplied.
        steps: transformations with ``matrix`` or ``displace``, in order of application, and their parameters.
        box: (B, 4) bounding box of the object before them, in pixels.
        mode: ``bilinear`` or ``nearest``; a chain with a warp is read bilinearly whatever the mode, as published.

    Returns:
        The image and the bounding box after them.
    """
    size = rgba.shape[-1]
    chain: list[tuple[str, Tensor]] = []
    for transform, params in steps:
        if transform.matrix is not None:
            matrix = transform.matrix(params, box, size)
            box = transform_box(matrix, box)
            if chain and chain[-1][0] == "matrix":
                chain[-1] = ("matrix", matrix @ chain[-1][1])
            else:
                chain.append(("matrix", matrix))
        else:
            assert transform.displace is not None, transform.name
            chain.append(("displace", transform.displace(params, size)))
            mode = "bilinear"
    spread = None
    if mode == "bilinear" and any(transform.minifies for transform, _ in steps):
        spread = _averaging_spread([value for kind, value in chain if kind == "matrix"])
        if all(transform.axis_aligned for transform, _ in steps):
            return _resample_separably(rgba, chain[0][1], spread), box
    if all(transform.whole_pixels for transform, _ in steps):
        mode = "nearest"  # reads the same pixels as bilinear reading would, in a third of the time
    grid = _read_positions(chain, size=size, spread=spread)
    result = F.grid_sample(rgba, grid, mode=mode, padding_mode="zeros", align_corners=False)
    return (result if spread is None else F.avg_pool2d(result, 2)), box


def _averaging_spread(matrices: Sequence[Tensor]) -> Tensor:
    """How far from its centre, in pixels, a shrunken output pixel takes its 2 x 2 readings: (B,).

    A pixel that covers 1/f input pixels has to average them. Readings at +-0.4 (1/f - 1) input pixels, each already
    averaging as bilinear reading does, give the variance of that box; at f = 1 they coincide and nothing is blurred.
    """
    factor = torch.stack([_determinant(matrix).abs().sqrt() for matrix in matrices]).prod(dim=0)
    return 0.4 * (1.0 - factor).clamp(min=0.0)


def _resample_separably(rgba: Tensor, matrix: Tensor, spread: Tensor) -> Tensor:
    """The same for a matrix (B, 3, 3) that keeps rows rows: as weighted sums along each axis, a third of the work."""
    size = rgba.shape[-1]
    inverse, axis = _inverse(matrix), _output_axis(size, spread, rgba.device)
    centres = torch.arange(size, device=rgba.device) + 0.5
    weights = []
    for row in (1, 0):
        positions = axis * inverse[:, row, row, None] + inverse[:, row, 2, None]
        distance = (positions[:, :, None] - centres).abs_()
        weights.append((1.0 - distance).clamp_(min=0.0).unflatten(1, (size, 2)).mean(dim=2))
    return filter_separably(rgba, *weights)


def _output_axis(size: int, spread: Tensor | None, device: torch.device) -> Tensor:
    """Output positions along one axis in pixels: (1, S), or with a ``spread`` (B,) two for each pixel, (B, 2 S)."""
    if spread is None:
        return torch.arange(size, device=device)[None] + 0.5
    num = torch.arange(2 * size, device=device)
    return num // 2 + 0.5 + (num % 2 * 2.0 - 1.0) * spread[:, None]


def _read_positions(chain: Sequence[tuple[str, Tensor]], *, size: int, spread: Tensor | None) -> Tensor:
    """Where in the input each output position reads: (B, N, N, 2), from -1 to 1 across the input.

    N is the image size, or with a ``spread`` (B,) twice that, each pixel having 2 x 2 positions around its centre.
    """
    reference = chain[0][1]
    axis = _output_axis(size, spread, reference.device)
    num = axis.shape[1]
    x, y = axis[:, None, :], axis[:, :, None]  # they broadcast to the plane only when a matrix or a field mixes them
    moved = spread is not None
    for kind, value in reversed(chain):
        if kind == "matrix":
            rows = _inverse(value)[:, :2, :, None, None].unbind(1)
            x, y = (x * row[:, 0] + row[:, 2] + y * row[:, 1] for row in rows)
        else:
            offsets = _read_field(value, x, y) if moved else value
            x, y = x + offsets[:, 0], y + offsets[:, 1]
        moved = True
    grid = torch.empty(len(reference), num, num, 2, device=reference.device)
    for position, plane in enumerate((x, y)):
        torch.mul(plane, 2.0 / size, out=grid[..., position])
    return grid.sub_(1.0)


def _read_field(field: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """A displacement field (B, 2, S, S) read at pixel coordinates (B, N, N): (B, 2, N, N)."""
    x, y = torch.broadcast_tensors(x, y)
    grid = torch.stack((x, y), dim=3).expand(len(field), -1, -1, -1) * (2.0 / field.shape[-1]) - 1.0
    return F.grid_sample(field, grid, padding_mode="border", align_corners=False)


def _determinant(matrix: Tensor) -> Tensor:
    """Of the linear part of (B, 3, 3): (B,)."""
    return matrix[:, 0, 0] * matrix[:, 1, 1] - matrix[:, 0, 1] * matrix[:, 1, 0]


def _inverse(matrix: Tensor) -> Tensor:
    """Inverse of affine matrices in closed form; no transformation of the registry is singular."""
    a, b, c, d = matrix[:, 0, 0], matrix[:, 0, 1], matrix[:, 1, 0], matrix[:, 1, 1]
    linear = torch.stack((d, -b, -c, a), dim=1).view(-1, 2, 2) / _determinant(matrix)[:, None, None]
    inverse = torch.zeros_like(matrix)
    inverse[:, :2, :2] = linear
    inverse[:, :2, 2:] = -linear @ matrix[:, :2, 2:]
    inverse[:, 2, 2] = 1.0
    return inverse
