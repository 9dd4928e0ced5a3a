"""One colour for each network, the same in every figure and on every page: by what varied in its pretraining."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from zlib import crc32

from invariance.figures.palette import CATEGORICAL, DRAWN, MATCHED, MISMATCHED, NEUTRAL
from invariance.runs import gallery
from invariance.spec import TRANSFORM_NAMES, PretrainSpec, RunSpec, TransferSpec

Composition = tuple[str, ...]

_PLAIN: Final = CATEGORICAL[3]
_OTHERS: Final = (CATEGORICAL[2], *CATEGORICAL[4:])
_PAIR: Final = {"matched": MATCHED, "disjoint": MISMATCHED}
"""The gallery's two networks that are compared everywhere."""

RELATION_COLOURS: Final[dict[str, str]] = {
    "same": MATCHED,
    "superset": CATEGORICAL[2],
    "subset": CATEGORICAL[4],
    "overlapping": CATEGORICAL[6],
    "disjoint": MISMATCHED,
    "none": _PLAIN,
}
"""Of many networks at once, by how what they were pretrained on relates to a target task."""

FEATURE_COLOURS: Final[dict[str, str]] = {"c": MATCHED, "o": MISMATCHED}
"""Of networks pretrained to name the large object (C) or the sticker (O), and of what is read of either."""


def look_of(spec: RunSpec | None, source: RunSpec | None, reference: str) -> Composition | None:
    """What :func:`network_colours` tells a network by.

    Args:
        spec: of the run that made it; None for a network that others trained.
        source: of a transfer, the run that it starts from; None where that is not known.
        reference: of the network, or of what the transfer starts from, which tells it where no pretraining does.
    """
    made = source if isinstance(spec, TransferSpec) else spec
    if not isinstance(made, PretrainSpec):
        return (reference,)
    return made.data.transforms if made.epochs else None


def network_colours(trained_on: Sequence[Composition | None]) -> list[str]:
    """Colours ``#rrggbb`` of networks that are shown together, apart as long as there are colours.

    Args:
        trained_on: of each network the transformations of its pretraining, or what :func:`look_of` says of others; None
            for an untrained one, which is grey.
    """
    pair = {one.spec.data.transforms: _PAIR[one.name] for one in gallery.entries() if one.name in _PAIR}
    found: list[str] = []
    for transforms in trained_on:
        colour = pair.get(transforms or (), "") or _colour(transforms)
        if colour in found and transforms is not None:
            colour = next((other for other in (*_OTHERS, *CATEGORICAL) if other not in found), colour)
        found.append(colour)
    return found


def series_colours(series: Sequence[Mapping[str, str | float]]) -> list[str]:
    """Colours of the networks whose rows of a table are drawn; what is no network is grey, and then not a network's.

    Args:
        series: of each, column to value of its rows; those that name a network are ``model``, of the gallery,
            ``relation`` and ``trained_on``, and ``layer`` where that is ``pixels``.
    """
    known = {one.name: one.spec.data.transforms for one in gallery.entries()}
    found: list[str] = []
    for where in series:
        model, relation = str(where.get("model", "")), str(where.get("relation", ""))
        if where.get("layer") == "pixels":
            colour = NEUTRAL
        elif model in known:
            (colour,) = network_colours([known[model]])
        elif relation in RELATION_COLOURS:
            colour = RELATION_COLOURS[relation]
        elif str(where.get("trained_on", ""))[-1:] in FEATURE_COLOURS:
            colour = FEATURE_COLOURS[str(where["trained_on"])[-1]]
        else:
            colour = NEUTRAL if NEUTRAL not in found else DRAWN
        found.append(colour)
    return found


def _colour(transforms: Composition | None) -> str:
    if transforms is None:
        return NEUTRAL
    if not transforms:
        return _PLAIN
    name = transforms[0]
    first = TRANSFORM_NAMES.index(name) if name in TRANSFORM_NAMES else crc32(name.encode())
    return _OTHERS[(first + first // 6) % len(_OTHERS)]
