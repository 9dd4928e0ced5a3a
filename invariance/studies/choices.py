"""What a seed picks for a study: classes and transformations."""

from __future__ import annotations

from invariance.data.catalogue import class_names
from invariance.data.random import permutation
from invariance.spec import CATEGORIES, TRANSFORM_NAMES, SpecError

_CLASSES, _TRANSFORMS, _FIRST_CATEGORY = 0, 1, 2
"""Numbers of the orders that are drawn under one seed."""


def shuffled_classes(objects: str, num: int, seed: int) -> tuple[str, ...]:
    """``num`` classes of a source in a random order, of which a study takes its groups one after the other.

    Raises:
        SpecError: the source has fewer.
    """
    names = class_names(objects)
    if num > len(names):
        raise SpecError(f"this study needs {num} classes, and {objects} has {len(names)}; choose a smaller scale")
    return tuple(names[position] for position in permutation(len(names), seed=seed, index=_CLASSES)[:num].tolist())


def shuffled_transforms(num: int, seed: int) -> tuple[str, ...]:
    """``num`` of the paper's 18 transformations in a random order."""
    order = permutation(len(TRANSFORM_NAMES), seed=seed, index=_TRANSFORMS).tolist()
    return tuple(TRANSFORM_NAMES[position] for position in order[:num])


def one_per_category(num_sets: int, seed: int) -> tuple[tuple[str, ...], ...]:
    """Sets of three transformations, one of each category, that share none.

    Args:
        num_sets: at most 6.
        seed: picks them.
    """
    orders = [
        [names[position] for position in permutation(len(names), seed=seed, index=_FIRST_CATEGORY + number).tolist()]
        for number, names in enumerate(CATEGORIES.values())
    ]
    return tuple(tuple(order[number] for order in orders) for number in range(num_sets))


def per_category(num: int, seed: int) -> tuple[str, ...]:
    """``num`` transformations of each category, in the registry's order."""
    chosen = {name for group in one_per_category(num, seed) for name in group}
    return tuple(name for name in TRANSFORM_NAMES if name in chosen)
