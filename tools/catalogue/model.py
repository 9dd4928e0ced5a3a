"""One entry of the object catalogue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tools.catalogue.sdf import Solid

View = tuple[float, float]

AROUND: tuple[View, ...] = (
    (30, 22),
    (75, 18),
    (120, 26),
    (165, 20),
    (210, 24),
    (255, 18),
    (300, 26),
    (345, 30),
)
"""Eight views all the way around, as (azimuth, elevation) in degrees; the first is the prototype."""

FRONT: tuple[View, ...] = (
    (30, 20),
    (-35, 16),
    (55, 28),
    (-60, 22),
    (12, 34),
    (72, 12),
    (-15, 10),
    (42, 40),
)
"""Eight views of the front half, for objects that a view from behind would not show."""


@dataclass(frozen=True)
class Model:
    """An object of the catalogue.

    Attributes:
        name: its class name, lower case, words joined by hyphens.
        build: makes the solid.
        views: eight of them; the first is the prototype.
    """

    name: str
    build: Callable[[], Solid]
    views: tuple[View, ...] = AROUND
