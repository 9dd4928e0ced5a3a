"""What the samples of a data set are made of: objects, backgrounds and stickers on a device, and their names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

import torch
from torch import Tensor

from invariance.data.background import FreshNoise, load_background_source
from invariance.data.devices import as_device
from invariance.data.foreground import SPLIT_START, Cutouts, WholePictures, indices_of, load_foregrounds
from invariance.data.picture_contents import require_contents
from invariance.data.sources.picture_set import PictureSet
from invariance.data.sticker import load_stickers
from invariance.data.transforms import get_transform
from invariance.spec import DatasetSpec, SpecError
from invariance.spec.checks import require_choice
from invariance.spec.dataset import require_dataset
from invariance.spec.sources import place_of


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


class Contents:
    """The pictures of a data set, loaded, and what they are called.

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
    def of_pictures(cls, pictures: PictureSet, spec: DatasetSpec, device: str | torch.device = "cpu") -> Self:
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

    def with_spec_changes(self, **changes: Any) -> Self:
        """An engine of a changed spec, sharing the loaded pictures where the change leaves them alone."""
        spec = replace(self.spec, **changes)
        shared = sources_of(spec) == sources_of(self.spec)
        asks_classes = spec.label == "background" or spec.fg_bg_correlation > 0
        if not shared or (asks_classes and not self._backgrounds.class_names):
            return type(self)(spec, self.device)
        engine = type(self).__new__(type(self))
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


def _let_memory_be_reused() -> None:
    """Frees one large untouched block, from which glibc learns to keep what batches free for the next ones.

    Otherwise it hands their megabytes back to the system after each, and half of the time for a batch goes into
    getting cleared pages again. Elsewhere this does nothing.
    """
    torch.empty(31 * 2**20, dtype=torch.uint8)
