"""Samples as arrays for people to look at: what pages and figures show of a data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from invariance.data.engine import Batch, Engine, paste, to_bytes
from invariance.data.foreground import indices_of
from invariance.data.random import later_seed
from invariance.data.transforms import by_key, get_transform, sample_composition
from invariance.spec import DatasetSpec, SpecError
from invariance.vocabulary.transforms import TRANSFORMATIONS

SECOND_TWIN_OFFSET = 1
"""Added to the seed of the transformations for the second image of a pair."""


@dataclass(frozen=True)
class Samples:
    """Samples in numpy form.

    Attributes:
        images: (N, S, S, 3) uint8.
        masks: (N, S, S) float32 in [0, 1], alpha of the object.
        class_names: N names.
        backgrounds: (N,) int64, number of the background; -1 for fresh noise.
        parameters: ``<transform>.<parameter>`` to (N,) values, everything that was drawn for the transformations.
    """

    images: NDArray[np.uint8]
    masks: NDArray[np.float32]
    class_names: tuple[str, ...]
    backgrounds: NDArray[np.int64]
    parameters: dict[str, NDArray[np.generic]]


def samples(engine: Engine, *, num: int, start: int = 0, split: str = "train") -> Samples:
    """``num`` samples of a split, from position ``start`` on."""
    return to_samples(engine.batch(indices_of(split, num, start)), engine)


def twin_samples(
    engine: Engine,
    *,
    num: int,
    start: int = 0,
    split: str = "train",
    transforms: Sequence[str] | None = None,
) -> tuple[Samples, Samples]:
    """Pairs of the same object and background with two draws of the transformations; the first is the sample itself.

    Args:
        engine: the data set.
        num: pairs.
        start: position of the first one.
        split: of the data set.
        transforms: the composition; None keeps the spec's.
    """
    spec = engine.spec
    own = spec.drawn_transform_seed
    seeds = (own, later_seed(own, SECOND_TWIN_OFFSET))
    first, second = engine.twins(indices_of(split, num, start), transforms, transform_seeds=seeds)
    return to_samples(first, engine), to_samples(second, engine)


@torch.no_grad()
def strips(engine: Engine, transforms: Sequence[str], *, num: int, position: int = 0) -> dict[str, NDArray[np.uint8]]:
    """One object on one background through ``num`` draws of each transformation.

    Args:
        engine: the data set; its own transformations are left out.
        transforms: names; each is applied alone.
        num: draws of each.
        position: of the sample in the training split, which picks object and background.

    Returns:
        For each name (num, S, S, 3) uint8, the first of them without any transformation.
    """
    index = indices_of("train", 1, position)
    found = engine.draw_objects(index)
    background = clean_backgrounds(engine, index)
    # One batch for all draws of a transformation: its draws are addressed by 0, 1, ... in place of sample numbers.
    draws = torch.arange(num - 1, device=engine.device)
    copies = found.repeat(num - 1)
    result = {}
    for name in transforms:
        chosen = (get_transform(name),)
        params = sample_composition(chosen, draws, seed=engine.spec.seed, strength=engine.spec.strength)
        changed = engine.change(copies, chosen, params).paste(background)
        result[name] = to_pictures(torch.cat([paste(found.rgba, background), changed]))
    return result


def drawn_parameters(spec: DatasetSpec, *, num: int) -> dict[str, NDArray[np.generic]]:
    """What the transformations draw for the first samples of the training split, without making images.

    Returns:
        ``<transform>.<parameter>`` to (num,) values, as in a batch.
    """
    chosen = tuple(get_transform(name) for name in spec.transforms)
    params = sample_composition(chosen, torch.arange(num), seed=spec.drawn_transform_seed, strength=spec.strength)
    return {key: value.numpy() for key, value in by_key(chosen, params).items()}


def most_changed(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Of a strip (N, S, S, 3) the image that differs most from the first, which is untransformed."""
    difference = np.abs(images[1:].astype(np.int16) - images[0]).mean(axis=(1, 2, 3))
    changed: NDArray[np.uint8] = images[1 + int(difference.argmax())]
    return changed


def positions_of(engine: Engine, class_name: str, *, num: int, split: str = "test") -> list[int]:
    """Positions in a split of the first ``num`` samples of one class.

    Raises:
        SpecError: the data set has no such class.
    """
    if class_name not in engine.class_names:
        raise SpecError(f"class {class_name!r}: expected one of {', '.join(engine.class_names)}")
    label, found = engine.class_names.index(class_name), torch.empty(0, dtype=torch.int64)
    start, chunk = 0, 4 * num * engine.num_classes
    while len(found) < num:  # the classes are drawn evenly, so the first round nearly always suffices
        indices = indices_of(split, chunk, start)
        found = torch.cat([found, (engine.labels(indices).cpu() == label).nonzero()[:, 0] + start])
        start += chunk
    return [int(position) for position in found[:num]]


def clean_backgrounds(engine: Engine, indices: Tensor) -> Tensor:
    """The backgrounds of samples without their objects: (B, 3, S, S) float32 in [0, 1]."""
    with torch.no_grad():
        _, pictures = engine.draw_backgrounds(indices.to(engine.device))
    return pictures


def to_pictures(images: Tensor) -> NDArray[np.uint8]:
    """(N, 3, S, S) float in [0, 1] to (N, S, S, 3) uint8."""
    pictures: NDArray[np.uint8] = to_bytes(images).permute(0, 2, 3, 1).cpu().numpy()
    return pictures


def describe_transforms() -> dict[str, str]:
    """What each transformation draws and does, by name, for pages that have no use for the kernels."""
    return {name: transform.summary for name, transform in TRANSFORMATIONS.items()}


def to_samples(batch: Batch, engine: Engine) -> Samples:
    """A batch of an engine in numpy form."""
    return Samples(
        images=to_pictures(batch.images),
        masks=batch.masks.cpu().numpy(),
        class_names=tuple(engine.class_names[label] for label in batch.labels.tolist()),
        backgrounds=batch.backgrounds.cpu().numpy(),
        parameters={name: value.cpu().numpy() for name, value in batch.parameters.items()},
    )
