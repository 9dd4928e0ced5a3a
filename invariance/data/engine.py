"""The data engine: (spec, index) to image, mask, label and everything that was drawn on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from invariance.data import compiled
from invariance.data.background import ClassedPictures, FreshNoise, load_background_source
from invariance.data.batch import Batch, Changed, under_stickers
from invariance.data.devices import as_device
from invariance.data.drawn import Drawn
from invariance.data.foreground import (
    SPLIT_START,
    Cutouts,
    Foregrounds,
    WholePictures,
    indices_of,
    load_foregrounds,
)
from invariance.data.pasting import paste, paste_content_on_bytes, to_bytes
from invariance.data.picture_contents import require_contents
from invariance.data.random import STREAMS, SampleDraws, draw_words
from invariance.data.sources.picture_set import PictureSet
from invariance.data.sticker import load_stickers, sticker_streams
from invariance.data.threads import begin, share_out
from invariance.data.transforms import (
    Params,
    Transform,
    by_key,
    change_content,
    composition_of_words,
    flat_steps,
    get_transform,
    requests_of,
)
from invariance.data.transforms.beyond import drawn_other, drawn_view, occluder_layer
from invariance.spec import DatasetSpec, SpecError
from invariance.spec.checks import require, require_choice, require_kind
from invariance.spec.dataset import require_dataset
from invariance.spec.sources import place_of

__all__ = ["SPLIT_START", "Batch", "Changed", "Engine", "paste", "sources_of", "to_bytes"]

_PIXELS_AT_A_TIME = {"cpu": 128 * 32**2, "cuda": 4096 * 32**2}
"""Of the images that are made at a time: on a CPU so few that they stay in its cache; on a GPU so many that it is busy,
and so few that what is made on the way, 140 bytes a pixel for all transformations, stays below 1 GB at any size."""
_DRAWN_AT_A_TIME = 4096
"""Samples whose numbers are drawn at a time: many, since there are few of each."""
_WORDS = 2
"""Of a stream, at most, beside the transformations'; up to four take no longer than one."""


def sources_of(spec: DatasetSpec) -> DatasetSpec:
    """What of a spec decides which pictures are read: engines of equal sources can share them."""
    return DatasetSpec(
        objects=spec.objects,
        backgrounds=spec.backgrounds,
        shared_backgrounds=spec.shared_backgrounds,
        classes=spec.classes,
        image_size=spec.image_size,
        num_prototypes=spec.num_prototypes,
        transforms=tuple(name for name in spec.transforms if name == "pose"),
        stickers=spec.stickers,
        sticker_classes=spec.sticker_classes,
        sticker_scale=spec.sticker_scale,
    )


