"""One object at chosen magnitudes of one transformation: what a slider on a page moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from invariance.data.engine import Engine
from invariance.data.laws import Law, laws
from invariance.data.preview import clean_backgrounds, to_pictures
from invariance.data.random import Draws
from invariance.data.transforms import Params, get_transform
from invariance.spec import SpecError

NUM_STEPS = 7


@dataclass(frozen=True)
class Magnitude:
    """A parameter that a person can set, and the ends of its range.

    Attributes:
        law: the parameter at the paper's strength.
        low: lowest value.
        high: highest value.
        start: a value between neutral and the end at which the change shows well.
        steps: values from neutral to the ends of the range, equally spaced; two for a switch.
    """

    law: Law
    low: float
    high: float
    start: float
    steps: tuple[float, ...]


@dataclass(frozen=True)
class AtMagnitude:
    """One object with and without a transformation.

    Attributes:
        class_name: of the object.
        original: (S, S, 3) uint8, without any transformation.
        changed: (S, S, 3) uint8, at the values asked for.
        rows: for each magnitude (num, S, S, 3) uint8, this one at its steps and the others as asked for.
    """

    class_name: str
    original: NDArray[np.uint8]
    changed: NDArray[np.uint8]
    rows: dict[str, NDArray[np.uint8]]


def magnitudes(transform: str) -> tuple[Magnitude, ...]:
    """What of a transformation can be set, at the paper's strength; a switch only where there is nothing else."""
    settable = [law for law in laws(transform) if law.kind in ("uniform", "constant")]
    if not settable:
        settable = [law for law in laws(transform) if law.kind == "switch"]
    return tuple(_magnitude(law) for law in settable)


def has_field(transform: str) -> bool:
    """Whether it grows a field of noise, so that another one can be asked for."""
    return any(law.kind == "field" for law in laws(transform))


def _magnitude(law: Law) -> Magnitude:
    if law.kind == "switch":
        return Magnitude(law, 0.0, 1.0, 1.0, (0.0, 1.0))
    neutral = law.neutral
    if law.kind == "constant":
        assert neutral is not None
        low, high = min(neutral, law.high), max(neutral, law.high)
        return Magnitude(law, low, high, law.high, _spaced(neutral, law.high))
    if neutral is None:
        return Magnitude(law, law.low, law.high, (law.low + law.high) / 2, _spaced(law.low, law.high))
    far = law.low if neutral == law.high else law.high
    near = law.low if neutral not in (law.low, law.high) else neutral
    return Magnitude(law, law.low, law.high, (neutral + far) / 2, _spaced(near, far))


def _spaced(first: float, last: float) -> tuple[float, ...]:
    return tuple(float(value) for value in np.linspace(first, last, NUM_STEPS))


@torch.no_grad()
def at_magnitude(
    engine: Engine, transform: str, values: Mapping[str, float], *, position: int = 0, draw: int = 0
) -> AtMagnitude:
    """One object on its background with one transformation at given values, and at all steps of each magnitude.

    Args:
        engine: the data set; its own transformations are left out.
        transform: the one that is applied.
        values: parameter name to value. What is left out is as drawn for sample ``draw``, but a switch is on.
        position: of the sample in the training split, which picks object and background.
        draw: number of the sample whose draws fill the gaps, fields of noise above all.

    Raises:
        SpecError: a value lies outside its range, or no such parameter exists.
    """
    settable = magnitudes(transform)
    check_values(transform, values)
    settings = [dict(values)]
    settings += [{**values, magnitude.law.name: step} for magnitude in settable for step in magnitude.steps]
    index = engine.indices("train", 1) + position
    pictures = to_pictures(sample_at(engine, transform, settings, index, draw))
    rows, start = {}, 2
    for magnitude in settable:
        rows[magnitude.law.name] = pictures[start : start + len(magnitude.steps)]
        start += len(magnitude.steps)
    name = engine.object_names[int(engine.draw_objects(index).labels)]
    return AtMagnitude(name, pictures[0], pictures[1], rows)


def sample_at(
    engine: Engine, transform: str, settings: Sequence[Mapping[str, float]], index: Tensor, draw: int
) -> Tensor:
    """One sample without any transformation, then with one at each of some settings.

    Args:
        engine: the data set; its own transformations are left out.
        transform: the one that is applied.
        settings: N times parameter name to value, checked before; the rest as for :func:`at_magnitude`.
        index: (1,) int64, of the sample in the data set.
        draw: as for :func:`at_magnitude`.

    Returns:
        (1 + N, 3, S, S) float in [0, 1].
    """
    seed, number = engine.spec.drawn_transform_seed, engine.indices("train", 1) + draw
    params = parameters_at(transform, settings, seed=seed, index=number)
    found, background = engine.draw_objects(index), clean_backgrounds(engine, index)
    changed = engine.change(found.repeat(len(settings)), (get_transform(transform),), (params,)).paste(background)
    original = engine.change(found, (), ()).paste(background)
    return torch.cat([original, changed])


def parameters_at(transform: str, settings: Sequence[Mapping[str, float]], *, seed: int, index: Tensor) -> Params:
    """Parameters of a transformation for N images at given settings.

    Args:
        transform: its name.
        settings: N times parameter name to value; what is left out is drawn at the paper's strength, switches on.
        seed: of what is drawn.
        index: (1,) int64, the sample for which it is drawn, on the device of the parameters.
    """
    chosen = get_transform(transform)
    drawn = chosen.sample(Draws(seed, index, chosen.stream), 1.0)
    drawn = {name: torch.ones_like(value) if value.dtype == torch.bool else value for name, value in drawn.items()}
    return {
        law.name: _column(law, drawn[law.name], [setting.get(law.name) for setting in settings])
        for law in laws(transform)
    }


def _column(law: Law, drawn: Tensor, wanted: list[float | None]) -> Tensor:
    """One parameter for a batch: what is wanted for each image, or what was drawn where that is None."""
    default = drawn.item()
    values = torch.tensor([default if value is None else value for value in wanted], dtype=drawn.dtype)
    if law.period is not None:
        values = values.remainder(law.period)
    elif law.kind == "uniform" and law.neutral != law.high:
        # The end of a uniform range is never drawn, and as a place it would lie one pixel outside the image.
        values = values.clamp(max=float(np.nextafter(np.float32(law.high), np.float32(law.low))))
    return values.to(drawn.device)


def check_values(transform: str, values: Mapping[str, float]) -> None:
    """Refuses magnitudes that the transformation does not have.

    Raises:
        SpecError: a value lies outside its range, or no such parameter exists.
    """
    settable = magnitudes(transform)
    known = {law.name: (law, law.low, law.high) for law in laws(transform)}
    known |= {magnitude.law.name: (magnitude.law, magnitude.low, magnitude.high) for magnitude in settable}
    for name, value in values.items():
        if name not in known:
            raise SpecError(f"{transform}.{name}: no such parameter; {transform} has {', '.join(known)}")
        law, low, high = known[name]
        slack = 1e-6 * (high - low)  # values that were drawn are rounded to float32
        if not low - slack <= law.centred(float(value)) <= high + slack:
            raise SpecError(f"{transform}.{name} = {value!r}: expected a number from {low:g} to {high:g}")
