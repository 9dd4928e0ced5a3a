"""Findings of every verdict, judged as those of studies are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from invariance.studies.findings import Contrast, Finding, Measured, Published
from invariance.studies.verdicts import judge

SPREAD = np.array([-1.0, -0.6, -0.2, 0.2, 0.6, 1.0])
NUM_SEEDS = len(SPREAD)


def seeds(values: Sequence[float] | np.ndarray) -> dict[int, float]:
    """One number a seed."""
    return {seed: float(value) for seed, value in enumerate(values)}


def measured(name: str, mean: float, *, spread: float = 0.02, num: int = NUM_SEEDS, **others: object) -> Measured:
    """A finding before it is judged, with a known mean and spread."""
    values = mean + spread * SPREAD[:num]
    return Measured(name=name, say=lambda found: f"{name} is {found}", per_seed=seeds(values), **others)  # type: ignore[arg-type]


def one(mean: float = 0.3, **others: object) -> Finding:
    """A finding that is judged alone."""
    return judge([measured("gap", mean, **others)])[0]  # type: ignore[arg-type]


def of_every_kind(num: int = NUM_SEEDS) -> list[Finding]:
    """Findings of every verdict, from the nearest to the published to the furthest; from few seeds preliminary ones."""
    parts = [Contrast("first", seeds(0.3 + 0.02 * SPREAD)), Contrast("second", seeds(0.02 + 0.2 * SPREAD))]
    return judge(
        [
            measured("exploratory_gain", 0.4, confirmatory=False, num=num),
            measured("as_large", 0.3, published=Published(0.3, 0.005), num=num),
            measured("without_a_size", 0.3, num=num),
            measured("of_unknown_size", 0.3, spread=0.1, published=Published(0.23, 0.005), num=num),
            measured("larger", 0.4, published=Published(0.1, 0.005), num=num),
            measured("smaller", 0.1, published=Published(0.5, 0.005), num=num),
            measured("of_every_cell", 0.16, contrasts=parts, num=num),
            measured("nothing", 0.0, spread=0.01, published=Published(0.3, 0.005), num=num),
            measured("on_the_other_side", -0.3, published=Published(0.2, 0.005), num=num),
            measured(
                "kept",
                0.28,
                denominators=seeds(1.0 + 0.1 * SPREAD),
                retention=True,
                published=Published(0.78, 0.02),
                num=num,
            ),
            measured("unstarted", 0.3, num=0),
        ]
    )
