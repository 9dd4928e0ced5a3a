"""The laws of everything that is drawn for a sample, by the keys that batches and files have."""

from __future__ import annotations

from invariance.spec import DatasetSpec
from invariance.vocabulary.laws import Law, Switch, Uniform
from invariance.vocabulary.transforms import TRANSFORMATIONS

__all__ = ["Law", "laws", "laws_of"]


def laws(transform: str, strength: float = 1.0) -> tuple[Law, ...]:
    """How a transformation's parameters are drawn at a strength, in the order of its declaration."""
    return TRANSFORMATIONS[transform].laws(strength)


def laws_of(spec: DatasetSpec) -> dict[str, Law]:
    """How everything that ``Batch.parameters`` holds is drawn, by its key."""
    found = [law for transform in spec.transforms for law in laws(transform, spec.strength)]
    if spec.fg_bg_correlation > 0:
        found.append(Switch(title="Paired with the background", probability=spec.fg_bg_correlation).law("pairing"))
    if spec.fg_availability < 1:
        found.append(Switch(title="Object is there", probability=spec.fg_availability).law("availability"))
    if spec.sticker_correlation > 0:
        paired = Switch("paired", title="Paired with the object", probability=spec.sticker_correlation)
        found.append(paired.law("sticker"))
    if spec.sticker_availability < 1:
        found.append(Switch("there", title="It is there", probability=spec.sticker_availability).law("sticker"))
    if spec.sticker_place == "anywhere":
        found.append(Uniform("x", 0.0, 1.0, neutral=None, title="Place, left to right").law("sticker"))
        found.append(Uniform("y", 0.0, 1.0, neutral=None, title="Place, top to bottom").law("sticker"))
    return {law.key: law for law in found}
