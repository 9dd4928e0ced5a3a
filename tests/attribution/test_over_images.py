"""Intervals of means over images that share objects and backgrounds."""

from __future__ import annotations

import math

import pytest
import torch

from invariance.attribution.over_images import MIN_IMAGES, SharedParts, direction, shared_parts
from invariance.data.engine import Engine
from invariance.spec import DatasetSpec
from invariance.statistics import t_interval


def drawn(num: int, objects: int, backgrounds: int, *, seed: int) -> SharedParts:
    generator = torch.Generator().manual_seed(seed)
    return SharedParts(
        torch.randint(objects, (num,), generator=generator), torch.randint(backgrounds, (num,), generator=generator)
    )


def normal(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_few_images_have_students_interval_and_nans_are_left_out() -> None:
    values = [0.2, 0.4, math.nan, 0.6]
    found = drawn(4, 2, 2, seed=0).interval(torch.tensor(values, dtype=torch.float64))
    assert found == t_interval(values) and found.num == 3


def test_nothing_has_no_interval() -> None:
    found = drawn(30, 3, 3, seed=0).interval(torch.full((30,), math.nan))
    assert found.num == 0 and math.isnan(found.estimate) and math.isnan(found.low)


def test_a_mean_over_images_counts_each_of_them_once() -> None:
    """Two images of one object on one background: no mean of means."""
    parts = SharedParts(torch.arange(MIN_IMAGES) // 2, torch.arange(MIN_IMAGES) // 2)
    parts.objects[:4] = parts.backgrounds[:4] = 0
    found = parts.interval(torch.arange(float(MIN_IMAGES)))
    assert found.estimate == (MIN_IMAGES - 1) / 2 and found.low < found.estimate < found.high


def test_few_objects_and_backgrounds_are_taken_as_given() -> None:
    """Then images are resampled singly: the interval is about the normal one."""
    values = normal(400, seed=1)
    found = drawn(400, 3, 4, seed=0).interval(values)
    half = 1.96 * float(values.std()) / 20
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.1)
    fresh = SharedParts(torch.zeros(400, dtype=torch.int64), torch.full((400,), -1))
    assert fresh.interval(values) == found, "and where each image has noise of its own"


def test_images_of_one_object_are_not_independent() -> None:
    """Of 600 images of 20 objects that differ, the mean is known as if there were 20."""
    parts, of_objects = drawn(600, 20, 600, seed=2), normal(20, seed=3)
    found = parts.interval(of_objects[parts.objects])
    half = 1.96 * float(of_objects.std()) / math.sqrt(20)
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.3)


def test_the_interval_holds_the_mean_at_least_as_often_as_it_says() -> None:
    missed = 0
    for seed in range(100):
        parts = drawn(120, 30, 54, seed=seed)
        effects = (
            normal(count, seed=1000 * count + seed)[own]
            for count, own in ((30, parts.objects), (54, parts.backgrounds))
        )
        found = parts.interval(sum(effects) + normal(120, seed=seed))
        missed += not found.low <= 0.0 <= found.high
    assert missed <= 10, "5 % and two standard errors"


def test_shares_stay_between_0_and_1() -> None:
    values = torch.tensor([0.0, 1.0, 1.0])
    found = drawn(3, 2, 2, seed=0).share_interval(values)
    assert (found.low, found.high) == (0.0, 1.0) and t_interval(values.tolist()).high > 1.0


def test_a_direction_is_told_where_0_is_left_out_by_more_than_rounding() -> None:
    assert [direction(*ends) for ends in ((0.1, 0.2), (-0.2, -0.1), (-0.1, 0.1), (math.nan, math.nan))] == [
        "higher",
        "lower",
        "undecided",
        "undecided",
    ]
    assert direction(1e-9, 2e-9) == direction(-2e-9, -1e-9) == "undecided"


def test_what_samples_share_is_what_the_engine_draws() -> None:
    engine = Engine(
        DatasetSpec(objects="noise", backgrounds="builtin", classes=("noise-00", "noise-01"), image_size=16)
    )
    indices = engine.indices("test", 12)
    batch, parts = engine.batch(indices), shared_parts(engine, indices)
    assert torch.equal(parts.objects, batch.objects) and torch.equal(parts.backgrounds, batch.backgrounds)
    assert torch.equal(parts[torch.tensor([3, 5])].objects, batch.objects[[3, 5]])
