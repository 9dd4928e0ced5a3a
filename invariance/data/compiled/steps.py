"""A composition with its parameters as compiled steps: what is small is computed by the transformations themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from invariance.data.compiled.kernels.colours import COLOURS, change_colours, change_contrast
from invariance.data.compiled.kernels.geometry import move, resample
from invariance.data.compiled.kernels.neighbours import blur, pixelate, sharpen
from invariance.data.compiled.kernels.noise import add_noise, erase
from invariance.data.compiled.kernels.scaling import resample_axes
from invariance.data.compiled.kernels.warping import warp
from invariance.data.compiled.layer import Floats, Layer
from invariance.data.transforms import TRANSFORMS, Params, Transform
from invariance.data.transforms.corruption import (
    blur_weights,
    displacement_px,
    erased_squares,
    num_cells,
    smoothing_matrix,
)
from invariance.data.transforms.photometric import pixel
from invariance.data.transforms.resample import Warp, averaging_spread, base_box, chain_of, inverse_of
from invariance.vocabulary.attach import attach
from invariance.vocabulary.laws import REFERENCE_SIZE
from invariance.vocabulary.transforms import BEYOND_2D


@dataclass(frozen=True)
class Step:
    """A kernel with its parameters.

    Attributes:
        kernel: see :mod:`invariance.data.compiled.kernels`.
        values: arrays with a row for each sample.
        fixed: what is the same for all of them.
    """

    kernel: Callable[..., None]
    values: tuple[NDArray[Any], ...]
    fixed: tuple[Any, ...] = ()

    def __call__(self, layer: Layer, some: slice, target: Floats, size: int) -> Layer:
        """Writes some of the samples that have parameters to canvases, (B * S * S * 4,)."""
        reached, values = layer.windows.copy(), (value[some] for value in self.values)
        self.kernel(layer.source, layer.starts, layer.side, layer.windows, *values, *self.fixed, target, size, reached)
        return Layer.of_canvases(target, size, reached)


def steps_of(
    transforms: Sequence[Transform], params: Sequence[Params], *, num: int, size: int, mode: str
) -> list[Step]:
    """The steps of a composition.

    Args:
        transforms: the composition, without what needs a second picture.
        params: the parameters of each, (num,).
        num: of samples.
        size: side S of the canvas in pixels.
        mode: ``bilinear`` or ``nearest``.
    """
    box, steps = base_box(num, size, "cpu"), []
    for resamples, group in groupby(zip(transforms, params, strict=True), key=lambda step: step[0].resamples):
        if resamples:
            step, box = _resampling(list(group), box, size=size, mode=mode)
            steps.append(step)
        else:
            steps += [_STEPS[transform.name](values, size) for transform, values in group]
    return steps


def _resampling(group: list[tuple[Transform, Params]], box: Tensor, *, size: int, mode: str) -> tuple[Step, Tensor]:
    """Consecutive geometric transformations as one step, and the box after them."""
    chain, after = chain_of(group, box, size)
    matrices = [link for link in chain if isinstance(link, Tensor)]
    mode = "bilinear" if len(matrices) < len(chain) else mode  # as a chain with a warp is read whatever the mode
    minifies = mode == "bilinear" and any(transform.minifies for transform, _ in group)
    spread = averaging_spread(matrices).numpy() if minifies else np.zeros(len(box), np.float32)
    if len(matrices) < len(chain):
        return _warp(chain, spread, size), after
    if all(transform.whole_pixels for transform, _ in group):
        return Step(move, (matrices[0].numpy(),)), after
    inverses = inverse_of(matrices[0]).numpy()
    if minifies and all(transform.axis_aligned for transform, _ in group):
        return Step(resample_axes, (inverses, spread)), after
    return Step(resample, (inverses, spread), (mode == "nearest",)), after


def _warp(chain: Sequence[Tensor | Warp], spread: Floats, size: int) -> Step:
    """Matrices, the one displacement field that a composition can have, and matrices."""
    place, params = next((place, link.params) for place, link in enumerate(chain) if isinstance(link, Warp))
    identity = torch.eye(3).repeat(len(spread), 1, 1)
    before, after = (
        next((inverse_of(link) for link in links if isinstance(link, Tensor)), identity).numpy()
        for links in (chain[:place], chain[place + 1 :])
    )
    smoothing, grid = smoothing_matrix(torch.device("cpu")).T.flatten().numpy(), REFERENCE_SIZE
    fields = params["field"].numpy(), displacement_px(params, size).numpy()
    return Step(warp, (before, *fields, after, spread), (smoothing, grid, len(chain) == 1))


def _colours(name: str) -> Callable[[Params, int], Step]:
    amounts = {"hue": lambda params: params["shift"], "brightness": lambda params: params["factor"]}
    amount_of = amounts.get(name, lambda params: params["amount"] * params["applied"])
    return lambda params, size: Step(change_colours, (amount_of(params).numpy(),), (COLOURS[name],))


def _sharpen(params: Params, size: int) -> Step:
    return Step(sharpen, (torch.where(params["applied"], params["factor"], 1.0).numpy(),), (pixel(size),))


def _blur(params: Params, size: int) -> Step:
    return Step(blur, tuple(values.numpy() for values in blur_weights(params, size)))


def _noise(params: Params, size: int) -> Step:
    return Step(add_noise, (params["field"].numpy(), (params["std"] * params["applied"]).numpy()))


def _pixelate(params: Params, size: int) -> Step:
    return Step(pixelate, ((num_cells(params, size) * params["applied"]).numpy(),))


def _erasing(params: Params, size: int) -> Step:
    return Step(erase, (erased_squares(params, size).numpy(),))


def _contrast(params: Params, size: int) -> Step:
    return Step(change_contrast, (params["factor"].numpy(),))


_STEPS: dict[str, Callable[[Params, int], Step]] = attach(
    "compiled step",
    [one.name for one in TRANSFORMS.values() if one.compiled and not one.resamples and one.name not in BEYOND_2D],
    {
        **{name: _colours(name) for name in COLOURS},
        "sharpen": _sharpen,
        "blur": _blur,
        "noise": _noise,
        "pixelate": _pixelate,
        "erasing": _erasing,
        "contrast": _contrast,
    },
)
