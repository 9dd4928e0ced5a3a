"""The registry: the 18 transformations of Transforms-2D and two beyond them; "none" is the empty composition."""

from __future__ import annotations

from invariance.data.transforms.base import Transform
from invariance.data.transforms.beyond import BEYOND
from invariance.data.transforms.compose import apply_composition, change_content, sample_composition
from invariance.data.transforms.corruption import CORRUPTION
from invariance.data.transforms.geometric import GEOMETRIC
from invariance.data.transforms.parameters import Parameter, Params
from invariance.data.transforms.photometric import PHOTOMETRIC

__all__ = [
    "BEYOND",
    "TRANSFORMS",
    "Parameter",
    "Params",
    "Transform",
    "apply_composition",
    "change_content",
    "get_transform",
    "sample_composition",
]

TRANSFORMS: tuple[Transform, ...] = (*GEOMETRIC, *PHOTOMETRIC, *CORRUPTION)

_BY_NAME = {transform.name: transform for transform in (*TRANSFORMS, *BEYOND)}


def get_transform(name: str) -> Transform:
    """The transformation of that name; the name has been checked when the spec was made."""
    return _BY_NAME[name]
