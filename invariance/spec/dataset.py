"""What a data set is."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, fields
from typing import Any
from unicodedata import normalize

import invariance.vocabulary.streams  # noqa: F401 -- two equal streams end the program here, before any spec is made
from invariance.spec.checks import SpecError, freeze, require, require_count, require_kind, require_number
from invariance.spec.compositions import check_transforms, order_transforms
from invariance.vocabulary.choices import LABELS, MAX_PROTOTYPES, RESAMPLINGS, STICKER_PLACES

_HEX_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def require_dataset(value: Any, name: str = "data") -> None:
    """Raises SpecError unless a value says what a data set is."""
    require_kind(DatasetSpec, name, value, "a DatasetSpec, such as DatasetSpec(transforms=('rotate',))")


@dataclass(frozen=True, kw_only=True)
class DatasetSpec:
    """A Transforms-2D data set D(O, T): objects O, changed by the composition T, pasted on backgrounds B.

    Attributes:
        objects: what is transformed: cut-outs (``builtin``, ``noise``, a folder ``<class>/<any>.png`` of images with
            alpha, ``hub`` or ``hub:<owner>/<name>`` for the authors' or another such set on the Hugging Face Hub) or
            whole pictures (``cifar10``, ``cifar100``, ``images:<folder>`` with ``<class>/<any>`` pictures). A folder
            may be written with its contents, see :mod:`invariance.spec.sources`; a run always has it so.
        backgrounds: ``builtin``, ``noise``, a uniform colour ``#rrggbb``, a folder of images, ``hub``, or
            pictures with classes (``cifar10``, ``cifar100``, ``images:<folder>``).
        shared_backgrounds: whether every split draws from all backgrounds, as in the paper, so that a test shows those
            of training; otherwise training, validation and test have 5, 1 and 2 of every eight for themselves (of
            fewer than ten all have all). Noise is always new, one colour never, and pictures with classes have splits
            of their own.
        classes: names of the object classes used, in label order; empty means every class of the source.
        transforms: the composition, applied in this order; empty is the paper's "none". ``pose`` always comes first
            and ``occlude`` last, whatever their place in the list.
        strength: scales every transformation's range, in [0, 1]; 1 is the paper's.
        num_samples: size of a finite data set (images 0..N-1, the same in every epoch); None is an endless stream.
        seed: addresses every draw of object, prototype and background, in [0, 2^63).
        transform_seed: addresses the transformations' draws; unless given, ``seed``. Another one gives the twins.
        image_size: side of the square images, in pixels.
        num_prototypes: number of images used for each class (the paper: 1), in sorted order of their file names.
        resampling: ``bilinear`` on premultiplied alpha, or ``nearest`` as in the authors' code.
        fg_bg_correlation: probability that the object is the one paired with the background's class; otherwise it is
            drawn uniformly (so it may be the paired one by chance).
        fg_availability: probability that the object is pasted at all.
        label: what the class of an image is, its ``object``, its ``background`` or its ``sticker``.
        stickers: what is pasted small on the finished image, as in the paper's study of relevant and irrelevant
            features: any source of cut-out ``objects``; empty is none.
        sticker_classes: names of the classes of stickers used, in label order; empty means every class of the source.
        sticker_place: ``corner`` (upper right, a sixteenth of the side from both edges), or ``anywhere``, uniform over
            the places in whole pixels that keep the sticker inside the image.
        sticker_scale: side of a sticker relative to that of an object, in [0.1, 1]; 0.55 is the paper's, 12 px of 32.
        sticker_correlation: probability that the sticker is the one paired with the object's class; otherwise it is
            drawn uniformly (so it may be the paired one by chance).
        sticker_availability: probability that the sticker is pasted at all.
        sticker_seed: addresses the sticker's draws; unless given, ``seed``. So twins may differ in their stickers alone
            (another ``sticker_seed``), or in all but those (another ``seed``, the same ``sticker_seed``).
    """

    objects: str = "builtin"
    backgrounds: str = "builtin"
    shared_backgrounds: bool = False
    classes: tuple[str, ...] = ()
    transforms: tuple[str, ...] = ()
    strength: float = 1.0
    num_samples: int | None = 10_000
    seed: int = 0
    transform_seed: int | None = None
    image_size: int = 32
    num_prototypes: int = 1
    resampling: str = "bilinear"
    fg_bg_correlation: float = 0.0
    fg_availability: float = 1.0
    label: str = "object"
    stickers: str = ""
    sticker_classes: tuple[str, ...] = ()
    sticker_place: str = "corner"
    sticker_scale: float = 0.55
    sticker_correlation: float = 0.0
    sticker_availability: float = 1.0
    sticker_seed: int | None = None

    def __post_init__(self) -> None:
        freeze(self, "classes", "transforms", "sticker_classes")
        for name in ("classes", "sticker_classes"):  # an accent may be typed in two ways, which are one name
            object.__setattr__(self, name, tuple(normalize("NFC", label) for label in getattr(self, name)))
        check_transforms(self.transforms)
        object.__setattr__(self, "transforms", order_transforms(self.transforms))
        for name in ("objects", "backgrounds", "stickers"):
            if isinstance(getattr(self, name), os.PathLike):
                object.__setattr__(self, name, os.fspath(getattr(self, name)))
            require_kind(str, name, getattr(self, name), "a text: builtin, noise, the path of a folder, ...")
        require(bool(self.objects), "objects", self.objects, "builtin, noise, cifar10, hub or a folder")
        if self.backgrounds.startswith("#"):
            colour = _HEX_COLOUR.fullmatch(self.backgrounds)
            require(colour is not None, "backgrounds", self.backgrounds, "a colour written #rrggbb")
        require(bool(self.backgrounds), "backgrounds", self.backgrounds, "builtin, noise, hub, #rrggbb or a folder")
        shared = self.shared_backgrounds
        require(isinstance(shared, bool), "shared_backgrounds", shared, "true or false")
        if self.backgrounds == "noise" or self.backgrounds.startswith("#"):
            object.__setattr__(self, "shared_backgrounds", False)  # it would only split one data set into two
        require(len(set(self.classes)) == len(self.classes), "classes", self.classes, "each class once")
        if self.classes and len(self.classes) < 2:
            raise SpecError(f"classes = {', '.join(self.classes)}: at least 2 classes are needed to learn; add one")
        require_number("strength", self.strength, 0.0, 1.0)
        if self.num_samples is not None:
            require_count("num_samples", self.num_samples, 1, 2**40)
        require_count("seed", self.seed, 0, 2**63 - 1)
        if self.transform_seed is not None:
            require_count("transform_seed", self.transform_seed, 0, 2**63 - 1)
        require_count("image_size", self.image_size, 8, 512)
        require_count("num_prototypes", self.num_prototypes, 1, MAX_PROTOTYPES)
        require(self.resampling in RESAMPLINGS, "resampling", self.resampling, " or ".join(RESAMPLINGS))
        require_number("fg_bg_correlation", self.fg_bg_correlation, 0.0, 1.0)
        require_number("fg_availability", self.fg_availability, 0.0, 1.0)
        require(self.label in LABELS, "label", self.label, " or ".join(LABELS))
        self._check_stickers()

    @property
    def drawn_transform_seed(self) -> int:
        """What addresses the transformations' draws: ``transform_seed``, or where that is None ``seed``."""
        return self.seed if self.transform_seed is None else self.transform_seed

    @property
    def drawn_sticker_seed(self) -> int:
        """What addresses the sticker's draws: ``sticker_seed``, or where that is None ``seed``."""
        return self.seed if self.sticker_seed is None else self.sticker_seed

    def _check_stickers(self) -> None:
        given = [field for field in fields(self) if field.name.startswith("sticker_")]
        if not self.stickers:
            require(self.label != "sticker", "label", self.label, "object or background, as there are no stickers")
            for field in given:
                if (value := getattr(self, field.name)) != field.default:
                    raise SpecError(
                        f"{field.name} = {value!r}: there are no stickers; leave it out, or name their source"
                    )
            return
        names = self.sticker_classes
        require(len(set(names)) == len(names), "sticker_classes", names, "each class once")
        if self.label == "sticker" and len(names) == 1:
            raise SpecError(f"sticker_classes = {names[0]}: at least 2 classes are needed to learn; add one")
        require(self.sticker_place in STICKER_PLACES, "sticker_place", self.sticker_place, " or ".join(STICKER_PLACES))
        require_number("sticker_scale", self.sticker_scale, 0.1, 1.0)
        require_number("sticker_correlation", self.sticker_correlation, 0.0, 1.0)
        require_number("sticker_availability", self.sticker_availability, 0.0, 1.0)
        if self.sticker_seed is not None:
            require_count("sticker_seed", self.sticker_seed, 0, 2**63 - 1)
