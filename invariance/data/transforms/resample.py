"""Fused geometric resampling: a chain of matrices and displacement fields read from the input once.

Pixel coordinates are continuous: the image is [0, size] x [0, size], x to the right and y down, and the centre of
pixel i is i + 0.5. Reading premultiplied colour with zeros outside is what makes soft edges right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from invariance.data.constants import constant
from invariance.data.products import small_product
from invariance.data.transforms.base import Transform, change_where, filter_separably
from invariance.data.transforms.frame import Frame
from invariance.data.transforms.moves import move_pixels
from invariance.data.transforms.parameters import Params


@dataclass(frozen=True)
class Warp:
    """A displacement field that has not been grown yet.

    Attributes:
        transform: one that displaces.
        params: its parameters.
    """

    transform: Transform
    params: Params

    def field(self, size: int) -> Tensor:
        """(B, 2, S, S) offsets (x, y) in pixels at which the input is read."""
        assert self.transform.displace is not None, self.transform.name
        return self.transform.displace(self.params, size)


def base_box(num: int, size: int, device: torch.device | str) -> Tensor:
    """Bounding box (x0, y0, x1, y1) in pixels of the untransformed object, (num, 4) float32."""
    frame = Frame.of_object(size)
    return constant((frame.start, frame.start, frame.stop, frame.stop), torch.device(device)).expand(num, 4)


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
    moved = small_product(matrix[:, :2, :2], corners) + matrix[:, :2, 2:]
    return torch.cat((moved.amin(dim=2), moved.amax(dim=2)), dim=1)


def resample_content(
    rgba: Tensor, frame: Frame, steps: Sequence[tuple[Transform, Params]], *, box: Tensor, mode: str = "bilinear"
) -> tuple[Tensor, Frame, Tensor]:
    """Applies consecutive geometric transformations with one reading of the image.

    Args:
        rgba: (B, 4, W, W) float32, premultiplied, the pixels of the frame.
        frame: the part of the canvas outside which all is clear.
        steps: transformations with ``matrix`` or ``displace``, in order of application, and their parameters.
        box: (B, 4) bounding box of the object before them, in pixels.
        mode: ``bilinear`` or ``nearest``; a chain with a warp is read bilinearly whatever the mode, as published.

    Returns:
        The image, the frame that it covers, and the bounding box after them.
    """
    if len(steps) == 1 and steps[0][0].displace is not None and "applied" in steps[0][1] and rgba.device.type == "cpu":
        transform, params = steps[0]

        def warp(canvas: Tensor, params: Params) -> Tensor:
            return _read(canvas, [Warp(transform, params)])

        whole = frame.on_canvas(rgba)
        return change_where(params["applied"], whole, params, warp), Frame.whole(frame.size), box
    chain, box = chain_of(steps, box, frame.size)
    matrices = [link for link in chain if isinstance(link, Tensor)]
    if any(transform.displace is not None for transform, _ in steps):
        mode = "bilinear"
    if all(transform.whole_pixels for transform, _ in steps):
        if (moved := move_pixels(rgba, frame, matrices[0])) is not None:
            return *moved, box
        mode = "nearest"  # reads the same pixels as bilinear reading would, in a third of the time
    spread = None
    if mode == "bilinear" and any(transform.minifies for transform, _ in steps):
        spread = averaging_spread(matrices)
        if all(transform.axis_aligned for transform, _ in steps):
            target = frame.centred() if all(transform.stays for transform, _ in steps) else Frame.whole(frame.size)
            return _resample_separably(rgba, frame, target, matrices[0], spread), target, box
    return _read(frame.on_canvas(rgba), chain, mode=mode, spread=spread), Frame.whole(frame.size), box


def chain_of(steps: Sequence[tuple[Transform, Params]], box: Tensor, size: int) -> tuple[list[Tensor | Warp], Tensor]:
    """Matrices (B, 3, 3), neighbours multiplied, and warps in order; and the box (B, 4) after them."""
    chain: list[Tensor | Warp] = []
    for transform, params in steps:
        if transform.matrix is not None:
            matrix = transform.matrix(params, box, size)
            box = transform_box(matrix, box)
            if chain and isinstance(chain[-1], Tensor):
                chain[-1] = small_product(matrix, chain[-1])
            else:
                chain.append(matrix)
        else:
            chain.append(Warp(transform, params))
    return chain, box


def _read(
    rgba: Tensor,
    chain: Sequence[Tensor | Warp],
    *,
    mode: str = "bilinear",
    spread: Tensor | None = None,
) -> Tensor:
    """A canvas (B, 4, S, S), each pixel read where the chain took it from.

    A frame would do for the input, but positions relative to a side of 22 are less exact than to one of 32.
    """
    grid = _read_positions(chain, size=rgba.shape[-1], spread=spread, device=rgba.device)
    result = F.grid_sample(rgba, grid, mode=mode, padding_mode="zeros", align_corners=False)
    return result if spread is None else F.avg_pool2d(result, 2)


def averaging_spread(matrices: Sequence[Tensor]) -> Tensor:
    """How far from its centre, in pixels, a shrunken output pixel takes its 2 x 2 readings: (B,).

    A pixel that covers 1/f input pixels has to average them. Readings at +-0.4 (1/f - 1) input pixels, each already
    averaging as bilinear reading does, give the variance of that box; at f = 1 they coincide and nothing is blurred.
    """
    factor = torch.stack([_determinant(matrix).abs().sqrt() for matrix in matrices]).prod(dim=0)
    return 0.4 * (1.0 - factor).clamp(min=0.0)


def _resample_separably(rgba: Tensor, frame: Frame, target: Frame, matrix: Tensor, spread: Tensor) -> Tensor:
    """The same for a matrix (B, 3, 3) that keeps rows rows: as weighted sums along each axis, a third of the work."""
    inverse, axis = inverse_of(matrix), _output_axis(target, spread)
    centres = frame.positions(rgba.device) + 0.5
    weights = []
    for row in (1, 0):
        positions = axis * inverse[:, row, row, None] + inverse[:, row, 2, None]
        distance = (positions[:, :, None] - centres).abs_()
        near = (1.0 - distance).clamp_(min=0.0).unflatten(1, (target.width, 2))
        weights.append((near[:, :, 0] + near[:, :, 1]).mul_(0.5))
    return filter_separably(rgba, *weights)


def _output_axis(target: Frame, spread: Tensor) -> Tensor:
    """Output positions of a frame along one axis in pixels, two for each pixel, (B, 2 W), for a spread (B,)."""
    centres = target.positions(spread.device) + 0.5
    offsets = torch.stack((-spread, spread), dim=1)
    return (centres[None, :, None] + offsets[:, None]).flatten(1)


def _read_positions(
    chain: Sequence[Tensor | Warp], *, size: int, spread: Tensor | None, device: torch.device
) -> Tensor:
    """Where in the input each output position reads: (B, N, N, 2), from -1 to 1 across the input.

    N is the image size, or with a ``spread`` (B,) twice that, each pixel having 2 x 2 positions around its centre.
    """
    canvas = Frame.whole(size)
    axis = canvas.positions(device)[None] + 0.5 if spread is None else _output_axis(canvas, spread)
    if len(chain) == 1 and isinstance(chain[0], Tensor):
        return _affine_positions(inverse_of(chain[0]), axis, zoom=2.0 / size)
    x, y = axis[:, None, :], axis[:, :, None]  # they broadcast to the plane only when a matrix or a field mixes them
    moved = spread is not None
    for link in reversed(chain):
        if isinstance(link, Tensor):
            rows = inverse_of(link)[:, :2, :, None, None].unbind(1)
            x, y = (x * row[:, 0] + row[:, 2] + y * row[:, 1] for row in rows)
        else:
            field = link.field(size)
            offsets = _read_field(field, x, y) if moved else field
            x, y = x + offsets[:, 0], y + offsets[:, 1]
        moved = True
    grid = torch.empty(*x.shape, 2, device=device)
    for position, plane in enumerate((x, y)):
        torch.mul(plane, 2.0 / size, out=grid[..., position])
    return grid.sub_(1.0)


def _affine_positions(inverse: Tensor, axis: Tensor, *, zoom: float) -> Tensor:
    """Positions (B, N, N, 2) of an axis (1 or B, N) through matrices (B, 3, 3), times ``zoom`` less one.

    x and y of a pixel lie side by side: a row of them is linear in the column, and the next row one step further.
    """
    linear = inverse[:, :2] * zoom
    along = axis[:, :, None] * linear[:, None, :, 0] + (linear[:, None, :, 2] - 1.0)
    step = linear[:, None, :, 1].expand_as(along)
    grid = torch.addcmul(along.flatten(1)[:, None], axis[:, :, None], step.flatten(1)[:, None])
    return grid.unflatten(2, (-1, 2))


def _read_field(field: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """A displacement field (B, 2, S, S) read at pixel coordinates (B, N, N): (B, 2, N, N)."""
    x, y = torch.broadcast_tensors(x, y)
    grid = torch.stack((x, y), dim=3).expand(len(field), -1, -1, -1) * (2.0 / field.shape[-1]) - 1.0
    return F.grid_sample(field, grid, padding_mode="border", align_corners=False)


def _determinant(matrix: Tensor) -> Tensor:
    """Of the linear part of (B, 3, 3): (B,)."""
    return matrix[:, 0, 0] * matrix[:, 1, 1] - matrix[:, 0, 1] * matrix[:, 1, 0]


def inverse_of(matrix: Tensor) -> Tensor:
    """Inverse of affine matrices in closed form; no transformation of the registry is singular."""
    a, b, c, d = matrix[:, 0, 0], matrix[:, 0, 1], matrix[:, 1, 0], matrix[:, 1, 1]
    linear = torch.stack((d, -b, -c, a), dim=1).view(-1, 2, 2) / _determinant(matrix)[:, None, None]
    inverse = torch.zeros_like(matrix)
    inverse[:, :2, :2] = linear
    inverse[:, :2, 2:] = small_product(-linear, matrix[:, :2, 2:])
    inverse[:, 2, 2] = 1.0
    return inverse
