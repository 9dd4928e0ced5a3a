"""Compositions: every transformation draws from its own stream, and neighbours that only move pixels are fused."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from torch import Tensor

from invariance.data.random import Request, draw_words
from invariance.data.transforms.base import Transform
from invariance.data.transforms.frame import Frame
from invariance.data.transforms.parameters import Params, num_words, parameters_of_words
from invariance.data.transforms.resample import base_box, resample_content
from invariance.vocabulary.transforms import BEYOND_2D


def sample_composition(
    transforms: Sequence[Transform], indices: Tensor, *, seed: int, strength: float = 1.0
) -> list[Params]:
    """The parameters of each transformation for the samples ``indices`` (B,), in the order given."""
    return composition_of_words(transforms, draw_words(indices, requests_of(transforms, seed)), strength)


def requests_of(transforms: Sequence[Transform], seed: int) -> list[Request]:
    """Which words a composition takes for each sample."""
    return [(seed, transform.stream, num_words(transform.parameters)) for transform in transforms]


def composition_of_words(transforms: Sequence[Transform], words: Sequence[Tensor], strength: float) -> list[Params]:
    """The parameters of each transformation, of the words (B, num) that :func:`requests_of` asks for."""
    return [
        parameters_of_words(transform.parameters, drawn, strength)
        for transform, drawn in zip(transforms, words, strict=True)
    ]


def by_key(transforms: Sequence[Transform], params: Sequence[Params]) -> dict[str, Tensor]:
    """The parameters of a composition by ``<transform>.<parameter>``, as in batches and files."""
    return {
        f"{transform.name}.{name}": value
        for transform, values in zip(transforms, params, strict=True)
        for name, value in values.items()
    }


def flat_steps(transforms: Sequence[Transform], params: Sequence[Params]) -> tuple[list[Transform], list[Params]]:
    """A composition without what needs a second picture, which the engine looks up."""
    steps = [step for step in zip(transforms, params, strict=True) if step[0].name not in BEYOND_2D]
    return [transform for transform, _ in steps], [values for _, values in steps]


def apply_composition(
    rgba: Tensor, transforms: Sequence[Transform], params: Sequence[Params], *, mode: str = "bilinear"
) -> tuple[Tensor, Tensor]:
    """The same as :func:`change_content` for whole canvases (B, 4, S, S), which it also returns, with the boxes."""
    rgba, _, box = change_content(rgba, Frame.whole(rgba.shape[-1]), transforms, params, mode=mode)
    return rgba, box


def change_content(
    rgba: Tensor, frame: Frame, transforms: Sequence[Transform], params: Sequence[Params], *, mode: str = "bilinear"
) -> tuple[Tensor, Frame, Tensor]:
    """Applies transformations in order.

    Args:
        rgba: (B, 4, W, W) float32 premultiplied in [0, 1], the untransformed objects, the pixels of the frame.
        frame: the part of the canvas outside which all is clear.
        transforms: the composition.
        params: the parameters of each.
        mode: ``bilinear`` or ``nearest``, for the geometric ones.

    Returns:
        The images, the frame that they cover, and the bounding boxes (B, 4) as (x0, y0, x1, y1) in pixels that
        followed the matrices.
    """
    box = base_box(rgba.shape[0], frame.size, rgba.device)
    for resamples, group in groupby(zip(transforms, params, strict=True), key=lambda step: step[0].resamples):
        steps = list(group)
        if resamples:
            rgba, frame, box = resample_content(rgba, frame, steps, box=box, mode=mode)
        else:
            for transform, values in steps:
                assert transform.change is not None, transform.name
                rgba = transform.change(rgba, values, frame)
                frame = frame.grown(transform.margin(frame.size))
    return rgba, frame, box
