"""The samples of a data set as floats: what is drawn for each, and batches with everything that was drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from invariance.data.background import ClassedPictures
from invariance.data.batch import Batch, Changed, under_stickers
from invariance.data.contents import Contents
from invariance.data.drawn import Drawn
from invariance.data.foreground import Cutouts, Foregrounds
from invariance.data.random import STREAMS, SampleDraws, draw_words
from invariance.data.sticker import sticker_streams
from invariance.data.transforms import (
    Params,
    Transform,
    by_key,
    change_content,
    composition_of_words,
    flat_steps,
    requests_of,
)
from invariance.data.transforms.beyond import drawn_other, drawn_view, occluder_layer
from invariance.spec import SpecError
from invariance.spec.checks import require, require_kind
from invariance.spec.sources import place_of

_WORDS = 2
"""Of a stream, at most, beside the transformations'; up to four take no longer than one."""


class Samples(Contents):
    """Makes samples by their indices, any index alone or in any batch; arguments are those of :class:`Contents`."""

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
