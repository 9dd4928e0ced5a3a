"""The streams: one number for each thing that is drawn, the third word of the counter of every draw.

A sample is a function of its seed, its index and these numbers. They are written out and never changed, since another
number would redraw every data set; what is added takes the next free one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from invariance.vocabulary.transforms import TRANSFORMATIONS


def distinct(streams: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Streams by name.

    Args:
        streams: names and numbers.

    Raises:
        ImportError: two have the same name, so that one would be lost, or the same number, so that what is drawn from
            one would follow from the other.
    """
    declared = list(streams)
    by_number: dict[int, str] = {}
    for name, number in declared:
        if number in by_number:
            free = max(number for _, number in declared) + 1
            raise ImportError(f"stream {number}: both {by_number[number]} and {name}; numbers up from {free} are free")
        by_number[number] = name
    if len(by_name := dict(declared)) < len(declared):
        names = [name for name, _ in declared]
        raise ImportError(f"stream {next(name for name in by_name if names.count(name) > 1)}: declared twice")
    return by_name


STREAMS: Final[dict[str, int]] = distinct(
    [
        ("object", 0),
        ("prototype", 1),
        ("background", 2),
        ("background_noise", 3),
        ("object_noise", 4),
        ("order", 5),
        ("choice", 6),
        ("pairing", 7),
        ("availability", 8),
        ("attribution", 9),
        ("bootstrap", 10),
        ("sticker", 11),
        ("sticker_place", 12),
        ("sticker_pairing", 13),
        ("sticker_availability", 14),
        *((one.name, one.stream) for one in TRANSFORMATIONS.values()),
    ]
)
"""By what is drawn; the transformations' are declared with them."""
