"""The studies by name."""

from __future__ import annotations

from typing import Final

from invariance.spec import SpecError
from invariance.studies.study import Study

STUDY_NAMES: Final = ("transforms-vs-other", "relevant-features", "invariance-transfer", "mismatch")
SCALES: Final = ("quick", "standard", "paper")


def make_study(name: str, *, scale: str = "quick", seeds: tuple[int, ...] | None = None) -> Study:
    """The study of that name.

    Args:
        name: one of :data:`STUDY_NAMES`.
        scale: one of :data:`SCALES`.
        seeds: None for the scale's own.

    Raises:
        SpecError: name, scale or seeds cannot be used.
    """
    raise SpecError(f"study {name!r} at scale {scale!r} with seeds {seeds!r} is not there yet")
