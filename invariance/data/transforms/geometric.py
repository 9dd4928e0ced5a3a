"""The six geometric transformations, each a 3 x 3 matrix (paper, section 3 and appendix B)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from invariance.data.transforms.base import Transform
from invariance.data.transforms.parameters import Params
from invariance.data.transforms.resample import affine


def _translate_matrix(params: Params, box: Tensor, size: int) -> Tensor:
    """Fractions x and y in [0, 1) choose a whole-pixel move that keeps the box inside; a box too large stays.

    The places are (k, k + 1] of their number, so that one half is the middle, or the place before it where there is
    none: the base box lies half a pixel before the middle where it cannot lie in it, and stays there at one half.
    """
    low = torch.ceil(-box[:, :2])
    high = torch.floor(size - box[:, 2:])
    fraction = torch.stack((params["x"], params["y"]), dim=1)
    moves = low + (torch.ceil(fraction * (high - low + 1)) - 1).clamp(min=0)
    moves = torch.where(high >= low, moves, torch.zeros_like(moves))
    matrix = torch.eye(3, device=box.device).repeat(box.shape[0], 1, 1)
    matrix[:, :2, 2] = moves
    return matrix


def _rotate_matrix(params: Params, box: Tensor, size: int) -> Tensor:
    """Counter-clockwise as seen; y points down."""
    angle = params["angle_deg"] * (math.pi / 180.0)
    cos, sin = torch.cos(angle), torch.sin(angle)
    return affine(cos, sin, -sin, cos, size)


def _scale_matrix(params: Params, box: Tensor, size: int) -> Tensor:
    factor, zero = params["factor"], torch.zeros_like(params["factor"])
    return affine(factor, zero, zero, factor, size)


def _v_flip_matrix(params: Params, box: Tensor, size: int) -> Tensor:
    sign = 1.0 - 2.0 * params["applied"].to(torch.float32)
    return affine(torch.ones_like(sign), torch.zeros_like(sign), torch.zeros_like(sign), sign, size)


def _h_flip_matrix(params: Params, box: Tensor, size: int) -> Tensor:
    sign = 1.0 - 2.0 * params["applied"].to(torch.float32)
    return affine(sign, torch.zeros_like(sign), torch.zeros_like(sign), torch.ones_like(sign), size)


def _shear_matrix(params: Params, box: Tensor, size: int) -> Tensor:
    """Horizontal shear, then vertical, both with torchvision's sign: rows below the centre move left for x > 0.

    Of determinant 1 for every pair of angles, so never singular.
    """
    tan_x, tan_y = (torch.tan(params[name] * (math.pi / 180.0)) for name in ("x_deg", "y_deg"))
    return affine(torch.ones_like(tan_x), -tan_x, -tan_y, 1.0 + tan_x * tan_y, size)


GEOMETRIC: tuple[Transform, ...] = (
    Transform("translate", matrix=_translate_matrix, axis_aligned=True, whole_pixels=True),
    Transform("rotate", matrix=_rotate_matrix),
    Transform("scale", matrix=_scale_matrix, minifies=True, axis_aligned=True, stays=True),
    Transform("v_flip", matrix=_v_flip_matrix, axis_aligned=True, whole_pixels=True, stays=True),
    Transform("h_flip", matrix=_h_flip_matrix, axis_aligned=True, whole_pixels=True, stays=True),
    Transform("shear", matrix=_shear_matrix),
)
