"""What a seed picks for a study: classes and transformations.

Sets of transformations are balanced: over the six seeds of a block (6k to 6k + 5) every transformation comes once in
the first set, once in the second, and so on. How well the sets of a study do is then not a matter of which of them its
few seeds happened to draw.
"""

from __future__ import annotations

from invariance.data.catalogue import class_names
from invariance.data.picture_folders import in_short
from invariance.data.random import permutation
from invariance.spec import CATEGORIES, TRANSFORM_NAMES, SpecError

_CLASSES, _TRANSFORMS, _FIRST_CATEGORY = 0, 1, 2
"""Numbers of the orders that are drawn under one seed, or, from the last one on, under one block."""


def shuffled_classes(objects: str, num: int, seed: int) -> tuple[str, ...]:
    """``num`` classes of a source in a random order, of which a study takes its groups one after the other.

    Raises:
        SpecError: the source has fewer.
    """
    names = class_names(objects)
    if num > len(names):
        raise SpecError(
            f"this study needs {num} classes, and {in_short(objects)} has {len(names)}; choose a smaller scale"
        )
    return tuple(names[position] for position in permutation(len(names), seed=seed, index=_CLASSES)[:num].tolist())


def shuffled_transforms(num: int, seed: int) -> tuple[str, ...]:
    """``num`` of the paper's 18 transformations in a random order."""
    order = permutation(len(TRANSFORM_NAMES), seed=seed, index=_TRANSFORMS).tolist()
    return tuple(TRANSFORM_NAMES[position] for position in order[:num])


def one_per_category(num_sets: int, seed: int) -> tuple[tuple[str, ...], ...]:
    """Sets of three transformations, one of each category, that share none.

    In each category the seeds of a block and their sets are rows and columns of a random Latin square: a cyclic one
    whose rows, columns and symbols are permuted.

    Args:
        num_sets: at most 6.
        seed: picks them, as one of its block.
    """
    sets = []
    for number, names in enumerate(CATEGORIES.values()):
        block, place = divmod(seed, len(names))
        rows, columns, symbols = (
            permutation(len(names), seed=block, index=_FIRST_CATEGORY + 3 * number + order).tolist()
            for order in range(3)
        )
        sets.append([names[symbols[(rows[place] + column) % len(names)]] for column in columns[:num_sets]])
    return tuple(zip(*sets, strict=True))


def per_category(num: int, seed: int) -> tuple[str, ...]:
    """``num`` transformations of each category, in the registry's order."""
    chosen = {name for group in one_per_category(num, seed) for name in group}
    return tuple(name for name in TRANSFORM_NAMES if name in chosen)
