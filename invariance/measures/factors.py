"""Factors: what varies between images, and what a probe of each has to say. Read from the transformations' parameters.

A transformation that is added has its factors here without another line: a number for each
:class:`~invariance.vocabulary.laws.Uniform` (an angle for a circular one), a yes or no for each
:class:`~invariance.vocabulary.laws.Switch`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from invariance.data.engine import Batch
from invariance.spec import SpecError
from invariance.vocabulary.laws import Parameter, Switch, Uniform
from invariance.vocabulary.transforms import TRANSFORMATIONS, Transformation

CLASS: Final = "class"
BACKGROUND: Final = "background"
_UNITS: Final = ("_deg", "_px")


@dataclass(frozen=True)
class Factor:
    """One thing that varies between images.

    Attributes:
        name: ``class``, ``background``, or ``<transform>.<parameter>`` as everywhere.
        title: for people, short.
        kind: ``number``, ``circle`` or ``choice``.
        transform: whose parameter it is; empty for class and background.
        turn: of a circle, the amount that is once round.
        given: the switch without which the parameter shows nowhere; then only samples that have it are decoded.
    """

    name: str
    title: str
    kind: str
    transform: str = ""
    turn: float | None = None
    given: str | None = None


@dataclass(frozen=True)
class Target:
    """What a factor is in each of N samples.

    Attributes:
        columns: (N, D) float64 to be regressed on: the number; cosine and sine of an angle; one column a class, which
            is 1 for its members.
        defined: (N,) bool, where the factor can show at all.
        labels: (N,) int64, column of each sample's class; None for numbers and angles.
        values: (N,) float64, the parameter itself, or the number of the class.
    """

    columns: Tensor
    defined: Tensor
    values: Tensor
    labels: Tensor | None = None


def _parameter_factors(transform: Transformation) -> Iterator[Factor]:
    switch = next((one.name for one in transform.parameters if isinstance(one, Switch)), None)
    shown = [one for one in transform.parameters if isinstance(one, Switch | Uniform) and not _only_chooses(one)]
    for parameter in shown:
        name = f"{transform.name}.{parameter.name}"
        spoken = transform.name.replace("_", " ")
        if isinstance(parameter, Switch):
            yield Factor(name, spoken, "choice", transform.name)
            continue
        title = spoken if len(shown) == 1 else f"{spoken} {_without_unit(parameter.name)}"
        given = None if switch is None else f"{transform.name}.{switch}"
        yield Factor(name, title, "circle" if parameter.turn else "number", transform.name, parameter.turn, given)


def _only_chooses(parameter: Parameter) -> bool:
    return isinstance(parameter, Uniform) and parameter.chooses


def _without_unit(name: str) -> str:
    for unit in _UNITS:
        name = name.removesuffix(unit)
    return name


def known_factors() -> tuple[Factor, ...]:
    """All factors there are: class and background, then the parameters in the order of the registry."""
    return (
        Factor(CLASS, "class", "choice"),
        Factor(BACKGROUND, "background", "choice"),
        *(factor for transform in TRANSFORMATIONS.values() for factor in _parameter_factors(transform)),
    )


def resolve_factors(names: Sequence[str]) -> tuple[Factor, ...]:
    """The factors that a user means, each once, in the order of :func:`known_factors`.

    Args:
        names: of factors, or of transformations, which stand for all of their factors.

    Raises:
        SpecError: a name is neither.
    """
    for name in names:
        if not any(name in (factor.name, factor.transform) for factor in known_factors()):
            known = ", ".join(dict.fromkeys(factor.transform or factor.name for factor in known_factors()))
            raise SpecError(f"unknown factor {name!r}: choose from all, {known}, or a parameter such as translate.x")
    return tuple(factor for factor in known_factors() if {factor.name, factor.transform} & set(names))


def target_of(factor: Factor, batch: Batch) -> Target:
    """What a factor is in the samples of a batch.

    Args:
        factor: one of :func:`known_factors` that varies in the batch.
        batch: N samples; its images are not looked at.
    """
    if factor.name in (CLASS, BACKGROUND):
        values = batch.objects if factor.name == CLASS else batch.backgrounds
    else:
        values = batch.parameters[factor.name]
    values = values.cpu()
    defined = torch.ones(len(values), dtype=torch.bool) if factor.given is None else batch.parameters[factor.given]
    number = values.to(torch.float64)
    if factor.kind == "choice":
        distinct, labels = torch.unique(values, return_inverse=True)
        columns = (labels[:, None] == torch.arange(len(distinct))).to(torch.float64)
        return Target(columns, defined.cpu(), number, labels)
    if factor.kind == "circle":
        assert factor.turn is not None
        angle = number * (2 * math.pi / factor.turn)
        return Target(torch.stack((angle.cos(), angle.sin()), dim=1), defined.cpu(), number)
    return Target(number[:, None], defined.cpu(), number)
