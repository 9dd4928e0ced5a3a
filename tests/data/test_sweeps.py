"""Magnitudes beyond what a data set draws: neutral changes nothing, and inside it is the transformation itself."""

from __future__ import annotations

import pytest
import torch

from invariance.data.engine import Engine
from invariance.data.sweeps import sweep, swept
from invariance.data.transforms import get_transform
from invariance.spec import BEYOND_2D, TRANSFORM_NAMES, DatasetSpec, SpecError

DATA = DatasetSpec(image_size=32, classes=("banana", "bee", "bus"))


@pytest.mark.parametrize("name", TRANSFORM_NAMES)
def test_neutral_changes_nothing_and_every_end_changes_something(name: str) -> None:
    engine, wanted = Engine(DATA), sweep(name)
    indices = engine.indices("test", 4)
    clean = engine.batch(indices).images
    shown = dict(zip(wanted.values, swept(engine, name, wanted, indices), strict=True))
    torch.testing.assert_close(shown[wanted.neutral], clean, atol=1e-6, rtol=0)
    for value in {wanted.values[0], wanted.values[-1]} - {wanted.neutral}:
        assert float((shown[value] - clean).abs().max()) > 0.05, value
        assert bool(torch.isfinite(shown[value]).all()) and 0 <= float(shown[value].min()) <= 1


@pytest.mark.parametrize("name", [*TRANSFORM_NAMES, *BEYOND_2D])
def test_the_trained_range_lies_in_the_sweep_and_its_ends_are_among_the_values(name: str) -> None:
    wanted = sweep(name)
    assert list(wanted.values) == sorted(set(wanted.values))
    assert {wanted.low, wanted.high, wanted.neutral} <= set(wanted.values)
    goes_on = wanted.values[0] < wanted.low or wanted.values[-1] > wanted.high
    assert goes_on == (wanted.law.reach is not None)
    assert wanted.is_trained(wanted.neutral)


def test_less_strength_narrows_what_was_trained_and_not_what_is_shown() -> None:
    half = sweep("rotate", strength=0.5)
    assert (half.low, half.high) == (-90.0, 90.0)
    assert half.values[0] == -180.0 and half.values[-1] == 180.0 and not half.is_trained(180.0)


def test_a_magnitude_is_the_transformation_with_that_parameter() -> None:
    engine = Engine(DATA)
    wanted, indices = sweep("rotate"), engine.indices("test", 2)
    shown = list(swept(engine, "rotate", wanted, indices))
    at = wanted.values.index(-180.0)
    found, (_, backgrounds) = engine.draw_objects(indices), engine.draw_backgrounds(indices)
    upside_down = engine.change(found, (get_transform("rotate"),), ({"angle_deg": torch.full((2,), 180.0)},))
    assert torch.equal(shown[at], upside_down.paste(backgrounds))


def test_the_place_of_a_square_is_drawn_once_for_all_sizes() -> None:
    engine = Engine(DATA)
    wanted, indices = sweep("erasing"), engine.indices("test", 3)
    clean = engine.batch(indices).images
    changed = [(images - clean).abs().sum(dim=1) > 0 for images in swept(engine, "erasing", wanted, indices)]
    areas = [int(mask.sum()) for mask in changed]
    assert areas[0] == 0 and areas[-1] > areas[len(areas) // 2] > 0


def test_pose_needs_all_sides() -> None:
    engine = Engine(DATA)
    with pytest.raises(SpecError, match="pose needs a data set whose objects are read from all sides"):
        list(swept(engine, "pose", sweep("pose"), engine.indices("test", 1)))
