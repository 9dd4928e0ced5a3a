"""The six geometric transformations, each a 3 x 3 matrix (paper, section 3 and appendix B)."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from invariance.data.transforms.base import Transform
from invariance.data.transforms.frame import Frame
from invariance.data.transforms.parameters import Parameter, Params, Switch, Uniform
from invariance.data.transforms.resample import affine, resample_alone

MIN_SCALE = 0.4
MAX_SHEAR_DEG = 50.0


def _geometric(
    name: str,
    title: str,
    summary: str,
    parameters: tuple[Parameter, ...],
    matrix: Callable[[Params, Tensor, int], Tensor],
    minifies: bool = False,
    axis_aligned: bool = False,
    whole_pixels: bool = False,
    stays: bool = False,
) -> Transform:
    """A transformation given by its matrix; alone, it acts on the untransformed object's box."""

    def change(rgba: Tensor, params: Params, frame: Frame) -> Tensor:
        return resample_alone(transform, rgba, params)

    transform = Transform(
        name,
        title,
        summary,
        parameters,
        change,
        matrix=matrix,
        minifies=minifies,
        axis_aligned=axis_aligned,
        whole_pixels=whole_pixels,
        stays=stays,
    )
    return transform


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
    _geometric(
        "translate",
        "Translate",
        "The object moves to a uniformly drawn place that keeps it inside the image (whole pixels).",
        (Uniform("x", 0.0, 1.0, neutral=0.5), Uniform("y", 0.0, 1.0, neutral=0.5)),
        _translate_matrix,
        axis_aligned=True,
        whole_pixels=True,
    ),
    _geometric(
        "rotate",
        "Rotate",
        "The object turns about the image centre by an angle drawn uniformly from the full circle.",
        (Uniform("angle_deg", -180.0, 180.0, neutral=0.0, period=360.0),),
        _rotate_matrix,
    ),
    _geometric(
        "scale",
        "Scale",
        "The object shrinks by a factor drawn uniformly from 0.4 to 1.",
        (Uniform("factor", MIN_SCALE, 1.0, neutral=1.0),),
        _scale_matrix,
        minifies=True,
        axis_aligned=True,
        stays=True,
    ),
    _geometric(
        "v_flip",
        "Vertical flip",
        "With probability one half the object is upside down.",
        (Switch(scaled=True),),
        _v_flip_matrix,
        axis_aligned=True,
        whole_pixels=True,
        stays=True,
    ),
    _geometric(
        "h_flip",
        "Horizontal flip",
        "With probability one half the object is mirrored.",
        (Switch(scaled=True),),
        _h_flip_matrix,
        axis_aligned=True,
        whole_pixels=True,
        stays=True,
    ),
    _geometric(
        "shear",
        "Shear",
        "The object is sheared along x and y by angles drawn uniformly from -50 to 50 degrees.",
        tuple(Uniform(name, -MAX_SHEAR_DEG, MAX_SHEAR_DEG, neutral=0.0) for name in ("x_deg", "y_deg")),
        _shear_matrix,
    ),
)
