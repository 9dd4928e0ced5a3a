"""Types of data to measure a network on, relative to what it was pretrained on (paper, study C)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Shift:
    """One type of data, relative to what a network was pretrained on.

    Attributes:
        name: ``<objects>-<backgrounds>``, or that of a set of whole pictures.
        title: for people, a few words.
        objects: ``same`` and ``new`` classes of pretraining's source, ``noise`` (squares of colour noise), ``drawn``
            (the built-in objects), or a source of whole pictures.
        backgrounds: ``pictures`` (the pretraining's own unless those are noise, then the built-in ones) or ``noise``.
    """

    name: str
    title: str
    objects: str
    backgrounds: str


SHIFTS: Final[tuple[Shift, ...]] = (
    Shift("same-pictures", "the objects of pretraining on pictures", "same", "pictures"),
    Shift("new-pictures", "new objects on pictures", "new", "pictures"),
    Shift("same-noise", "the objects of pretraining on noise", "same", "noise"),
    Shift("new-noise", "new objects on noise", "new", "noise"),
    Shift("noise-pictures", "squares of noise on pictures", "noise", "pictures"),
    Shift("noise-noise", "squares of noise on noise", "noise", "noise"),
    Shift("drawn-pictures", "drawn objects on pictures", "drawn", "pictures"),
    Shift("drawn-noise", "drawn objects on noise", "drawn", "noise"),
    Shift("cifar10", "photographs of CIFAR-10, transformed whole", "cifar10", "pictures"),
    Shift("cifar100", "photographs of CIFAR-100, transformed whole", "cifar100", "pictures"),
)
"""The paper's types of data: same, new and noise objects on both kinds of background, and photographs."""

SHIFT_NAMES: Final = tuple(shift.name for shift in SHIFTS)
