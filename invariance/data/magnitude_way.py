"""From an image to its transformed one in small steps of the magnitude."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from invariance.data.engine import Engine, paste
from invariance.data.laws import Law, laws
from invariance.data.magnitudes import check_values, magnitudes, parameters_at, sample_at
from invariance.data.transforms import apply_composition, get_transform
from invariance.spec import FLAT_TRANSFORMS, SpecError


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
    check_values(transform, values)
    settings = _settings(transform, values, num_steps)
    return sample_at(engine, transform, settings, engine.indices(split, 1) + position, draw)


@torch.no_grad()
def picture_way(
    rgba: Tensor, background: Tensor, transform: str, values: Mapping[str, float], *, draw: int = 0, num_steps: int = 1
) -> Tensor:
    """The same for any picture, in a data set or not.

    Args:
        rgba: (1, 4, S, S) float in [0, 1], premultiplied: an object, or a whole picture without transparency.
        background: (1, 3, S, S) float in [0, 1], what it is pasted on.
        transform: one of ``FLAT_TRANSFORMS``; pose and occlude need other pictures.
        values: as for :func:`magnitude_way`.
        draw: as for :func:`magnitude_way`.
        num_steps: as for :func:`magnitude_way`.

    Returns:
        (num_steps + 1, 3, S, S) float in [0, 1].

    Raises:
        SpecError: as for :func:`magnitude_way`, or the transformation needs other pictures.
    """
    check_values(transform, values)
    return picture_at(rgba, background, transform, _settings(transform, values, num_steps), draw=draw)


@torch.no_grad()
def picture_at(
    rgba: Tensor, background: Tensor, transform: str, settings: Sequence[Mapping[str, float]], *, draw: int = 0
) -> Tensor:
    """A picture without a transformation, then with it at each of some settings.

    Args:
        rgba: as for :func:`picture_way`.
        background: likewise.
        transform: likewise.
        settings: N times parameter name to value, as for :func:`magnitude_way`.
        draw: as for :func:`magnitude_way`.

    Returns:
        (1 + N, 3, S, S) float in [0, 1].

    Raises:
        SpecError: as for :func:`picture_way`.
    """
    if transform not in FLAT_TRANSFORMS:
        raise SpecError(f"transform = {transform!r}: expected one of {', '.join(FLAT_TRANSFORMS)}")
    for values in settings:
        check_values(transform, values)
    params = parameters_at(transform, settings, seed=0, index=torch.tensor([draw], device=rgba.device))
    changed, _ = apply_composition(rgba.expand(len(settings), -1, -1, -1), (get_transform(transform),), (params,))
    return paste(torch.cat([rgba, changed]), background)


def _settings(transform: str, values: Mapping[str, float], num_steps: int) -> list[dict[str, float]]:
    shares = [(step + 1) / num_steps for step in range(num_steps)] if has_way(transform) else [1.0]
    known = {law.name: law for law in laws(transform)}
    return [{name: _on_the_way(known[name], value, share) for name, value in values.items()} for share in shares]


def _on_the_way(law: Law, value: float, share: float) -> float:
    """From neutral (share 0) to a value (share 1), of a circular quantity the way that the law's interval has."""
    if law.neutral is None or law.kind == "switch":
        return value
    end = value if law.low <= value <= law.high else law.centred(float(value))
    return law.neutral + share * (end - law.neutral)
