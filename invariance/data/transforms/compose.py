"""Compositions: every transformation draws from its own stream, and neighbours that only move pixels are fused."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from torch import Tensor

from invariance.data.random import Draws
from invariance.data.transforms.base import Transform
from invariance.data.transforms.parameters import Params
from invariance.data.transforms.resample import base_box, resample


def sample_composition(
    transforms: Sequence[Transform], indices: Tensor, *, seed: int, strength: float = 1.0
) -> list[Params]:
    """The parameters of each transformation for the samples ``indices`` (B,), in the order given."""
    return [transform.sample(Draws(seed, indices, transform.stream), strength) for transform in transforms]


def apply_composition(
    rgba: Tensor, transforms: Sequence[Transform], params: Sequence[Params], *, mode: str = "bilinear"
) -> tuple[Tensor, Tensor]:
    """Applies transformations in order.

    Args:
        rgba: (B, 4, S, S) float32 premultiplied in [0, 1], the untransformed objects.
        transforms: the composition.
        params: the parameters of each.
        mode: ``bilinear`` or ``nearest``, for the geometric ones.

    Returns:
        The images, and the bounding boxes (B, 4) as (x0, y0, x1, y1) in pixels that followed the matrices.
    """
    box = base_box(rgba.shape[0], rgba.shape[-1], rgba.device)
    for resamples, group in groupby(zip(transforms, params, strict=True), key=lambda step: step[0].resamples):
        steps = list(group)
        if resamples:
            rgba, box = resample(rgba, steps, box=box, mode=mode)
        else:
            for transform, values in steps:
                rgba = transform.apply(rgba, values)
    return rgba, box
