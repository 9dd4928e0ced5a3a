"""What objects are pasted on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from invariance.data.background_split import BackgroundSplit, load_split, shared_by_all
from invariance.data.catalogue import background_names, is_picture_source, load_backgrounds
from invariance.data.foreground import WholePictures, splits_of
from invariance.data.pasting import to_bytes
from invariance.data.picture_folders import in_short
from invariance.data.random import STREAMS, Draws, SampleDraws, unit_field
from invariance.data.sources.pictures import load_pictures
from invariance.spec import DatasetSpec, SpecError


@dataclass(frozen=True)
class FlatPictures:
    """Backgrounds without classes.

    Attributes:
        pictures: (N, 3, S, S) float32 in [0, 1].
        levels: the same as bytes, (N, 3, S, S) uint8.
        split: which of them are in which split.
        names: what each is called.
        streams: of which each sample takes a word.
    """

    streams: ClassVar = ("background",)

    pictures: Tensor
    levels: Tensor
    split: BackgroundSplit
    names: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()

    def to(self, device: torch.device) -> FlatPictures:
        """The same on a device."""
        pictures, levels = self.pictures.to(device), self.levels.to(device)
        return replace(self, pictures=pictures, levels=levels, split=self.split.to(device))

    @property
    def is_shared(self) -> bool:
        """Whether every split has the same ones."""
        return self.split.is_shared

    def numbers_of(self, split: str) -> Tensor:
        """Numbers of the backgrounds of a split, ascending: (n,) int64."""
        return self.split.of(split)

    def draw(self, draws: SampleDraws) -> Tensor:
        """Numbers of the samples' backgrounds, (B,), each of the split's own equally likely."""
        return self.split.choose(draws.of("background").words(1)[:, 0], splits_of(draws.indices))

    def show(self, seed: int, indices: Tensor, numbers: Tensor) -> Tensor:
        """Their pictures, (B, 3, S, S) float32 in [0, 1]."""
        return self.pictures.index_select(0, numbers)


@dataclass(frozen=True)
class FreshNoise:
    """Independent uniform noise behind every sample.

    Attributes:
        size: side S in pixels.
        streams: of which each sample takes a word.
    """

    streams: ClassVar = ()
    is_shared: ClassVar = False

    size: int
    class_names: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    levels: None = None

    def numbers_of(self, split: str) -> Tensor:
        """(0,) int64: noise has no numbers."""
        return torch.empty(0, dtype=torch.int64)

    def to(self, device: torch.device) -> FreshNoise:
        """The same: there is nothing to move."""
        return self

    def draw(self, draws: SampleDraws) -> Tensor:
        """(B,) of -1: noise has no number."""
        return torch.full_like(draws.indices, -1)

    def show(self, seed: int, indices: Tensor, numbers: Tensor) -> Tensor:
        """The noise of samples, (B, 3, S, S) float32 on [0, 1)."""
        keys = Draws(seed, indices, STREAMS["background_noise"]).fields()
        return unit_field(keys, (3, self.size, self.size))


@dataclass(frozen=True)
class ClassedPictures:
    """Whole pictures with classes behind the objects, in splits that share none.

    Attributes:
        whole: the pictures.
        streams: of which each sample takes a word.
    """

    streams: ClassVar = ()
    is_shared: ClassVar = False

    whole: WholePictures

    def numbers_of(self, split: str) -> Tensor:
        """Numbers of the pictures of a split, ascending: (n,) int64."""
        return self.whole.picture_set.splits[split]

    @property
    def class_names(self) -> tuple[str, ...]:
        """C names in label order."""
        return self.whole.class_names

    @property
    def names(self) -> tuple[str, ...]:
        """Of their files; none where they come from no files."""
        return self.whole.picture_set.file_names

    @property
    def pictures(self) -> Tensor:
        """(M, 3, S, S) uint8."""
        return self.whole.picture_set.pictures

    @property
    def levels(self) -> Tensor | None:
        """(M, 3, S, S) uint8 where the pictures have the size at which they are shown."""
        return self.pictures if self.whole.has_own_size else None

    def to(self, device: torch.device) -> ClassedPictures:
        """The same on a device."""
        return ClassedPictures(self.whole.to(device))

    def draw(self, draws: SampleDraws) -> Tensor:
        """Numbers of the samples' backgrounds, (B,)."""
        return self.whole.draw_numbers(draws)

    def show(self, seed: int, indices: Tensor, numbers: Tensor) -> Tensor:
        """Their pictures, (B, 3, S, S) float32 in [0, 1]."""
        return self.whole.show(numbers)

    def labels(self, numbers: Tensor) -> Tensor:
        """Classes of backgrounds, (B,)."""
        return self.whole.picture_set.labels[numbers]


Backgrounds = FlatPictures | FreshNoise | ClassedPictures


def load_background_source(spec: DatasetSpec) -> Backgrounds:
    """Reads the backgrounds of a data set.

    Raises:
        SpecError: they cannot be used, or classes are asked of backgrounds that have none.
    """
    if is_picture_source(spec.backgrounds):
        pictures = load_pictures(spec.backgrounds, image_size=spec.image_size)
        return ClassedPictures(WholePictures(pictures, spec.image_size, 1))
    if spec.label == "background" or spec.fg_bg_correlation > 0:
        asked = "label = background" if spec.label == "background" else f"fg_bg_correlation = {spec.fg_bg_correlation}"
        raise SpecError(
            f"{asked}: {in_short(spec.backgrounds)} backgrounds have no classes; choose cifar10, cifar100 or "
            "images:<folder>"
        )
    found = load_backgrounds(spec.backgrounds, image_size=spec.image_size)
    if found is None:
        return FreshNoise(spec.image_size)
    split = shared_by_all(len(found)) if spec.shared_backgrounds else load_split(spec.backgrounds)
    return FlatPictures(found, to_bytes(found), split, background_names(spec.backgrounds))
