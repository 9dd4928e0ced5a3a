"""The studies by name: each declaration with the design that a module of this package gives it."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Final

from invariance import studies
from invariance.data.catalogue import resolve_source
from invariance.spec import SpecError
from invariance.studies.scales import SCALE_NAMES
from invariance.studies.study import Design, Study
from invariance.vocabulary.attach import attach
from invariance.vocabulary.studies import STUDY_NAMES

SCALES: Final = SCALE_NAMES
MAX_SEED: Final = 2**31 - 1


def _designs() -> dict[str, Design[Any]]:
    """What the modules beside this one call their ``DESIGN``, by their names, each with all scales."""
    designs = {}
    for found in iter_modules(studies.__path__):
        module = f"{studies.__name__}.{found.name}"
        if module != __name__ and (design := getattr(import_module(module), "DESIGN", None)) is not None:
            name = found.name.replace("_", "-")
            attach(f"scale of {name}", SCALES, design.scales)
            designs[name] = design
    return designs


DESIGNS: Final[dict[str, Design[Any]]] = attach("study", STUDY_NAMES, _designs())


def make_study(
    name: str,
    *,
    scale: str = "quick",
    seeds: tuple[int, ...] | None = None,
    factors: tuple[str, ...] = (),
    shared_backgrounds: bool | None = None,
    objects: str = "builtin",
    backgrounds: str = "builtin",
    num_classes: int | None = None,
) -> Study:
    """The study of that name.

    Args:
        name: one of :data:`~invariance.vocabulary.studies.STUDY_NAMES`.
        scale: one of :data:`SCALES`.
        seeds: None for the scale's own.
        factors: what is varied, of its design's ``factors``; none for the scale's own.
        shared_backgrounds: whether tests show the backgrounds of training; None for the scale's own, which only
            ``paper`` has so.
        objects: source of the objects.
        backgrounds: source of the backgrounds.
        num_classes: of each group of classes that the study needs; None for the scale's, or as many as ``objects`` has
            where that is fewer.

    Raises:
        SpecError: name, scale, seeds, factors or sources cannot be used, or there are too few classes.
    """
    if name not in DESIGNS:
        raise SpecError(f"unknown study {name!r}: choose from {', '.join(STUDY_NAMES)}")
    if scale not in SCALES:
        raise SpecError(f"unknown scale {scale!r}: choose from {', '.join(SCALES)}")
    design = DESIGNS[name]
    seeds = design.scales[scale].budget.seeds if seeds is None else tuple(seeds)
    if not seeds or len(set(seeds)) != len(seeds):
        raise SpecError(f"seeds = {','.join(map(str, seeds)) or 'none'}: give at least one seed, each once")
    for seed in seeds:
        if not (isinstance(seed, int) and 0 <= seed <= MAX_SEED):
            raise SpecError(f"seed = {seed!r}: expected a whole number from 0 to {MAX_SEED}")
    _check_factors(design, factors)
    return design.study(
        name,
        scale,
        seeds,
        tuple(factors),
        shared_backgrounds,
        objects=resolve_source(objects),
        backgrounds=resolve_source(backgrounds),
        num_classes=num_classes,
    )


def _check_factors(design: Design[Any], factors: tuple[str, ...]) -> None:
    if factors and not design.factors:
        having = ", ".join(name for name, other in DESIGNS.items() if other.factors)
        raise SpecError(f"factors = {','.join(factors)}: only {having} has some to choose from")
    for factor in factors:
        if factor not in design.factors:
            raise SpecError(f"unknown factor {factor!r}: choose from {', '.join(design.factors)}")
    if len(set(factors)) != len(factors):
        raise SpecError(f"factors = {','.join(factors)}: give each once")
