"""The kernels of the transformations, by the names of their declarations; "none" is the empty composition."""

from __future__ import annotations

from invariance.data.transforms.base import Transform
from invariance.data.transforms.beyond import BEYOND
from invariance.data.transforms.compose import (
    apply_composition,
    by_key,
    change_content,
    composition_of_words,
    flat_steps,
    requests_of,
    sample_composition,
)
from invariance.data.transforms.corruption import CORRUPTION
from invariance.data.transforms.geometric import GEOMETRIC
from invariance.data.transforms.parameters import Params
from invariance.data.transforms.photometric import PHOTOMETRIC
from invariance.spec.compositions import check_transforms
from invariance.vocabulary.attach import attach
from invariance.vocabulary.transforms import BEYOND_2D, TRANSFORMATIONS

__all__ = [
    "TRANSFORMS",
    "Params",
    "Transform",
    "apply_composition",
    "by_key",
    "change_content",
    "composition_of_words",
    "flat_steps",
    "get_transform",
    "requests_of",
    "sample_composition",
]

_BEYOND = attach("transformation with a second picture", BEYOND_2D, {one.name: one for one in BEYOND})
_FLAT = {one.name: one for one in (*GEOMETRIC, *PHOTOMETRIC, *CORRUPTION)}

TRANSFORMS: dict[str, Transform] = attach("transformation", TRANSFORMATIONS, {**_FLAT, **_BEYOND})
"""All there are, by name, in the order of their declarations."""


def get_transform(name: str) -> Transform:
    """The transformation of that name.

    Raises:
        SpecError: there is none, as in a process that has not imported the module that registers it.
    """
    check_transforms((name,))
    return TRANSFORMS[name]
