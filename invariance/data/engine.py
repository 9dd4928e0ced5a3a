"""The data engine: (spec, index) to image, mask, label and everything that was drawn on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import torch
from torch import Tensor

from invariance.data.catalogue import Objects, load_backgrounds, load_objects
from invariance.data.random import STREAMS, Draws, unit_field
from invariance.data.transforms import apply_composition, get_transform, sample_composition
from invariance.spec import DatasetSpec

SPLIT_START: Final[dict[str, int]] = {"train": 0, "validation": 2**40, "test": 2**41}
"""First index of each split. The ranges cannot meet, so no sample is in two splits of one data set."""

_SOURCE_FIELDS = ("objects", "backgrounds", "classes", "image_size", "num_prototypes")


@dataclass(frozen=True)
class Batch:
    """Samples and their recipe.

    Attributes:
        images: (B, 3, S, S) float32 in [0, 1].
        labels: (B,) int64, position in ``Engine.class_names``.
        masks: (B, S, S) float32 in [0, 1], alpha of the object as pasted.
        backgrounds: (B,) int64, which background; -1 for fresh noise.
        prototypes: (B,) int64, which picture of the class.
        boxes: (B, 4) float32, bounding box (x0, y0, x1, y1) of the object in pixels, as it followed the matrices.
        parameters: ``<transform>.<parameter>`` to (B,) tensor, everything that was drawn for the transformations.
    """

    images: Tensor
    labels: Tensor
    masks: Tensor
    backgrounds: Tensor
    prototypes: Tensor
    boxes: Tensor
    parameters: dict[str, Tensor]


class Engine:
    """Makes the samples of a data set on a device, any index alone or in any batch.

    Args:
        spec: the data set.
        device: where pictures are kept and samples are made.

    Raises:
        SpecError: the spec's folders or classes cannot be used.
    """

    def __init__(self, spec: DatasetSpec, device: str | torch.device = "cpu") -> None:
        objects = load_objects(
            spec.objects, classes=spec.classes, image_size=spec.image_size, num_prototypes=spec.num_prototypes
        )
        backgrounds = load_backgrounds(spec.backgrounds, image_size=spec.image_size)
        self.spec = spec
        self.device = torch.device(device)
        self._objects = Objects(objects.class_names, objects.pictures.to(self.device), objects.counts.to(self.device))
        self._backgrounds = None if backgrounds is None else backgrounds.to(self.device)
        self._transforms = tuple(get_transform(name) for name in spec.transforms)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes in label order."""
        return self._objects.class_names

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @property
    def num_backgrounds(self) -> int:
        """Number of background pictures; 0 where each sample has fresh noise."""
        return 0 if self._backgrounds is None else len(self._backgrounds)

    def with_spec_changes(self, **changes: Any) -> Engine:
        """An engine of a changed spec, sharing the loaded pictures where the change leaves them alone."""
        spec = replace(self.spec, **changes)
        if any(getattr(spec, name) != getattr(self.spec, name) for name in _SOURCE_FIELDS):
            return Engine(spec, self.device)
        engine = Engine.__new__(Engine)
        engine.spec, engine.device = spec, self.device
        engine._objects, engine._backgrounds = self._objects, self._backgrounds
        engine._transforms = tuple(get_transform(name) for name in spec.transforms)
        return engine

    def indices(self, split: str, num: int) -> Tensor:
        """The first ``num`` indices of ``train``, ``validation`` or ``test``: (num,) int64 on the engine's device."""
        return torch.arange(num, device=self.device) + SPLIT_START[split]

    @torch.no_grad()
    def batch(self, indices: Tensor) -> Batch:
        """The samples at ``indices``, (B,) int64 on any device."""
        spec, indices = self.spec, indices.to(self.device)
        labels, prototypes, rgba = self.draw_objects(indices)
        seed = spec.seed if spec.transform_seed is None else spec.transform_seed
        params = sample_composition(self._transforms, indices, seed=seed, strength=spec.strength)
        rgba, boxes = apply_composition(rgba, self._transforms, params, mode=spec.resampling)
        background_ids, pictures = self.draw_backgrounds(indices)
        images, masks = paste(rgba, pictures), rgba[:, 3].clamp(0.0, 1.0)
        names = {
            f"{transform.name}.{name}": value
            for transform, values in zip(self._transforms, params, strict=True)
            for name, value in values.items()
        }
        return Batch(images, labels, masks, background_ids, prototypes, boxes, names)

    def render(self, indices: Tensor, *, batch_size: int = 1024) -> tuple[Tensor, Tensor]:
        """Images as bytes: (N, 3, S, S) uint8 and labels (N,) int64, on the engine's device."""
        size = self.spec.image_size
        images = torch.empty(len(indices), 3, size, size, dtype=torch.uint8, device=self.device)
        labels = torch.empty(len(indices), dtype=torch.int64, device=self.device)
        for start in range(0, len(indices), batch_size):
            batch = self.batch(indices[start : start + batch_size])
            images[start : start + batch_size] = to_bytes(batch.images)
            labels[start : start + batch_size] = batch.labels
        return images, labels

    def twins(
        self, indices: Tensor, transforms: Sequence[str] | None = None, *, transform_seeds: tuple[int, int] = (1, 2)
    ) -> tuple[Batch, Batch]:
        """Pairs with the same objects and backgrounds and two independent draws of the transformations.

        Args:
            indices: (B,) int64.
            transforms: the composition; None keeps the spec's.
            transform_seeds: seeds of the two draws.
        """
        names = self.spec.transforms if transforms is None else tuple(transforms)
        first, second = (
            self.with_spec_changes(transforms=names, transform_seed=seed).batch(indices) for seed in transform_seeds
        )
        return first, second

    def draw_objects(self, indices: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Labels (B,), prototypes (B,) and untransformed objects (B, 4, S, S), premultiplied, of samples."""
        objects = self._objects
        labels = Draws(self.spec.seed, indices, STREAMS["object"]).choice(self.num_classes)
        words = Draws(self.spec.seed, indices, STREAMS["prototype"]).words(1)[:, 0]
        prototypes = (words * objects.counts[labels]) >> 32
        return labels, prototypes, objects.pictures[labels, prototypes]

    def draw_backgrounds(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Which background (B,), -1 for fresh noise, and its picture (B, 3, S, S) of samples."""
        size = self.spec.image_size
        if self._backgrounds is None:
            keys = Draws(self.spec.seed, indices, STREAMS["background_noise"]).fields()
            return torch.full_like(indices, -1), unit_field(keys, (3, size, size))
        chosen = Draws(self.spec.seed, indices, STREAMS["background"]).choice(len(self._backgrounds))
        return chosen, self._backgrounds[chosen]


def paste(rgba: Tensor, backgrounds: Tensor) -> Tensor:
    """Premultiplied objects (B, 4, S, S) over backgrounds (B or 1, 3, S, S): (B, 3, S, S) in [0, 1]."""
    return (rgba[:, :3] + (1.0 - rgba[:, 3:].clamp(0.0, 1.0)) * backgrounds).clamp(0.0, 1.0)


def to_bytes(images: Tensor) -> Tensor:
    """Float images in [0, 1] to the nearest of 256 levels, uint8."""
    return (images * 255.0 + 0.5).to(torch.uint8)
