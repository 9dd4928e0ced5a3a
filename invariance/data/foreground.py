"""What is transformed and pasted: cut-outs with alpha, or whole pictures.

Cut-outs are the same in every split. Whole pictures (CIFAR, a folder of photographs) are gone through in an order fixed
by the seed, in splits that share none. Both give labels and untransformed RGBA; the rest of the engine knows no
difference.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from invariance.data.catalogue import is_picture_source, load_objects
from invariance.data.picture_folders import in_short, named
from invariance.data.random import SampleDraws, permutation
from invariance.data.sources.pictures import PictureSet, load_pictures
from invariance.data.transforms.frame import Frame
from invariance.spec import MAX_PROTOTYPES, DatasetSpec, SpecError
from invariance.spec.checks import require_choice, require_count

SPLIT_START = {"train": 0, "validation": 2**40, "test": 2**41}
"""First index of each split. The ranges cannot meet, so no sample is in two splits of one data set."""


def indices_of(split: str, num: int | None, start: int = 0, *, device: torch.device | str = "cpu") -> Tensor:
    """Indices of samples of a split, from position ``start`` on: (num,) int64.

    Raises:
        SpecError: there is no such split, or a number is none of samples.
    """
    require_choice("split", split, SPLIT_START)
    require_count("num", num, 0, 2**40)
    require_count("start", start, 0, 2**40)
    assert num is not None, "as was required"
    return torch.arange(start, start + num, device=device) + SPLIT_START[split]


def splits_of(indices: Tensor) -> Tensor:
    """Positions in :data:`SPLIT_START` of the splits that samples (B,) are in: (B,) int64."""
    return (indices >> 40).clamp(max=2)


@dataclass(frozen=True)
class Foregrounds:
    """The untransformed objects of some samples.

    Attributes:
        labels: (B,) int64, their classes.
        prototypes: (B,) int64, which picture of the class, or which picture of all for whole pictures.
        pixels: (B, 4, W, W) float32, premultiplied, what is in the frame.
        frame: the part of the canvas outside which all is clear.
        present: (B,) bool, whether there is an object at all; None where there always is.
    """

    labels: Tensor
    prototypes: Tensor
    pixels: Tensor
    frame: Frame
    present: Tensor | None = None

    @property
    def rgba(self) -> Tensor:
        """On the whole canvas: (B, 4, S, S) float32, premultiplied."""
        return self.frame.on_canvas(self.pixels)

    def repeat(self, num: int) -> Foregrounds:
        """The only sample ``num`` times."""
        present = None if self.present is None else self.present.expand(num)
        pixels = self.pixels.expand(num, -1, -1, -1)
        return Foregrounds(self.labels.expand(num), self.prototypes.expand(num), pixels, self.frame, present)

    def showing(self, pixels: Tensor) -> Foregrounds:
        """The same with other pictures in the frame, clear where there is no object."""
        if self.present is not None:
            pixels = pixels * self.present[:, None, None, None]
        return replace(self, pixels=pixels)


@dataclass(frozen=True)
class Cutouts:
    """Objects cut out of their background, the same ones in every split.

    Attributes:
        class_names: K names in label order.
        contents: (K, P, 4, W, W) float32, premultiplied, the 0.7 of the canvas that they fill.
        frame: where that lies on the canvas.
        counts: (K,) int64, how many of the pictures are prototypes, among which a sample's is drawn.
        views: (K,) int64, how many pictures there are, among which ``pose`` chooses.
        file_names: for each class those of its pictures; none where there are no files.
        streams: of which each sample takes a word.
    """

    streams: ClassVar = ("object", "prototype")

    class_names: tuple[str, ...]
    contents: Tensor
    frame: Frame
    counts: Tensor
    views: Tensor
    file_names: tuple[tuple[str, ...], ...] = ()

    @property
    def pictures(self) -> Tensor:
        """On the whole canvas: (K, P, 4, S, S) float32, premultiplied."""
        return self.frame.on_canvas(self.contents)

    def to(self, device: torch.device) -> Cutouts:
        """The same on a device."""
        contents, counts, views = (part.to(device) for part in (self.contents, self.counts, self.views))
        return replace(self, contents=contents, counts=counts, views=views)

    def draw_labels(self, draws: SampleDraws) -> Tensor:
        """Classes of samples, (B,), each equally likely."""
        return draws.of("object").choice(len(self.class_names))

    def draw(self, draws: SampleDraws, labels: Tensor) -> Tensor:
        """Which pictures samples show whose classes are known: (B,)."""
        words = draws.of("prototype").words(1)[:, 0]
        return (words * self.counts[labels]) >> 32

    def picture_name(self, label: int, prototype: int) -> str:
        """What the file of a picture is called; empty where it has none."""
        return self.file_names[label][prototype] if self.file_names else ""

    def cut(self, labels: Tensor, prototypes: Tensor) -> Tensor:
        """Those pictures of those classes, the pixels of the frame: (B, 4, W, W)."""
        return self.contents.flatten(0, 1).index_select(0, self._rows(labels, prototypes))

    def interleaved(self, labels: Tensor, prototypes: Tensor) -> tuple[Tensor, Tensor]:
        """Pictures with the four channels of a pixel side by side, (N, W, W, 4), and which of them those are, (B,)."""
        return self._interleaved, self._rows(labels, prototypes)

    @cached_property
    def _interleaved(self) -> Tensor:
        return self.contents.flatten(0, 1).permute(0, 2, 3, 1).contiguous()

    def _rows(self, labels: Tensor, prototypes: Tensor) -> Tensor:
        return labels * self.contents.shape[1] + prototypes


@dataclass(frozen=True)
class WholePictures:
    """Pictures that fill the image, in splits that share none.

    A split's pictures are gone through in a random order fixed by the seed, each once before any comes again: sample
    i of a split shows picture i of that order. So N samples of N pictures are the data set itself.

    Attributes:
        picture_set: pictures, classes and splits.
        size: side S in pixels at which they are shown.
        use: 0 as foregrounds, 1 as backgrounds: one data set may be both, in different orders.
        streams: of which each sample takes a word.
    """

    streams: ClassVar = ()

    picture_set: PictureSet
    size: int
    use: int

    @property
    def class_names(self) -> tuple[str, ...]:
        """K names in label order."""
        return self.picture_set.class_names

    def to(self, device: torch.device) -> WholePictures:
        """The same on a device."""
        own = self.picture_set
        splits = {split: numbers.to(device) for split, numbers in own.splits.items()}
        moved = replace(own, pictures=own.pictures.to(device), labels=own.labels.to(device), splits=splits)
        return WholePictures(moved, self.size, self.use)

    def draw_numbers(self, draws: SampleDraws) -> Tensor:
        """Which picture each sample shows: (B,) int64."""
        indices = draws.indices
        result = torch.empty_like(indices)
        for position, (split, start) in enumerate(SPLIT_START.items()):
            inside = (indices >= start) & (indices < start + 2**40)
            pool = self.picture_set.splits[split]
            order = pool[_order(len(pool), draws.seed, 2 * position + self.use, pool.device)]
            result = torch.where(inside, order[(indices - start) % len(pool)], result)
        return result

    def draw_labels(self, draws: SampleDraws) -> Tensor:
        """Classes of samples, (B,)."""
        return self.picture_set.labels[self.draw_numbers(draws)]

    def draw(self, draws: SampleDraws, labels: Tensor) -> Tensor:
        """Which pictures samples show: (B,)."""
        return self.draw_numbers(draws)

    @property
    def frame(self) -> Frame:
        """All of the canvas."""
        return Frame.whole(self.size)

    @property
    def has_own_size(self) -> bool:
        """Whether the pictures have the size at which they are shown."""
        return self.picture_set.pictures.shape[-1] == self.size

    def picture_name(self, label: int, prototype: int) -> str:
        """What the file of a picture is called; empty where it has none."""
        return self.picture_set.file_names[prototype] if self.picture_set.file_names else ""

    def cut(self, labels: Tensor, prototypes: Tensor) -> Tensor:
        """Those pictures, wholly opaque: (B, 4, S, S)."""
        rgb = self.show(prototypes)
        return torch.cat((rgb, torch.ones_like(rgb[:, :1])), dim=1)

    def show(self, numbers: Tensor) -> Tensor:
        """Pictures by number, (B, 3, S, S) float32 in [0, 1], brought to the size where they have another."""
        rgb = self.picture_set.pictures[numbers].to(torch.float32) / 255.0
        if rgb.shape[-1] == self.size:
            return rgb
        size = (self.size, self.size)
        return F.interpolate(rgb, size=size, mode="bilinear", align_corners=False, antialias=True).clamp(0.0, 1.0)


Objects = Cutouts | WholePictures


def load_foregrounds(spec: DatasetSpec) -> Objects:
    """Reads the objects of a data set.

    Raises:
        SpecError: they cannot be used, or ``pose`` is asked of objects with one picture each.
    """
    posed = "pose" in spec.transforms
    if posed and (spec.objects == "noise" or is_picture_source(spec.objects)):
        raise SpecError(
            f"pose needs objects seen from several sides: {in_short(spec.objects)} has none; choose builtin"
        )
    if is_picture_source(spec.objects):
        pictures = load_pictures(spec.objects, image_size=spec.image_size)
        return WholePictures(choose(pictures, spec.classes, spec.objects), spec.image_size, 0)
    found = load_objects(
        spec.objects,
        classes=spec.classes,
        image_size=spec.image_size,
        num_prototypes=MAX_PROTOTYPES if posed else spec.num_prototypes,
    )
    if posed and int(found.counts.min()) < 2:
        name = found.class_names[int(found.counts.argmin())]
        raise SpecError(
            f"pose needs several pictures of each class: {name} of {in_short(spec.objects)} has one; add views of it"
        )
    frame = Frame.of_object(spec.image_size)
    contents = frame.of(found.pictures).contiguous()
    return Cutouts(
        found.class_names, contents, frame, found.counts.clamp(max=spec.num_prototypes), found.counts, found.file_names
    )


def choose(pictures: PictureSet, classes: tuple[str, ...], source: str) -> PictureSet:
    """The pictures of some classes alone, labelled in the order given; no class means all.

    Raises:
        SpecError: a class is unknown.
    """
    if not classes:
        return pictures
    if unknown := [name for name in classes if name not in pictures.class_names]:
        raise SpecError(f"unknown class {unknown[0]!r}: {in_short(source)} has {named(pictures.class_names)}")
    new_label = torch.full((len(pictures.class_names),), -1)
    for label, name in enumerate(classes):
        new_label[pictures.class_names.index(name)] = label
    labels = new_label[pictures.labels]
    splits = {split: numbers[labels[numbers] >= 0] for split, numbers in pictures.splits.items()}
    return replace(pictures, class_names=classes, labels=labels, splits=splits)


@lru_cache(maxsize=64)
def _order(num: int, seed: int, index: int, device: torch.device) -> Tensor:
    """A split's order; kept on the device since every batch asks for it."""
    return permutation(num, seed=seed, index=index).to(device)