class Engine:
    """Makes the samples of a data set on a device, any index alone or in any batch.

    Args:
        spec: the data set.
        device: where pictures are kept and samples are made.

    Raises:
        SpecError: there is no such device, the spec's folders or classes cannot be used, or a folder holds other
            pictures than it names.
    """

    def __init__(self, spec: DatasetSpec, device: str | torch.device = "cpu") -> None:
        require_dataset(spec, "spec")
        self.device = as_device(device)
        if self.device.type == "cpu":
            _let_memory_be_reused()
        require_contents(spec)
        self._objects = load_foregrounds(spec).to(self.device)
        self._backgrounds = load_background_source(spec).to(self.device)
        stickers = load_stickers(spec)
        self._stickers = None if stickers is None else stickers.to(self.device)
        self._set(spec)

    @classmethod
    def of_pictures(cls, pictures: PictureSet, spec: DatasetSpec, device: str | torch.device = "cpu") -> Engine:
        """An engine whose objects are pictures in memory.

        Args:
            pictures: whole pictures.
            spec: all else; what it says of objects is for messages alone.
            device: as for the class.
        """
        engine = cls.__new__(cls)
        engine.device = torch.device(device)
        engine._objects = WholePictures(pictures, spec.image_size, 0).to(engine.device)
        engine._backgrounds = load_background_source(spec).to(engine.device)
        engine._stickers = None
        engine._set(spec)
        return engine

    def _set(self, spec: DatasetSpec) -> None:
        if spec.fg_bg_correlation > 0 and not isinstance(self._objects, Cutouts):
            raise SpecError(
                f"fg_bg_correlation = {spec.fg_bg_correlation}: needs cut-out objects, not {place_of(spec.objects)}"
            )
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
    def shares_backgrounds(self) -> bool:
        """Whether every split draws from the same background pictures."""
        return self._backgrounds.is_shared

    def backgrounds_of(self, split: str) -> Tensor:
        """Numbers of the background pictures of a split, ascending, (n,) int64; none where each sample has fresh noise.

        Args:
            split: ``train``, ``validation`` or ``test``.
        """
        require_choice("split", split, SPLIT_START)
        return self._backgrounds.numbers_of(split)

    @property
    def background_words(self) -> str:
        """How backgrounds are divided between the splits, in a few words."""
        if isinstance(self._backgrounds, FreshNoise):
            return "fresh noise behind every image"
        if self.num_backgrounds == 1:
            return "one behind every image"
        if self.shares_backgrounds:
            return f"the same {self.num_backgrounds:,} in every split"
        train, validation, test = (len(self.backgrounds_of(split)) for split in SPLIT_START)
        return f"{train:,} for training, {validation:,} others for validation, {test:,} others for the test"

    def picture_name(self, label: int, prototype: int) -> str:
        """What the file of an object's picture is called, without its folder; empty where it has none."""
        return self._objects.picture_name(label, prototype)

    def background_name(self, number: int) -> str:
        """What a background is called: its file without the folder, or its colour; empty where it has no name."""
        return self._backgrounds.names[number] if self._backgrounds.names and number >= 0 else ""

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

    def indices(self, split: str, num: int | None = None) -> Tensor:
        """The first ``num`` indices of ``train``, ``validation`` or ``test``: (num,) int64 on the engine's device.

        Raises:
            SpecError: there is no such split, or ``num`` is no whole number.
        """
        return indices_of(split, num, device=self.device)

    @torch.no_grad()
    def batch(
        self, indices: Tensor, *, behind: Tensor | None = None, instead: Mapping[str, Tensor] | None = None
    ) -> Batch:
        """The samples at ``indices``.

        Args:
            indices: (B,) int64 on any device.
            behind: pictures (B or 1, 3, S, S) in [0, 1] that are seen in place of the samples' own backgrounds;
                nothing else changes, nor what the batch says of its backgrounds.
            instead: ``<transform>.<parameter>`` to (B,) values that take the place of those that are drawn.
        """
        drawn = self.draw(indices)
        for key, values in (instead or {}).items():
            transform, _, name = key.partition(".")
            params = drawn.params[[one.name for one in self._transforms].index(transform)]
            params[name] = values.to(params[name])
        return self._batch_of(drawn, behind=behind)

    def _batch_of(self, drawn: Drawn, *, behind: Tensor | None = None) -> Batch:
        spec = self.spec
        changed = self.change(self._show_objects(drawn), self._transforms, drawn.params)
        backgrounds = self._backgrounds.show(drawn.draws, drawn.numbers) if behind is None else behind
        images = changed.paste(backgrounds)
        masks = changed.masks
        batch = Batch(
            images=images,
            labels=self._labels(drawn),
            masks=masks,
            sticker_masks=masks.new_zeros(1, 1, 1).expand_as(masks),
            backgrounds=drawn.numbers,
            prototypes=drawn.prototypes,
            objects=drawn.labels,
            stickers=drawn.numbers.new_full((1,), -1).expand_as(drawn.numbers),
            boxes=changed.boxes,
            parameters={**drawn.extra, **by_key(self._transforms, drawn.params)},
        )
        if self._stickers is None:
            return batch
        return under_stickers(self._stickers.draw(spec, drawn.sticker_draws, drawn.labels), batch, label=spec.label)

    def draw(self, indices: Tensor) -> Drawn:
        """Everything that is drawn for samples, (B,) int64, in one evaluation."""
        spec, indices = self.spec, self._here(indices)
        own, stickers = self._streams, [] if self._stickers is None else sticker_streams(spec)
        seeds = [spec.seed] * len(own) + [spec.drawn_sticker_seed] * len(stickers)
        streams = [STREAMS[name] for name in (*own, *stickers)]
        requests = [(seed, stream, _WORDS) for seed, stream in zip(seeds, streams, strict=True)]
        words = draw_words(indices, [*requests, *requests_of(self._transforms, spec.drawn_transform_seed)])
        known, num = list(zip(streams, words, strict=False)), len(own)
        draws = SampleDraws(spec.seed, indices, dict(known[:num]))
        sticker_draws = SampleDraws(spec.drawn_sticker_seed, indices, dict(known[num:]))
        numbers = self._backgrounds.draw(draws)
        labels, extra = self._draw_labels(draws, numbers)
        prototypes, present = self._objects.draw(draws, labels), None
        if spec.fg_availability < 1.0:
            present = draws.of("availability").uniform(1)[:, 0] < spec.fg_availability
            extra = {**extra, "availability.applied": present}
        params = composition_of_words(self._transforms, words[len(requests) :], spec.strength)
        return Drawn(draws, sticker_draws, numbers, labels, prototypes, present, params, extra)

    @property
    def _streams(self) -> list[str]:
        """Of which every sample takes a word or two, beside those of its transformations and its sticker."""
        spec = self.spec
        own = {"availability": spec.fg_availability < 1.0, "pairing": spec.fg_bg_correlation > 0}
        return [*self._objects.streams, *self._backgrounds.streams, *(name for name, is_used in own.items() if is_used)]

    def labels(self, indices: Tensor) -> Tensor:
        """Labels of samples without making their images: (B,) int64."""
        draws = self._draws(indices)
        numbers = self._backgrounds.draw(draws)
        if self.spec.label == "background":
            return self._background_labels(numbers)
        labels = self._draw_labels(draws, numbers)[0]
        if self.spec.label == "object":
            return labels
        assert self._stickers is not None
        sticker_draws = SampleDraws(self.spec.drawn_sticker_seed, draws.indices)
        return self._stickers.draw_labels(self.spec, sticker_draws, labels)[0]

    def change(self, found: Foregrounds, transforms: Sequence[Transform], params: Sequence[Params]) -> Changed:
        """Objects through a composition with given parameters.

        Args:
            found: B untransformed objects.
            transforms: the composition, in order; a pose comes first and an occluder last.
            params: the parameters of each.
        """
        mode, by_name = self.spec.resampling, dict(zip((one.name for one in transforms), params, strict=True))
        if "pose" in by_name:
            views = self._views(found.labels, found.prototypes, by_name["pose"])
            found = found.showing(self._objects.cut(found.labels, views))
        pixels, frame, boxes = change_content(found.pixels, found.frame, *flat_steps(transforms, params), mode=mode)
        front = None
        if "occlude" in by_name:
            others = self._occluders(found, by_name["occlude"])
            front = occluder_layer(by_name["occlude"], others, self._objects.frame, boxes, mode=mode)
        return Changed(pixels, frame, boxes, front)

    def render(self, indices: Tensor, *, batch_size: int | None = None) -> tuple[Tensor, Tensor]:
        """Images as bytes: (N, 3, S, S) uint8 and labels (N,) int64, on the engine's device.

        Args:
            indices: (N,) int64.
            batch_size: made at a time by torch; None chooses what is fast on the device and fits into its memory.
        """
        size, on_cpu, indices = self.spec.image_size, self.device.type == "cpu", self._here(indices)
        images = torch.empty(len(indices), 3, size, size, dtype=torch.uint8, device=self.device)
        labels = torch.empty(len(indices), dtype=torch.int64, device=self.device)
        batch_size = batch_size or self._num_at_a_time

        def make(start: int, stop: int) -> None:
            self._render_into(images[start:stop], labels[start:stop], indices[start:stop], batch_size)

        if self._is_compiled():
            self._render_compiled(images, labels, indices)
        elif on_cpu:
            share_out(len(indices), make, unit=batch_size, most=-(-_DRAWN_AT_A_TIME // batch_size))
        else:
            for start in range(0, len(indices), _DRAWN_AT_A_TIME):
                make(start, start + _DRAWN_AT_A_TIME)
        return images, labels

    @property
    def _num_at_a_time(self) -> int:
        kind = "cpu" if self.device.type == "cpu" else "cuda"
        return max(8, _PIXELS_AT_A_TIME[kind] // self.spec.image_size**2)

    def parts(self, indices: Tensor, most: int, *, num_made: int = 1) -> tuple[Tensor, ...]:
        """Indices in parts of at most so many; of fewer where a batch of floats would not fit well on a GPU.

        Args:
            indices: (N,) int64.
            most: of a part.
            num_made: images that are made of each, and kept until its part is done.
        """
        fitting = max(1, self._num_at_a_time // num_made)
        return indices.split(most if self.device.type == "cpu" else min(most, fitting))

    def _is_compiled(self) -> bool:
        """Whether compiled kernels make the bytes; they know nothing of floats behind, in front or to be resized."""
        fits = isinstance(self._objects, Cutouts) or self._objects.has_own_size
        known = fits and self._levels is not None and all(transform.is_compiled for transform in self._transforms)
        return known and self.device.type == "cpu" and compiled.is_available()

    @property
    def _levels(self) -> Tensor | None:
        """Backgrounds as bytes (N, 3, S, S) where these can be pasted on: what stands in front is pasted on floats."""
        in_front = self._stickers is not None or "occlude" in self.spec.transforms
        return None if in_front else self._backgrounds.levels

    @torch.no_grad()
    def _render_compiled(self, images: Tensor, labels: Tensor, indices: Tensor) -> None:
        """The same as :meth:`_render_into`; while threads make the pixels of some, one of them draws the next ones."""
        from invariance.data.compiled.render import Rendering

        levels, num, before = self._levels, len(indices), list[Future[None]]()
        assert levels is not None

        def prepare(start: int) -> Rendering:
            some = slice(start, start + _DRAWN_AT_A_TIME)
            drawn = self.draw(indices[some])
            labels[some], prototypes = self._labels(drawn), drawn.prototypes
            if self.spec.transforms[:1] == ("pose",):
                prototypes = self._views(drawn.labels, prototypes, drawn.params[0])
            return Rendering(self.spec, self._transforms, self._objects, drawn, prototypes, levels, images[some])

        work = prepare(0)
        for start in range(_DRAWN_AT_A_TIME, num, _DRAWN_AT_A_TIME):
            following = begin(prepare, start)
            jobs = work.start()
            for job in before:
                job.result()
            before, work = jobs, following.result()
        for job in (*before, *work.start()):
            job.result()

    @torch.no_grad()
    def _render_into(self, images: Tensor, labels: Tensor, indices: Tensor, batch_size: int) -> None:
        """Samples into images (N, 3, S, S) uint8 and labels (N,): all are drawn at once, few are made at a time.

        Where backgrounds are kept as bytes, those around the objects are copied and no float is made of them.
        """
        drawn, levels = self.draw(indices), self._levels
        for start in range(0, len(indices), batch_size):
            part, into = drawn.part(start, start + batch_size), slice(start, start + batch_size)
            if levels is None:
                batch = self._batch_of(part)
                images[into], labels[into] = to_bytes(batch.images), batch.labels
                continue
            changed = self.change(self._show_objects(part), self._transforms, part.params)
            labels[into] = self._labels(part)
            if changed.frame.is_whole:
                backgrounds = self._backgrounds.show(part.draws, part.numbers)
                images[into] = to_bytes(changed.paste(backgrounds))
            else:
                torch.index_select(levels, 0, part.numbers, out=images[into])
                paste_content_on_bytes(changed.pixels, changed.frame, images[into])

    def twins(
        self, indices: Tensor, transforms: Sequence[str] | None = None, *, transform_seeds: tuple[int, int] = (1, 2)
    ) -> tuple[Batch, Batch]:
        """Pairs with the same objects and backgrounds and two independent draws of the transformations.

        Args:
            indices: (B,) int64.
            transforms: the composition; None keeps the spec's.
            transform_seeds: seeds of the two draws.
        """
        names = self.spec.transforms if transforms is None else transforms
        first, second = (
            self.with_spec_changes(transforms=names, transform_seed=seed).batch(indices) for seed in transform_seeds
        )
        return first, second

    def draw_objects(self, indices: Tensor) -> Foregrounds:
        """The untransformed objects of samples."""
        return self._show_objects(self.draw(indices))

    def draw_backgrounds(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Which background (B,), -1 for fresh noise, and its picture (B, 3, S, S) of samples."""
        draws = self._draws(indices)
        numbers = self._backgrounds.draw(draws)
        return numbers, self._backgrounds.show(draws, numbers)

    def background_numbers(self, indices: Tensor) -> Tensor:
        """Which background samples have, without making their images: (B,) int64, -1 for fresh noise."""
        return self._backgrounds.draw(self._draws(indices))

    def _draws(self, indices: Tensor) -> SampleDraws:
        """The draws of samples (B,) on any device."""
        return SampleDraws(self.spec.seed, self._here(indices))

    def _here(self, indices: Tensor) -> Tensor:
        """Indices on the engine's device; SpecError unless they are a tensor (B,) int64 of what may be samples."""
        expected = "a (B,) int64 tensor of indices, such as engine.indices('train', 8)"
        require_kind(Tensor, "indices", indices, expected)
        require(indices.dim() == 1 and indices.dtype == torch.int64, "indices", indices, expected)
        if indices.device.type == "cpu" and len(indices):  # elsewhere to look would mean to wait
            require(int(indices.min()) >= 0, "indices", int(indices.min()), "0 or more")
        return indices.to(self.device)

    def _labels(self, drawn: Drawn) -> Tensor:
        """Classes of the objects, or of the backgrounds where those are the label."""
        return drawn.labels if self.spec.label != "background" else self._background_labels(drawn.numbers)

    def _background_labels(self, numbers: Tensor) -> Tensor:
        assert isinstance(self._backgrounds, ClassedPictures)
        return self._backgrounds.labels(numbers)

    def _draw_labels(self, draws: SampleDraws, numbers: Tensor) -> tuple[Tensor, Params]:
        """Classes of the objects, and whether each is there because it is paired with its background."""
        spec = self.spec
        labels = self._objects.draw_labels(draws)
        if spec.fg_bg_correlation == 0:
            return labels, {}
        assert isinstance(self._backgrounds, ClassedPictures)
        paired = draws.of("pairing").uniform(1)[:, 0] < spec.fg_bg_correlation
        partner = self._backgrounds.labels(numbers) % len(self.object_names)
        return torch.where(paired, partner, labels), {"pairing.applied": paired}

    def _show_objects(self, drawn: Drawn) -> Foregrounds:
        """The objects of samples, clear where none is available."""
        pixels = self._objects.cut(drawn.labels, drawn.prototypes)
        found = Foregrounds(drawn.labels, drawn.prototypes, pixels, self._objects.frame, drawn.present)
        return found.showing(pixels)

    def _views(self, labels: Tensor, prototypes: Tensor, params: Params) -> Tensor:
        """Which pictures (B,) of their classes the objects show after a pose."""
        assert isinstance(self._objects, Cutouts)
        return drawn_view(params, prototypes, self._objects.views[labels])

    def _occluders(self, found: Foregrounds, params: Params) -> Tensor:
        """The objects that stand in front, (B, 4, W, W): the first picture of a drawn other class."""
        if not isinstance(self._objects, Cutouts):
            raise SpecError(
                f"occlude needs cut-out objects, not {place_of(self.spec.objects)}; choose builtin or a folder"
            )
        others = drawn_other(params, found.labels, len(self.object_names))
        return self._objects.cut(others, torch.zeros_like(others))


def _let_memory_be_reused() -> None:
    """Frees one large untouched block, from which glibc learns to keep what batches free for the next ones.

    Otherwise it hands their megabytes back to the system after each, and half of the time for a batch goes into
    getting cleared pages again. Elsewhere this does nothing.
    """
    torch.empty(31 * 2**20, dtype=torch.uint8)
