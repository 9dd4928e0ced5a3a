"""The rule by which a factor counts as kept, lower, lost or higher, and which network it is compared with."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import pytest

from invariance.measures.factor_verdict import changes, is_reference, judge, verdict_of
from invariance.spec import DatasetSpec, PretrainSpec, TransferSpec
from invariance.vocabulary.factors import (
    DECODABLE,
    FACTOR_COLUMNS,
    HIGHER,
    KEPT,
    LOST,
    LOWER,
    NOT_DECODABLE,
    UNDECIDED,
    VERDICTS,
)

PLAIN = PretrainSpec(data=DatasetSpec(), seed=3)
HUE = replace(PLAIN, data=replace(PLAIN.data, transforms=("hue",)))


@pytest.mark.parametrize(
    ("decodable", "reference_decodable", "low", "high", "p_adjusted", "verdict"),
    [
        (True, True, -0.04, 0.05, 0.60, KEPT),
        (True, True, -0.06, 0.02, 0.60, UNDECIDED),
        (True, True, -0.02, 0.06, 0.60, UNDECIDED),
        (True, True, -0.30, -0.10, 0.001, LOWER),
        (True, True, -0.03, -0.01, 0.049, LOWER),  # small, but there
        (True, True, -0.03, -0.01, 0.050, KEPT),  # not there after the correction, and small
        (True, True, -0.30, -0.01, 0.050, UNDECIDED),
        (True, True, 0.10, 0.30, 0.001, HIGHER),
        (True, False, 0.10, 0.30, 0.001, HIGHER),
        (False, True, -0.60, -0.50, 0.001, LOST),
        (False, False, -1.60, -0.50, 0.001, NOT_DECODABLE),  # there was nothing to lose
        (False, True, -0.04, 0.04, 0.60, NOT_DECODABLE),
        (False, False, 0.10, 0.30, 0.001, NOT_DECODABLE),  # less far below guessing
        (True, False, math.nan, math.nan, math.nan, DECODABLE),
        (False, False, math.nan, math.nan, math.nan, NOT_DECODABLE),
    ],
)
def test_the_rule(
    decodable: bool, reference_decodable: bool, low: float, high: float, p_adjusted: float, verdict: str
) -> None:
    found = verdict_of(
        decodable=decodable, reference_decodable=reference_decodable, low=low, high=high, p_adjusted=p_adjusted
    )
    assert found == verdict and found in VERDICTS


def rows(*values: tuple[str, float, float, float, str, float]) -> pd.DataFrame:
    """Rows of one factor: model, skill, low, adjusted p, reference, change (surely there, if not NaN)."""
    columns = ("model", "skill", "low", "p_adjusted", "reference", "change")
    table = pd.DataFrame([dict(zip(columns, row, strict=True)) for row in values]).reindex(columns=list(FACTOR_COLUMNS))
    table = table.assign(factor="hue.shift", title="hue", objects="known", change_p_adjusted=0.001)
    return table.assign(change_low=table["change"] - 0.01, change_high=table["change"] + 0.01)


def test_decodable_is_what_shuffled_labels_are_not_and_what_holds_for_other_pictures() -> None:
    nothing = math.nan
    table = rows(
        ("a", 0.5, 0.4, 0.01, "", nothing),
        ("b", 0.5, 0.4, 0.05, "", nothing),
        ("c", 0.5, -0.01, 0.01, "", nothing),
        ("d", nothing, nothing, nothing, "", nothing),
    )
    assert judge(table) == [DECODABLE, NOT_DECODABLE, NOT_DECODABLE, ""]


def test_lost_is_what_the_reference_has() -> None:
    base = ("none", 0.5, 0.4, 0.01, "", math.nan)
    table = rows(base, ("hue", 0.0, -0.1, 0.9, "none", -0.5), ("blur", 0.2, 0.1, 0.01, "none", -0.3))
    assert judge(table) == [DECODABLE, LOST, LOWER]
    blind = ("none", -0.5, -0.8, 1.0, "", math.nan)
    assert judge(rows(blind, ("hue", -1.0, -1.1, 1.0, "none", -0.5))) == [NOT_DECODABLE, NOT_DECODABLE]


def test_changes_count_what_was_compared_and_lost_as_lower() -> None:
    verdicts = (LOWER, LOST, HIGHER, KEPT, UNDECIDED, NOT_DECODABLE, DECODABLE)
    table = pd.DataFrame({"title": list("abcdefg"), "verdict": verdicts, "reference": ["none"] * 6 + [None]})
    found = changes(table)
    assert (found.lower, found.higher, found.num) == (("a", "b"), ("c",), 6)


def test_a_network_is_compared_with_its_like_trained_on_no_transformation() -> None:
    assert is_reference(PLAIN, HUE)
    assert not is_reference(HUE, PLAIN) and not is_reference(PLAIN, PLAIN) and not is_reference(HUE, HUE)
    for other in (replace(PLAIN, seed=4), replace(PLAIN, epochs=99), replace(PLAIN, model="resnet18")):
        assert not is_reference(other, HUE)
    assert not is_reference(PLAIN, TransferSpec(source=HUE.run_id, data=DatasetSpec()))
    contrastive = replace(HUE, objective="simclr")
    assert not is_reference(PLAIN, contrastive)
