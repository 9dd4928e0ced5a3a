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
from invariance.data.transforms import Params, Transform, get_transform
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
    _check(transform, values, settable)
    settings = [dict(values)]
    settings += [{**values, magnitude.law.name: step} for magnitude in settable for step in magnitude.steps]
    index = engine.indices("train", 1) + position
    pictures = to_pictures(_render(engine, transform, settings, index, draw))
    rows, start = {}, 2
    for magnitude in settable:
        rows[magnitude.law.name] = pictures[start : start + len(magnitude.steps)]
        start += len(magnitude.steps)
    name = engine.object_names[int(engine.draw_objects(index).labels)]
    return AtMagnitude(name, pictures[0], pictures[1], rows)


def has_way(transform: str) -> bool:
    """Whether there is anything between an image and its transformed one: a flip has no halves."""
    return any(magnitude.law.kind != "switch" for magnitude in magnitudes(transform))


@torch.no_grad()
def magnitude_way(
    engine: Engine,
    transform: str,
    values: Mapping[str, float],
    *,
    position: int = 0,
    split: str = "test",
    draw: int = 0,
    num_steps: int = 1,
) -> Tensor:
    """One object on its background, and the same under a transformation that grows from neutral to given magnitudes.

    All that have a neutral value leave it together in equal steps; the others (the place of an erased square) are as
    given all the way, and so is what was drawn for a magnitude that is left out.

    Args:
        engine: the data set; its own transformations are left out.
        transform: the one that is applied.
        values: at the end, as for :func:`at_magnitude`.
        position: of the sample in its split.
        split: ``train``, ``validation`` or ``test``.
        draw: as for :func:`at_magnitude`.
        num_steps: images after the first one; a flip has but one step, whatever is asked for.

    Returns:
        (num_steps + 1, 3, S, S) float in [0, 1]: the image without the transformation, ..., at the values.

    Raises:
        SpecError: as for :func:`at_magnitude`.
    """
    _check(transform, values, magnitudes(transform))
    shares = [(step + 1) / num_steps for step in range(num_steps)] if has_way(transform) else [1.0]
    known = {law.name: law for law in laws(transform)}
    settings = [{name: _on_the_way(known[name], value, share) for name, value in values.items()} for share in shares]
    return _render(engine, transform, settings, engine.indices(split, 1) + position, draw)


def _render(
    engine: Engine, transform: str, settings: Sequence[Mapping[str, float]], index: Tensor, draw: int
) -> Tensor:
    """One sample without any transformation, then with one at each of some settings: (1 + N, 3, S, S)."""
    chosen = get_transform(transform)
    drawn = _drawn(engine, chosen, draw)
    params = {
        law.name: _column(law, drawn[law.name], [setting.get(law.name) for setting in settings])
        for law in laws(transform)
    }
    found, background = engine.draw_objects(index), clean_backgrounds(engine, index)
    changed = engine.change(found.repeat(len(settings)), (chosen,), (params,)).paste(background)
    original = engine.change(found, (), ()).paste(background)
    return torch.cat([original, changed])


def _on_the_way(law: Law, value: float, share: float) -> float:
    """From neutral (share 0) to a value (share 1), of a circular quantity the way that the law's interval has."""
    if law.neutral is None or law.kind == "switch":
        return value
    end = value if law.low <= value <= law.high else float(law.centred(np.array(float(value))))
    return law.neutral + share * (end - law.neutral)


def _drawn(engine: Engine, transform: Transform, draw: int) -> Params:
    """What the data set draws for one sample at the paper's strength, switches on."""
    spec = engine.spec
    seed = spec.seed if spec.transform_seed is None else spec.transform_seed
    params = transform.sample(Draws(seed, engine.indices("train", 1) + draw, transform.stream), 1.0)
    return {name: torch.ones_like(value) if value.dtype == torch.bool else value for name, value in params.items()}


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


def _check(transform: str, values: Mapping[str, float], settable: tuple[Magnitude, ...]) -> None:
    known = {law.name: (law, law.low, law.high) for law in laws(transform)}
    known |= {magnitude.law.name: (magnitude.law, magnitude.low, magnitude.high) for magnitude in settable}
    for name, value in values.items():
        if name not in known:
            raise SpecError(f"{transform}.{name}: no such parameter; {transform} has {', '.join(known)}")
        law, low, high = known[name]
        slack = 1e-6 * (high - low)  # values that were drawn are rounded to float32
        if not low - slack <= float(law.centred(np.array(float(value)))) <= high + slack:
            raise SpecError(f"{transform}.{name} = {value!r}: expected a number from {low:g} to {high:g}")
