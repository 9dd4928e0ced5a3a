"""Means of scores over images beside those of other images' objects."""

from __future__ import annotations

import math

import pytest
import torch

from invariance.attribution.over_images import SharedParts
from invariance.attribution.score_set import ScoreMean, score_mean, score_set
from invariance.attribution.scores import MaskScore, pointing_game, share_on_object
from invariance.data.engine import Engine
from invariance.models import create_model
from invariance.spec import DatasetSpec, SpecError
from invariance.vocabulary.attribution import MASK_SCORES
from tests.attribution.test_scores import boxes

NUM = 100


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(DatasetSpec(objects="noise", backgrounds="noise", classes=("noise-00", "noise-01"), image_size=16))


def scored(
    relevance: torch.Tensor, masks: torch.Tensor, score: MaskScore = share_on_object, name: str = "mass"
) -> ScoreMean:
    parts = SharedParts(torch.arange(len(masks)) % 30, torch.arange(len(masks)) % 54)
    return score_mean(name, score, relevance, masks, parts)


def test_maps_that_know_nothing_of_their_images_are_rarely_said_to() -> None:
    """Central maps, each at a place of its own: independent of the masks, which are as central."""
    told = 0
    for seed in range(60):
        found = scored(boxes(NUM, 24, seed=1000 + seed), boxes(NUM, 24, seed=seed))
        told += found.verdict != "undecided"
        assert found.null > 1.5 * found.area, "by area each of them would be said to find the object"
    assert told <= 6, "5 % and less than two standard errors"


def test_maps_that_know_a_little_are_told_apart_from_those() -> None:
    masks = boxes(NUM, 24, seed=0)
    found = scored(boxes(NUM, 24, seed=1) + 0.5 * masks, masks)
    assert found.verdict == "higher" and found.difference_low > 0
    assert found.difference == pytest.approx(found.mean - found.null)
    against = scored(boxes(NUM, 24, seed=1) * (1 - masks) + 0.1, masks)
    assert against.verdict == "lower" and against.difference_high < 0


def test_one_map_for_all_images_is_undecided_however_central() -> None:
    found = scored(boxes(1, 24, seed=5).expand(NUM, 24, 24), boxes(NUM, 24, seed=0))
    assert found.verdict == "undecided" and found.difference == pytest.approx(0.0, abs=1e-6)


def test_ten_hits_in_ten_have_wilsons_lower_end() -> None:
    # n / (n + z^2) = 10 / 13.841459 (Wilson 1927).
    masks = boxes(10, 24, seed=0)
    found = scored(masks, masks, pointing_game, "pointing")
    assert (found.mean, found.high) == (1.0, 1.0) and found.low == pytest.approx(10 / 13.841459)


def test_nothing_defined_is_nan_and_not_an_error() -> None:
    found = scored(torch.zeros(2, 4, 4), torch.ones(2, 4, 4))
    assert found.num == 0 and found.verdict == "undecided"
    assert all(math.isnan(value) for value in (found.mean, found.low, found.null, found.difference, found.area))


def test_each_model_gets_each_score_whatever_the_batch(engine: Engine) -> None:
    models = [create_model("small", 2, seed=seed).eval() for seed in (0, 1)]
    options = {"num": 6, "parameters": {"steps": 2}}
    found = score_set(models, engine, **options)
    assert [[record.score for record in records] for records in found] == [list(MASK_SCORES)] * 2
    assert found[0] != found[1]
    assert all(0 < record.area < 1 and 0 < record.null < 1 and record.num == 6 for record in [*found[0], *found[1]])
    again = score_set(models, engine, batch_size=4, **options)
    assert again[1][0].mean == pytest.approx(found[1][0].mean, abs=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"num": 0}, "num = 0"), ({"baseline": "background"}, "by construction"), ({"method": "magic"}, "'magic'")],
)
def test_bad_requests_are_refused(engine: Engine, options: dict[str, object], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        score_set([create_model("small", 2, seed=0).eval()], engine, **{"num": 1, **options})  # type: ignore[arg-type]
