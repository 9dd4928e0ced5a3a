"""Images at given magnitudes of one transformation, from nothing to beyond what a data set draws."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from invariance.data.engine import Engine
from invariance.data.laws import Law, laws
from invariance.data.magnitudes import magnitudes
from invariance.data.random import Draws
from invariance.data.transforms import Params, get_transform
from invariance.spec import SpecError

_STEPS_INSIDE: Final = 9
_STEPS_ONE_SIDE: Final = 6
_STEPS_BEYOND: Final = 4


@dataclass(frozen=True)
class Sweep:
    """The magnitudes of a transformation's main parameter at which images are made.

    Attributes:
        law: the parameter at the paper's strength.
        neutral: the value at which nothing changes.
        values: ascending; ``neutral`` and both ends of the trained range are among them.
        low: lowest value that the data set draws.
        high: highest value that it draws.
    """

    law: Law
    neutral: float
    values: tuple[float, ...]
    low: float
    high: float

    def is_trained(self, value: float) -> bool:
        """Whether a value lies in the range that the data set draws from."""
        return self.low - 1e-6 <= value <= self.high + 1e-6


def sweep(transform: str, *, strength: float = 1.0) -> Sweep:
    """The magnitudes of a transformation, from the farthest on one side of neutral to the farthest on the other.

    The main parameter is the first that has a neutral value: of ``translate`` and ``shear`` the one along x, of
    ``erasing`` the side of the square.

    Args:
        transform: name of the transformation.
        strength: of the data set, which narrows the trained range but not the magnitudes.
    """
    main = next(one for one in magnitudes(transform) if one.law.neutral is not None)
    law = main.law
    assert law.neutral is not None
    here = next(own for own in laws(transform, strength) if own.name == law.name)
    low, high = (0.0, 1.0) if law.kind == "switch" else (min(here.low, law.neutral), max(here.high, law.neutral))
    if law.kind == "switch":
        return Sweep(law, 0.0, (0.0, 1.0), low, high)
    least, most = law.reach or (main.low, main.high)
    sides = (main.low < law.neutral) + (main.high > law.neutral)
    inside = _STEPS_INSIDE if sides == 1 else _STEPS_ONE_SIDE
    values = {law.neutral, low, high}
    for start, end, num in (
        (least, main.low, _STEPS_BEYOND),
        (main.low, law.neutral, inside),
        (law.neutral, main.high, inside),
        (main.high, most, _STEPS_BEYOND),
    ):
        if end > start:
            values |= {float(value) for value in np.linspace(start, end, num)}
    return Sweep(law, law.neutral, tuple(sorted(values)), low, high)


@torch.no_grad()
def swept(engine: Engine, transform: str, wanted: Sweep, indices: Tensor, *, draw_seed: int = 1) -> Iterator[Tensor]:
    """The same samples at each magnitude.

    Everything but the main parameter is neutral, or where nothing is (the place of a square, a field of noise) as
    drawn for the sample, the same at all magnitudes; a switch is on.

    Args:
        engine: objects and backgrounds; its own transformations are left out.
        transform: the one that is applied.
        wanted: its magnitudes.
        indices: (N,) int64, of the samples.
        draw_seed: of what is drawn.

    Yields:
        For each of ``wanted.values`` (N, 3, S, S) float32 in [0, 1].

    Raises:
        SpecError: the data set cannot be transformed so (pose, occlude).
    """
    chosen = get_transform(transform)
    if transform == "pose" and "pose" not in engine.spec.transforms:
        raise SpecError("pose needs a data set whose objects are read from all sides: give one with transforms = pose")
    found = engine.draw_objects(indices)
    _, backgrounds = engine.draw_backgrounds(indices)
    drawn = chosen.sample(Draws(draw_seed, indices.to(engine.device), chosen.stream), 1.0)
    still = _neutral(transform, drawn)
    for value in wanted.values:
        params = {**still, wanted.law.name: _filled(wanted.law, value, drawn[wanted.law.name])}
        yield engine.change(found, (chosen,), (params,)).paste(backgrounds)


def _neutral(transform: str, drawn: Params) -> Params:
    """All parameters at rest, but for what has no rest, and constants, which are as always."""
    result = dict(drawn)
    for law in laws(transform):
        if law.kind == "switch":
            result[law.name] = torch.ones_like(drawn[law.name])
        elif law.kind == "uniform" and law.neutral is not None:
            result[law.name] = torch.full_like(drawn[law.name], law.neutral)
    return result


def _filled(law: Law, value: float, like: Tensor) -> Tensor:
    if law.period is not None:
        value %= law.period
    if law.key == "pose.view":  # a place on a circle that is never quite reached again
        value = min(value, float(np.nextafter(np.float32(1.0), np.float32(0.0))))
    return torch.full_like(like, value)
