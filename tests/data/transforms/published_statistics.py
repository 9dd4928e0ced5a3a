"""Samples of the engine and of the published pipeline, with the same objects and backgrounds, and how they compare.

Samples come as twins. Objects and backgrounds are those that the engine drew, so that only the transformations
differ, and the error of a difference is taken from the pairs themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from invariance.data.catalogue import BUILTIN
from invariance.data.engine import Engine
from invariance.spec import DatasetSpec
from tests.data.transforms import published

Array = NDArray[np.float32]
SHARES = (5, 25, 50, 75, 95)
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class Twins:
    """Samples in pairs, in [0, 1].

    Attributes:
        plain: (N, 32, 32, 3) without the transformation.
        images: (N, 2, 32, 32, 3) with two draws of it.
        masks: (N, 2, 32, 32) alpha of the objects in ``images``.
    """

    plain: Array
    images: Array
    masks: Array

    @cached_property
    def moved(self) -> Array:
        """How far each image is from the plain one, Euclidean, (N, 2); 0 for less than the rounding to bytes makes."""
        distance = np.linalg.norm((self.images - self.plain[:, None]).reshape(*self.masks.shape[:2], -1), axis=2)
        return np.where(distance > 0.15, distance, 0.0)


@dataclass(frozen=True)
class Source:
    """Pictures on disk, read by both pipelines on their own."""

    spec: DatasetSpec
    objects: tuple[Path, ...]
    backgrounds: tuple[Path, ...]


def folder_source(folder: Path | None) -> Source:
    """A folder in the SI-Score layout, or the built-in pictures for None."""
    spec = DatasetSpec(seed=3)
    if folder is not None:
        spec = replace(spec, objects=str(folder / "foregrounds"), backgrounds=str(folder / "backgrounds"))
    root = folder or BUILTIN
    objects = tuple(min(one.iterdir()) for one in sorted((root / "foregrounds").iterdir()))
    return Source(spec, objects, tuple(sorted((root / "backgrounds").iterdir())))


@lru_cache(maxsize=4)
def _engine(spec: DatasetSpec) -> Engine:
    return Engine(spec)


@lru_cache(maxsize=4)
def _pictures(source: Source) -> tuple[list, list]:
    objects = [published.base_object(path) for path in source.objects]
    return objects, [published.base_background(path) for path in source.backgrounds]


def ours(source: Source, name: str, num: int, resampling: str) -> Twins:
    """``num`` twins of the engine."""
    engine = _engine(source.spec).with_spec_changes(resampling=resampling)
    both = engine.twins(torch.arange(num), (name,))
    images = torch.stack([one.images.permute(0, 2, 3, 1) for one in both], dim=1)
    plain = engine.batch(torch.arange(num)).images.permute(0, 2, 3, 1)
    masks = torch.stack([one.masks for one in both], dim=1)
    return Twins(plain.numpy(), images.numpy(), masks.numpy())


def theirs(source: Source, name: str, num: int) -> Twins:
    """``num`` twins of the published pipeline, with the engine's choice of objects and backgrounds."""
    objects, backgrounds = _pictures(source)
    chosen = _engine(source.spec).batch(torch.arange(num))
    random = np.random.default_rng(5)
    changed = np.empty((num, 2, 32, 32, 4), np.float32)
    for row, label in enumerate(chosen.labels.tolist()):
        for twin in range(2):
            changed[row, twin] = published.change(name, objects[label], published.draw(name, random))
    behind = np.stack(backgrounds)[chosen.backgrounds.numpy()]
    plain = np.stack([published.premultiplied(one) for one in objects])[chosen.labels.numpy()]
    images = published.paste(changed, behind[:, None])
    return Twins(published.paste(plain, behind), images, changed[..., 3])


@dataclass(frozen=True)
class Difference:
    """Mean of ours less mean of theirs, and the standard error of that difference; arrays or numbers."""

    value: Array
    error: Array

    def excess(self, num_errors: float) -> float:
        """The largest difference beyond ``num_errors`` standard errors; 0 or less where all lie within."""
        return float((np.abs(self.value) - num_errors * self.error).max())


def difference(ours: Array, theirs: Array) -> Difference:
    """Of the means over samples (N, ...) that share an object and a background, row by row."""
    rows = ours - theirs
    return Difference(rows.mean(axis=0), rows.std(axis=0) / np.sqrt(len(rows)))


def of_means(one: Array, other: Array) -> Difference:
    """Of the mean at each pixel, from (N, 2, ...)."""
    return difference(one.mean(axis=1), other.mean(axis=1))


def of_variances(one: Array, other: Array) -> Difference:
    """Of the variance at each pixel, from (N, 2, ...), both about the mean of ``other``."""
    centre = other.mean(axis=(0, 1))
    return of_means(np.square(one - centre), np.square(other - centre))


def of_coverage(one: Twins, other: Twins) -> Difference:
    """Of the share of the image that the object covers."""
    return of_means(*(twins.masks.mean(axis=(2, 3)) for twins in (one, other)))


def of_pair_distance(one: Twins, other: Twins) -> Difference:
    """Of the Euclidean distance between twins, relative to theirs."""
    apart = [(twins.images[:, 0] - twins.images[:, 1]).reshape(len(twins.masks), -1) for twins in (one, other)]
    near, far = (np.linalg.norm(rows, axis=1) for rows in apart)
    return difference(near / far.mean(), far / far.mean())


def of_share_changed(one: Twins, other: Twins) -> Difference:
    """Of the share of samples that are changed at all."""
    shares = [(twins.moved > 0).mean() for twins in (one, other)]
    variance = sum(share * (1 - share) for share in shares)
    return Difference(np.array(shares[0] - shares[1]), np.sqrt(variance / one.moved.size))


def of_change(one: Twins, other: Twins) -> Difference:
    """Of the distance from the plain image, over the samples that are changed, relative to theirs."""
    changed = [twins.moved[twins.moved > 0] for twins in (one, other)]
    error = np.sqrt(sum(distances.var() / len(distances) for distances in changed))
    value = changed[0].mean() - changed[1].mean()
    return Difference(value / changed[1].mean(), error / changed[1].mean())


def luminance_quantiles(twins: Twins) -> Array:
    """5, 25, 50, 75 and 95 % points of luma where the object covers more than half of a pixel."""
    return np.percentile((twins.images @ LUMA)[twins.masks > 0.5], SHARES)


def of_quantiles(one: Twins, other: Twins) -> Difference:
    """Of the quantiles of luminance; the error is taken from fifths of the samples."""
    parts = [luminance_quantiles(one) - luminance_quantiles(other)]
    for start, stop in pairwise(np.linspace(0, len(one.masks), 6).astype(int)):
        first, second = (Twins(t.plain, t.images[start:stop], t.masks[start:stop]) for t in (one, other))
        parts.append(luminance_quantiles(first) - luminance_quantiles(second))
    return Difference(parts[0], np.std(parts[1:], axis=0, ddof=1) / np.sqrt(5))
