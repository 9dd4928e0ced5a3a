"""Other data to measure a network on, to see whether an invariance holds for what it never saw (paper, study C)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from invariance.data.catalogue import class_names
from invariance.data.random import permutation
from invariance.data.sources.download import is_downloaded
from invariance.spec import DatasetSpec, SpecError
from invariance.spec.sources import place_of
from invariance.vocabulary.shifts import SHIFT_NAMES, SHIFTS, Shift

PICTURES: Final = ("cifar10", "cifar100")


def own_shift(data: DatasetSpec) -> str:
    """The name of the type of data that a network was pretrained on."""
    return "same-noise" if data.backgrounds == "noise" else "same-pictures"


def shifted(data: DatasetSpec, name: str) -> DatasetSpec:
    """The data of that name for a network that was pretrained on ``data``.

    Args:
        data: of the pretraining.
        name: one of :data:`SHIFT_NAMES`.

    Returns:
        Without transformations, of the same seed and image size. New objects are as many as the old ones, or what the
        source has left of them; which ones depends on the seed alone. The pretraining's own type of data
        (:func:`own_shift`) is all as it was; elsewhere every image has an object, the label is the object's, and it has
        one prototype a class.

    Raises:
        SpecError: there is no such name; pretraining used all classes of its source; a set of photographs is not on
            this machine; or the type of data is another one's under a second name (noise objects for a network that was
            pretrained on noise objects are its same or new ones).
    """
    shift = next((one for one in SHIFTS if one.name == name), None)
    if shift is None:
        raise SpecError(f"shift = {name!r}: expected {', '.join(SHIFT_NAMES)}")
    plain = replace(data, transforms=(), strength=1.0, transform_seed=None, num_samples=DatasetSpec().num_samples)
    if name == own_shift(data):
        return plain
    objects, classes = _objects(data, shift)
    backgrounds = "noise" if shift.backgrounds == "noise" else data.backgrounds
    if shift.backgrounds == "pictures" and backgrounds == "noise":
        backgrounds = "builtin"
    return DatasetSpec(
        objects=objects,
        backgrounds=backgrounds,
        shared_backgrounds=data.shared_backgrounds,
        classes=classes,
        seed=data.seed,
        image_size=data.image_size,
        resampling=data.resampling,
    )


def available_shifts(data: DatasetSpec) -> dict[str, DatasetSpec]:
    """The types of data that can be had here for a network pretrained on ``data``, its own first."""
    own = own_shift(data)
    found = {}
    for name in (own, *(name for name in SHIFT_NAMES if name != own)):
        try:
            found[name] = shifted(data, name)
        except SpecError:
            continue
    return found


def shift_title(name: str) -> str:
    """What a type of data is called, for people."""
    return next(shift.title for shift in SHIFTS if shift.name == name)


def _objects(data: DatasetSpec, shift: Shift) -> tuple[str, tuple[str, ...]]:
    """Source and classes of the objects."""
    if shift.objects == "same":
        return data.objects, data.classes
    if shift.objects == "new":
        return data.objects, _new_classes(data)
    if shift.objects in PICTURES:
        if data.objects == shift.objects:
            raise SpecError(f"shift = {shift.name}: pretraining was on {shift.objects}; choose same-pictures")
        if not is_downloaded(shift.objects):
            raise SpecError(
                f"shift = {shift.name}: {shift.objects} is not on this machine; get it with python -m invariance "
                f"download {shift.objects}"
            )
        return shift.objects, ()
    source = "noise" if shift.objects == "noise" else "builtin"
    if data.objects == source:
        raise SpecError(
            f"shift = {shift.name}: pretraining was on {source} objects; choose same-{shift.backgrounds} or "
            f"new-{shift.backgrounds}"
        )
    return source, _picked(class_names(source), len(data.classes), data.seed)


def _new_classes(data: DatasetSpec) -> tuple[str, ...]:
    """Classes of the source that pretraining has not used."""
    names = class_names(data.objects)
    unused = tuple(name for name in names if data.classes and name not in data.classes)
    if len(unused) < 2:
        raise SpecError(
            f"new objects: pretraining used {len(names) - len(unused)} of the {len(names)} classes of "
            f"{place_of(data.objects)}, and at least 2 others are needed; choose another type of data"
        )
    return _picked(unused, len(data.classes), data.seed)


def _picked(names: tuple[str, ...], num: int, seed: int) -> tuple[str, ...]:
    """``num`` of the names (all if there are fewer or ``num`` is 0), in their order."""
    num = min(num or len(names), len(names))
    return tuple(names[position] for position in sorted(permutation(len(names), seed=seed)[:num].tolist()))
