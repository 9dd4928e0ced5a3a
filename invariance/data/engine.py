"""The data engine: (spec, index) to image, mask, label and everything that was drawn on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from invariance.data.background import ClassedPictures, FreshNoise, load_background_source
from invariance.data.foreground import SPLIT_START, Cutouts, Foregrounds, load_foregrounds
from invariance.data.random import STREAMS, Draws
from invariance.data.sticker import StickerLayer, load_stickers
from invariance.data.transforms import Params, Transform, apply_composition, get_transform, sample_composition
from invariance.data.transforms.beyond import drawn_other, drawn_view, occluder_layer
from invariance.spec import BEYOND_2D, DatasetSpec, SpecError

__all__ = ["SPLIT_START", "Batch", "Changed", "Engine", "paste", "sources_of", "to_bytes"]


def sources_of(spec: DatasetSpec) -> DatasetSpec:
    """What of a spec decides which pictures are read: engines of equal sources can share them."""
    return DatasetSpec(
        objects=spec.objects,
        backgrounds=spec.backgrounds,
        classes=spec.classes,
        image_size=spec.image_size,
        num_prototypes=spec.num_prototypes,
        transforms=tuple(name for name in spec.transforms if name == "pose"),
        stickers=spec.stickers,
        sticker_classes=spec.sticker_classes,
        sticker_scale=spec.sticker_scale,
    )


@dataclass(frozen=True)
class Changed:
    """Objects after their transformations.

    Attributes:
        rgba: (B, 4, S, S) float32, premultiplied.
        boxes: (B, 4) float32, bounding box (x0, y0, x1, y1) in pixels, as it followed the matrices.
        front: (B, 4, S, S) what stands in front of them, premultiplied; None where nothing can.
    """

    rgba: Tensor
    boxes: Tensor
    front: Tensor | None = None

    def paste(self, backgrounds: Tensor) -> Tensor:
        """On backgrounds (B or 1, 3, S, S): images (B, 3, S, S) in [0, 1]."""
        images = paste(self.rgba, backgrounds)
        return images if self.front is None else paste(self.front, images)

    @property
    def masks(self) -> Tensor:
        """How much of each pixel shows the object: (B, S, S) float32 in [0, 1]."""
        alpha = self.rgba[:, 3].clamp(0.0, 1.0)
        return alpha if self.front is None else alpha * (1.0 - self.front[:, 3].clamp(0.0, 1.0))


@dataclass(frozen=True)
class Batch:
    """Samples and their recipe.

    Attributes:
        images: (B, 3, S, S) float32 in [0, 1].
        labels: (B,) int64, position in ``Engine.class_names``.
        masks: (B, S, S) float32 in [0, 1], alpha of the object as pasted, less what stands in front of it.
        sticker_masks: (B, S, S) float32 in [0, 1], alpha of the sticker, which is in front of everything.
        backgrounds: (B,) int64, which background; -1 for fresh noise.
        prototypes: (B,) int64, which picture of the class (of all, for whole pictures).
        objects: (B,) int64, class of the object, which is the label unless the background's or the sticker's is.
        stickers: (B,) int64, class of the sticker; -1 where there is none.
        boxes: (B, 4) float32, bounding box (x0, y0, x1, y1) of the object in pixels, as it followed the matrices.
        parameters: ``<transform>.<parameter>`` to (B,) tensor, everything that was drawn for the transformations.
    """

    images: Tensor
    labels: Tensor
    masks: Tensor
    sticker_masks: Tensor
    backgrounds: Tensor
    prototypes: Tensor
    objects: Tensor
    stickers: Tensor
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
        self.device = torch.device(device)
        if self.device.type == "cpu":
            _let_memory_be_reused()
        self._objects = load_foregrounds(spec).to(self.device)
        self._backgrounds = load_background_source(spec).to(self.device)
        stickers = load_stickers(spec)
        self._stickers = None if stickers is None else stickers.to(self.device)
        self._set(spec)

    def _set(self, spec: DatasetSpec) -> None:
        if spec.fg_bg_correlation > 0 and not isinstance(self._objects, Cutouts):
            raise SpecError(f"fg_bg_correlation = {spec.fg_bg_correlation}: needs cut-out objects, not {spec.objects}")
        self.spec = spec
        self._transforms = tuple(get_transform(name) for name in spec.transforms)

    @property
    def object_names(self) -> tuple[str, ...]:
        """Names of the objects' classes."""
        return self._objects.class_names

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes in label order: of the objects, or of what else is the label."""
        match self.spec.label:
            case "background":
                return self._backgrounds.class_names
            case "sticker":
                return self.sticker_names
        return self.object_names

    @property
    def sticker_names(self) -> tuple[str, ...]:
        """Names of the stickers' classes; none where there are no stickers."""
        return () if self._stickers is None else self._stickers.class_names

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @property
    def num_backgrounds(self) -> int:
        """Number of background pictures; 0 where each sample has fresh noise."""
        return 0 if isinstance(self._backgrounds, FreshNoise) else len(self._backgrounds.pictures)

    @property
    def pairing(self) -> dict[str, str]:
        """Which object goes with which class of background where they are correlated, in every split.

        The classes of both are matched in their order; where objects are fewer, they are gone through again.
        """
        names = self.object_names
        return {name: names[label % len(names)] for label, name in enumerate(self._backgrounds.class_names)}

    @property
    def sticker_pairing(self) -> dict[str, str]:
        """Which sticker goes with which class of object where they are correlated, in every split.

        The classes of both are matched in their order, like those of objects and backgrounds.
        """
        names = self.sticker_names
        return {name: names[label % len(names)] for label, name in enumerate(self.object_names) if names}

    def with_spec_changes(self, **changes: Any) -> Engine:
        """An engine of a changed spec, sharing the loaded pictures where the change leaves them alone."""
        spec = replace(self.spec, **changes)
        shared = sources_of(spec) == sources_of(self.spec)
        asks_classes = spec.label == "background" or spec.fg_bg_correlation > 0
        if not shared or (asks_classes and not self._backgrounds.class_names):
            return Engine(spec, self.device)
        engine = Engine.__new__(Engine)
        engine.device, engine._objects, engine._backgrounds = self.device, self._objects, self._backgrounds
        engine._stickers = self._stickers
        engine._set(spec)
        return engine

    def indices(self, split: str, num: int) -> Tensor:
        """The first ``num`` indices of ``train``, ``validation`` or ``test``: (num,) int64 on the engine's device."""
        return torch.arange(num, device=self.device) + SPLIT_START[split]

    @torch.no_grad()
    def batch(self, indices: Tensor, *, behind: Tensor | None = None) -> Batch:
        """The samples at ``indices``.

        Args:
            indices: (B,) int64 on any device.
            behind: pictures (B or 1, 3, S, S) in [0, 1] that are seen in place of the samples' own backgrounds;
                nothing else changes, nor what the batch says of its backgrounds.
        """
        spec, indices = self.spec, indices.to(self.device)
        numbers = self._backgrounds.draw(spec.seed, indices)
        found, extra = self._draw_objects(indices, numbers)
        seed = spec.seed if spec.transform_seed is None else spec.transform_seed
        params = sample_composition(self._transforms, indices, seed=seed, strength=spec.strength)
        changed = self.change(found, self._transforms, params)
        drawn = {
            f"{transform.name}.{name}": value
            for transform, values in zip(self._transforms, params, strict=True)
            for name, value in values.items()
        }
        images = changed.paste(self._backgrounds.show(spec.seed, indices, numbers) if behind is None else behind)
        masks = changed.masks
        batch = Batch(
            images=images,
            labels=found.labels if spec.label != "background" else self._background_labels(numbers),
            masks=masks,
            sticker_masks=masks.new_zeros(1, 1, 1).expand_as(masks),
            backgrounds=numbers,
            prototypes=found.prototypes,
            objects=found.labels,
            stickers=numbers.new_full((1,), -1).expand_as(numbers),
            boxes=changed.boxes,
            parameters={**extra, **drawn},
        )
        if self._stickers is None:
            return batch
        return _under(self._stickers.draw(spec, indices, found.labels), batch, label=spec.label)

    def labels(self, indices: Tensor) -> Tensor:
        """Labels of samples without making their images: (B,) int64."""
        indices = indices.to(self.device)
        numbers = self._backgrounds.draw(self.spec.seed, indices)
        if self.spec.label == "background":
            return self._background_labels(numbers)
        labels = self._draw_labels(indices, numbers)[0]
        if self.spec.label == "object":
            return labels
        assert self._stickers is not None
        return self._stickers.draw_labels(self.spec, indices, labels)[0]

    def change(self, found: Foregrounds, transforms: Sequence[Transform], params: Sequence[Params]) -> Changed:
        """Objects through a composition with given parameters.

        Args:
            found: B untransformed objects.
            transforms: the composition, in order; a pose comes first and an occluder last.
            params: the parameters of each.
        """
        mode, by_name = self.spec.resampling, dict(zip((one.name for one in transforms), params, strict=True))
        flat = [step for step in zip(transforms, params, strict=True) if step[0].name not in BEYOND_2D]
        rgba = found.rgba
        if "pose" in by_name:
            assert isinstance(self._objects, Cutouts)
            views = drawn_view(by_name["pose"], found.prototypes, self._objects.views[found.labels])
            rgba = found.showing(self._objects.pictures[found.labels, views]).rgba
        rgba, boxes = apply_composition(rgba, *([step[part] for step in flat] for part in (0, 1)), mode=mode)  # type: ignore[arg-type]
        front = None
        if "occlude" in by_name:
            front = occluder_layer(by_name["occlude"], self._occluders(found, by_name["occlude"]), boxes, mode=mode)
        return Changed(rgba, boxes, front)

    def render(self, indices: Tensor, *, batch_size: int | None = None) -> tuple[Tensor, Tensor]:
        """Images as bytes: (N, 3, S, S) uint8 and labels (N,) int64, on the engine's device.

        Args:
            indices: (N,) int64.
            batch_size: made at a time; None chooses what is fast: few on a CPU, where they stay in its cache.
        """
        size = self.spec.image_size
        batch_size = batch_size or (256 if self.device.type == "cpu" else 4096)
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

    def draw_objects(self, indices: Tensor) -> Foregrounds:
        """The untransformed objects of samples."""
        indices = indices.to(self.device)
        return self._draw_objects(indices, self._backgrounds.draw(self.spec.seed, indices))[0]

    def draw_backgrounds(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Which background (B,), -1 for fresh noise, and its picture (B, 3, S, S) of samples."""
        indices = indices.to(self.device)
        numbers = self._backgrounds.draw(self.spec.seed, indices)
        return numbers, self._backgrounds.show(self.spec.seed, indices, numbers)

    def background_numbers(self, indices: Tensor) -> Tensor:
        """Which background samples have, without making their images: (B,) int64, -1 for fresh noise."""
        return self._backgrounds.draw(self.spec.seed, indices.to(self.device))

    def _background_labels(self, numbers: Tensor) -> Tensor:
        assert isinstance(self._backgrounds, ClassedPictures)
        return self._backgrounds.labels(numbers)

    def _draw_labels(self, indices: Tensor, numbers: Tensor) -> tuple[Tensor, Params]:
        """Classes of the objects, and whether each is there because it is paired with its background."""
        spec = self.spec
        labels = self._objects.draw_labels(spec.seed, indices)
        if spec.fg_bg_correlation == 0:
            return labels, {}
        assert isinstance(self._backgrounds, ClassedPictures)
        paired = Draws(spec.seed, indices, STREAMS["pairing"]).uniform(1)[:, 0] < spec.fg_bg_correlation
        partner = self._backgrounds.labels(numbers) % len(self.object_names)
        return torch.where(paired, partner, labels), {"pairing.applied": paired}

    def _draw_objects(self, indices: Tensor, numbers: Tensor) -> tuple[Foregrounds, Params]:
        """The objects of samples, clear where none is available, and what decided over them."""
        labels, extra = self._draw_labels(indices, numbers)
        found = self._objects.draw(self.spec.seed, indices, labels)
        if self.spec.fg_availability == 1.0:
            return found, extra
        there = Draws(self.spec.seed, indices, STREAMS["availability"]).uniform(1)[:, 0] < self.spec.fg_availability
        found = Foregrounds(found.labels, found.prototypes, found.rgba, there)
        return found.showing(found.rgba), {**extra, "availability.applied": there}

    def _occluders(self, found: Foregrounds, params: Params) -> Tensor:
        """The objects that stand in front, (B, 4, S, S): the first picture of a drawn other class."""
        if not isinstance(self._objects, Cutouts):
            raise SpecError(f"occlude needs cut-out objects, not {self.spec.objects}; choose builtin or a folder")
        return self._objects.pictures[drawn_other(params, found.labels, len(self.object_names)), 0]


def _under(layer: StickerLayer, batch: Batch, *, label: str) -> Batch:
    """A batch with stickers in front of it."""
    return replace(
        batch,
        images=paste(layer.rgba, batch.images),
        labels=layer.labels if label == "sticker" else batch.labels,
        masks=batch.masks * (1.0 - layer.masks),
        sticker_masks=layer.masks,
        stickers=layer.numbers,
        parameters={**batch.parameters, **layer.parameters},
    )


def _let_memory_be_reused() -> None:
    """Frees one large untouched block, from which glibc learns to keep what batches free for the next ones.

    Otherwise it hands their megabytes back to the system after each, and half of the time for a batch goes into
    getting cleared pages again. Elsewhere this does nothing.
    """
    torch.empty(31 * 2**20, dtype=torch.uint8)


def paste(rgba: Tensor, backgrounds: Tensor) -> Tensor:
    """Premultiplied objects (B, 4, S, S) over backgrounds (B or 1, 3, S, S): (B, 3, S, S) in [0, 1]."""
    return torch.addcmul(rgba[:, :3], 1.0 - rgba[:, 3:], backgrounds).clamp_(0.0, 1.0)


def to_bytes(images: Tensor) -> Tensor:
    """Float images in [0, 1] to the nearest of 256 levels, uint8."""
    # By way of int32, which torch converts to many values at a time; straight to bytes it takes twice as long.
    return (images * 255.0).add_(0.5).to(torch.int32).to(torch.uint8)
