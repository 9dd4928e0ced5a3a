"""The images from which factors are decoded: what varies in them, and which may not be on both sides of a split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import torch
from torch import Tensor

from invariance.data.engine import Batch, Engine, to_bytes
from invariance.events import CancelFlag, Cancelled, never
from invariance.measures.factor_probe import Split, split_units
from invariance.measures.factors import BACKGROUND, Factor
from invariance.spec import SpecError
from invariance.vocabulary.factors import HELD_OUT, KNOWN

NUM_BACKGROUNDS: Final = 16
"""Backgrounds among which a probe has to tell, so that each is seen often enough to be learnt."""
SEARCHED: Final = 50
"""Samples looked through for each image that is wanted of few backgrounds."""
_CHUNK = 256


@dataclass(frozen=True)
class ImageSet:
    """Images in which the same things vary.

    Attributes:
        transforms: the composition that varies; empty where only objects and backgrounds do.
        few_backgrounds: whether only the first :data:`NUM_BACKGROUNDS` backgrounds of the test are used.
        factors: what is decoded from them.
    """

    transforms: tuple[str, ...]
    few_backgrounds: bool
    factors: tuple[Factor, ...]


@dataclass(frozen=True)
class FactorImages:
    """The images of a set, without repetitions, and their recipe.

    Attributes:
        images: (N, 3, S, S) uint8, no two alike.
        recipe: everything that was drawn; its images are left out.
        splits: by what a probe is asked to do, see :data:`~invariance.vocabulary.factors.OBJECTS`.
        indices: (N,) int64, of the samples in the data set.
    """

    images: Tensor
    recipe: Batch
    splits: dict[str, Split]
    indices: Tensor


def image_sets(factors: Sequence[Factor], *, together: bool) -> tuple[ImageSet, ...]:
    """Which images it takes to decode some factors.

    Args:
        factors: what is to be decoded.
        together: whether the transformations of all of them vary at once, as one composition; otherwise each varies
            alone, and nothing but object and background where class or background is decoded.
    """
    everything = tuple(dict.fromkeys(factor.transform for factor in factors if factor.transform))
    sets: dict[tuple[tuple[str, ...], bool], list[Factor]] = {}
    for factor in factors:
        alone = (factor.transform,) if factor.transform else ()
        key = (everything if together else alone, factor.name == BACKGROUND)
        sets.setdefault(key, []).append(factor)
    return tuple(ImageSet(transforms, few, tuple(found)) for (transforms, few), found in sets.items())


def render_set(
    engine: Engine, wanted: ImageSet, *, num: int, num_folds: int, seed: int, cancelled: CancelFlag = never
) -> FactorImages:
    """Renders a set from the test split.

    Args:
        engine: objects and backgrounds; its own transformations are replaced by the set's.
        wanted: what varies.
        num: images before repetitions are dropped; fewer where few backgrounds are wanted and they are rare.
        num_folds: of the cross-validation.
        seed: of the folds.
        cancelled: asked before every batch.

    Raises:
        Cancelled: the flag was set.
        SpecError: there are too few different pictures for the folds.
    """
    engine = engine.with_spec_changes(transforms=wanted.transforms)
    indices = _indices(engine, num, few_backgrounds=wanted.few_backgrounds)
    images, recipes = [], []
    for chunk in engine.parts(indices, _CHUNK):
        if cancelled():
            raise Cancelled
        batch = engine.batch(chunk)
        images.append(to_bytes(batch.images))
        recipes.append(batch)
    pictures = torch.cat(images)
    kept = _distinct(pictures)
    recipe = _chosen(recipes, kept)
    return FactorImages(pictures[kept], recipe, _splits(wanted, recipe, num, num_folds, seed), indices[kept])


def _indices(engine: Engine, num: int, *, few_backgrounds: bool) -> Tensor:
    if not few_backgrounds:
        return engine.indices("test", num)
    candidates = engine.indices("test", num * SEARCHED)
    few = engine.backgrounds_of("test")[:NUM_BACKGROUNDS]
    return candidates[torch.isin(engine.background_numbers(candidates), few)][:num]


def _splits(wanted: ImageSet, recipe: Batch, num: int, num_folds: int, seed: int) -> dict[str, Split]:
    """The splits that a set allows.

    Objects are known where samples of the same object on the same background are in the same fold. Backgrounds are
    decoded behind objects, and untransformed classes before backgrounds, of which the probe has seen none: where each
    pair comes once, those that are missing from the other folds would tell which one it is. With fewer objects than
    folds one object at a time is held out.
    """
    splits, num_objects = dict[str, Split](), len(recipe.objects.unique())
    behind_new_objects = wanted.few_backgrounds and num_objects >= num_folds
    try:
        if not behind_new_objects:
            splits[KNOWN] = split_units(_pictures(wanted, recipe, num_folds), num_folds=num_folds, seed=seed)
        if num_objects > 1 and (behind_new_objects or any(factor.transform for factor in wanted.factors)):
            splits[HELD_OUT] = split_units(recipe.objects, num_folds=min(num_folds, num_objects), seed=seed)
    except ValueError as error:
        raise SpecError(f"num_images = {num}: {error}; ask for more images or fewer folds") from error
    return splits


def _pictures(wanted: ImageSet, recipe: Batch, num_folds: int) -> Tensor:
    """What must not be on both sides where objects are known, as a number for each sample: (N,) int64."""
    if int(recipe.backgrounds.max()) < 0:  # fresh noise: no background comes twice
        return torch.arange(len(recipe.labels))
    if not wanted.transforms and not wanted.few_backgrounds and len(recipe.backgrounds.unique()) >= num_folds:
        return recipe.backgrounds
    pairs = torch.stack((recipe.objects, recipe.prototypes, recipe.backgrounds), dim=1)
    return torch.unique(pairs, dim=0, return_inverse=True)[1]


def _distinct(pictures: Tensor) -> Tensor:
    """Positions of the first one of all pictures that are alike: (N',) int64, increasing."""
    rows = pictures.flatten(1).cpu().numpy()
    first: dict[bytes, int] = {}
    for position in range(len(rows)):
        first.setdefault(rows[position].tobytes(), position)
    return torch.tensor(list(first.values()), dtype=torch.int64, device=pictures.device)


def _chosen(recipes: Sequence[Batch], kept: Tensor) -> Batch:
    """The samples ``kept`` of batches that follow each other, without their pictures."""
    values: dict[str, Any] = {}
    for field in fields(Batch):
        parts = [getattr(recipe, field.name) for recipe in recipes]
        if field.name in ("images", "masks", "sticker_masks"):
            values[field.name] = torch.empty(0)
        elif field.name == "parameters":
            values[field.name] = {name: torch.cat([part[name] for part in parts])[kept] for name in parts[0]}
        else:
            values[field.name] = torch.cat(parts)[kept]
    return Batch(**values)
