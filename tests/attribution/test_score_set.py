"""Means of scores over images, with intervals worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch

from invariance.attribution.score_set import SCORES, score_set, summary
from invariance.data.engine import Engine
from invariance.models import create_model
from invariance.spec import DatasetSpec, SpecError


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(DatasetSpec(objects="noise", backgrounds="noise", classes=("noise-00", "noise-01"), image_size=16))


def test_mean_and_normal_interval_of_what_is_defined() -> None:
    found = summary("mass", torch.tensor([0.2, 0.4, math.nan, 0.6]), torch.tensor([0.1, 0.1, 0.9, 0.4]))
    assert (found.num, found.mean) == (3, pytest.approx(0.4)) and found.chance == pytest.approx(0.2)
    half = 1.959964 * 0.2 / math.sqrt(3)
    assert (found.low, found.high) == (pytest.approx(0.4 - half), pytest.approx(0.4 + half))


def test_wilsons_interval_of_ten_in_ten() -> None:
    # n / (n + z^2) = 10 / 13.841459 (Wilson 1927).
    found = summary("pointing", torch.ones(10), torch.full((10,), 0.25), is_proportion=True)
    assert found.low == pytest.approx(10 / 13.841459) and found.high == pytest.approx(1.0)


def test_nothing_defined_is_nan_and_not_an_error() -> None:
    found = summary("mass", torch.full((2,), math.nan), torch.full((2,), math.nan))
    assert found.num == 0 and math.isnan(found.mean) and math.isnan(found.low)


def test_each_model_gets_each_score_whatever_the_batch(engine: Engine) -> None:
    models = [create_model("small", 2, seed=seed).eval() for seed in (0, 1)]
    options = {"num": 6, "parameters": {"steps": 2}}
    found = score_set(models, engine, **options)
    assert [[record.score for record in records] for records in found] == [list(SCORES)] * 2
    assert found[0] != found[1]
    assert all(0 < record.chance < 1 and record.num == 6 for records in found for record in records)
    again = score_set(models, engine, batch_size=4, **options)
    assert again[1][0].mean == pytest.approx(found[1][0].mean, abs=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"num": 0}, "num = 0"), ({"baseline": "background"}, "by construction"), ({"method": "magic"}, "'magic'")],
)
def test_bad_requests_are_refused(engine: Engine, options: dict[str, object], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        score_set([create_model("small", 2, seed=0).eval()], engine, **{"num": 1, **options})  # type: ignore[arg-type]
