"""One colour for each network, the same on every page: by what varied in its training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from invariance.figures.palette import CATEGORICAL, MATCHED, MISMATCHED, NEUTRAL
from invariance.runs import gallery
from invariance.spec import TRANSFORM_NAMES

Composition = tuple[str, ...]

_PLAIN: Final = CATEGORICAL[3]
_OTHERS: Final = (CATEGORICAL[2], *CATEGORICAL[4:])
_PAIR: Final = {"matched": MATCHED, "disjoint": MISMATCHED}
"""The gallery's two networks that are compared everywhere."""


def network_colours(trained_on: Sequence[Composition | None]) -> list[str]:
    """Colours ``#rrggbb`` of networks that are shown together, apart as long as there are colours.

    Args:
        trained_on: of each network the transformations of its training; None for an untrained one, which is grey.
    """
    pair = {one.spec.data.transforms: _PAIR[one.name] for one in gallery.entries() if one.name in _PAIR}
    found: list[str] = []
    for transforms in trained_on:
        colour = pair.get(transforms or (), "") or _colour(transforms)
        if colour in found and transforms is not None:
            colour = next((other for other in (*_OTHERS, *CATEGORICAL) if other not in found), colour)
        found.append(colour)
    return found


def _colour(transforms: Composition | None) -> str:
    if transforms is None:
        return NEUTRAL
    if not transforms:
        return _PLAIN
    first = TRANSFORM_NAMES.index(transforms[0]) if transforms[0] in TRANSFORM_NAMES else 0
    return _OTHERS[(first + first // 6) % len(_OTHERS)]
