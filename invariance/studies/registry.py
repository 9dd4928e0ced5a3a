"""The studies by name."""

from __future__ import annotations

from typing import Any, Final

from invariance.spec import SpecError
from invariance.studies import invariance_transfer, mismatch, relevant_features, transforms_vs_other
from invariance.studies.study import Study
from invariance.vocabulary.attach import attach
from invariance.vocabulary.studies import STUDY_NAMES

SCALES: Final = ("quick", "standard", "paper")
MAX_SEED: Final = 2**31 - 1

_MODULES: Final[dict[str, Any]] = attach(
    "study",
    STUDY_NAMES,
    {module.NAME: module for module in (transforms_vs_other, relevant_features, invariance_transfer, mismatch)},
)


def make_study(
    name: str, *, scale: str = "quick", seeds: tuple[int, ...] | None = None, factors: tuple[str, ...] = ()
) -> Study:
    """The study of that name.

    Args:
        name: one of :data:`~invariance.vocabulary.studies.STUDY_NAMES`.
        scale: one of :data:`SCALES`.
        seeds: None for the scale's own.
        factors: of ``transforms-vs-other`` alone, what is varied (its ``FACTORS``); none for the scale's own.

    Raises:
        SpecError: name, scale, seeds or factors cannot be used.
    """
    if name not in STUDY_NAMES:
        raise SpecError(f"unknown study {name!r}: choose from {', '.join(STUDY_NAMES)}")
    if scale not in SCALES:
        raise SpecError(f"unknown scale {scale!r}: choose from {', '.join(SCALES)}")
    module = _MODULES[name]
    chosen = module.SCALES[scale]
    seeds = chosen.seeds if seeds is None else tuple(seeds)
    if not seeds or len(set(seeds)) != len(seeds):
        raise SpecError(f"seeds = {','.join(map(str, seeds)) or 'none'}: give at least one seed, each once")
    for seed in seeds:
        if not (isinstance(seed, int) and 0 <= seed <= MAX_SEED):
            raise SpecError(f"seed = {seed!r}: expected a whole number from 0 to {MAX_SEED}")
    if factors and module is not transforms_vs_other:
        raise SpecError(f"factors = {','.join(factors)}: only {transforms_vs_other.NAME} has some to choose from")
    study: Study = module.make(scale, chosen, seeds, **({"factors": tuple(factors)} if factors else {}))
    return study
