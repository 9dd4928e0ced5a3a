"""The rule by which a factor counts as kept, lower, lost or higher, and the network that it is compared with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from invariance.models import Classifier, has_untrained_twin
from invariance.spec import PretrainSpec, RunSpec
from invariance.training.checkpoint import weights_spec
from invariance.vocabulary.factors import (
    DECODABLE,
    FALSE_DISCOVERY_RATE,
    HIGHER,
    KEPT,
    LOST,
    LOWER,
    NO_DIFFERENCE,
    NOT_DECODABLE,
    UNDECIDED,
)


def judge(table: pd.DataFrame) -> list[str]:
    """The verdict of each row of a table of factors, empty where the factor does not vary: (N,).

    A factor is decodable where shuffled labels are decoded worse (the representation says something of it) and the
    interval of the skill is above guessing (it would of other pictures too, or of other objects where those are held
    out).

    Args:
        table: columns of :data:`~invariance.vocabulary.factors.FACTOR_COLUMNS`, p-values adjusted.
    """
    is_told = (table["p_adjusted"] < FALSE_DISCOVERY_RATE) & (table["low"] > 0)
    columns = ["model", "factor", "objects", "reference", "skill", "change_low", "change_high", "change_p_adjusted"]
    rows = table[columns].to_dict("records")
    told = {(row["model"], row["factor"], row["objects"]) for row, is_one in zip(rows, is_told, strict=True) if is_one}
    return [
        verdict_of(
            decodable=(row["model"], row["factor"], row["objects"]) in told,
            reference_decodable=(row["reference"], row["factor"], row["objects"]) in told,
            low=row["change_low"],
            high=row["change_high"],
            p_adjusted=row["change_p_adjusted"],
        )
        if not math.isnan(row["skill"])
        else ""
        for row in rows
    ]


def verdict_of(*, decodable: bool, reference_decodable: bool, low: float, high: float, p_adjusted: float) -> str:
    """What training on transformations has done to a factor.

    It is compared with the network that was trained on none. What is lost cannot be read off by a line any more; a
    deeper network may still find it. And what is kept, or higher, need not be used.

    Args:
        decodable: whether the factor is told from guessing, see :func:`judge`.
        reference_decodable: whether it is in the network trained on no transformation.
        low: lower end of the 95 % interval of the change, NaN without a network to compare with.
        high: its upper end.
        p_adjusted: of the change.

    Returns:
        One of :data:`~invariance.vocabulary.factors.VERDICTS`.
    """
    is_known, is_there = not math.isnan(low), p_adjusted < FALSE_DISCOVERY_RATE
    if not decodable:
        return LOST if is_known and is_there and high < 0 and reference_decodable else NOT_DECODABLE
    if not is_known:
        return DECODABLE
    if is_there:
        return HIGHER if low > 0 else LOWER
    return KEPT if low >= -NO_DIFFERENCE and high <= NO_DIFFERENCE else UNDECIDED


def references(models: Mapping[str, Classifier], sources: Mapping[str, Path]) -> dict[str, str]:
    """For each pretrained network the one among them that was pretrained on no transformation, all else being equal.

    Only then is a change the transformations' doing: the specs agree but for these, down to the seed.

    Args:
        models: by name.
        sources: the file of weights of each that a run here made.

    Returns:
        Nothing for networks that were trained on none, that were transferred, that others published or brought, or
        whose like is not among them.
    """
    known = [name for name, model in models.items() if name in sources and has_untrained_twin(model.architecture)]
    own = {name: spec for name in known if (spec := weights_spec(sources[name])) is not None}
    return {
        name: other
        for name, spec in own.items()
        for other, base in own.items()
        if name != other and is_reference(base, spec)
    }


def is_reference(base: RunSpec, spec: RunSpec) -> bool:
    """Whether ``base`` is the pretraining on no transformation that ``spec`` is in all else."""
    if not (isinstance(base, PretrainSpec) and isinstance(spec, PretrainSpec)) or base.data.transforms:
        return False
    told = replace(base, data=replace(base.data, transforms=spec.data.transforms))
    return base != spec and told.run_id == spec.run_id


@dataclass(frozen=True)
class Changes:
    """How often training on transformations has changed what can be decoded.

    Attributes:
        lower: titles of the factors that are decoded worse, lost ones among them.
        higher: of those that are decoded better.
        num: of all that were compared.
    """

    lower: tuple[str, ...]
    higher: tuple[str, ...]
    num: int


def changes(rows: pd.DataFrame) -> Changes:
    """Counts the verdicts of some rows of a table of factors."""
    compared = rows[rows["reference"].notna() & (rows["reference"] != "")]
    lower, higher = (compared.loc[compared["verdict"].isin(found), "title"] for found in ((LOWER, LOST), (HIGHER,)))
    return Changes(tuple(lower), tuple(higher), len(compared))
