"""Ways from an image to its transformed one: both ends are the engine's, and the steps are equal."""

from __future__ import annotations

import pytest
import torch

from invariance.data.engine import Engine
from invariance.data.magnitude_way import has_way, magnitude_way, picture_at, picture_way
from invariance.data.magnitudes import magnitudes
from invariance.data.preview import clean_backgrounds
from invariance.spec import TRANSFORM_NAMES, DatasetSpec, SpecError


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(DatasetSpec(classes=("mug", "bee"), backgrounds="#4060a0", seed=2))


@pytest.mark.parametrize("transform", TRANSFORM_NAMES)
def test_the_way_leads_from_the_image_to_the_transformed_one_in_equal_steps(engine: Engine, transform: str) -> None:
    values = {one.law.name: one.start for one in magnitudes(transform)}
    way = magnitude_way(engine, transform, values, position=4, num_steps=8)
    assert len(way) == (9 if has_way(transform) else 2)
    untransformed = engine.with_spec_changes(transforms=()).batch(engine.indices("test", 1) + 4)
    assert torch.equal(way[:1], untransformed.images)
    assert torch.equal(way[-1], magnitude_way(engine, transform, values, position=4)[1])
    if has_way(transform):
        half = {
            one.law.name: one.start if one.law.neutral is None else (one.law.neutral + one.start) / 2
            for one in magnitudes(transform)
        }
        assert torch.allclose(way[4], magnitude_way(engine, transform, half, position=4)[1], atol=1e-5)


@pytest.mark.parametrize("transform", TRANSFORM_NAMES)
def test_a_picture_of_one_s_own_goes_the_way_of_a_sample(engine: Engine, transform: str) -> None:
    index = engine.indices("test", 1) + 4
    values = {one.law.name: one.start for one in magnitudes(transform)}
    found = picture_way(
        engine.draw_objects(index).rgba, clean_backgrounds(engine, index), transform, values, num_steps=4
    )
    # A picture has no seed: its fields of noise are those of seed 0.
    drawing = engine.with_spec_changes(transform_seed=0)
    assert torch.allclose(found, magnitude_way(drawing, transform, values, position=4, num_steps=4), atol=1e-6)


def test_a_whole_turn_the_other_way_is_the_shorter_one(engine: Engine) -> None:
    """270 degrees, as they are drawn, are 90 the other way: the way is that of the slider's -90."""
    drawn, slid = (magnitude_way(engine, "rotate", {"angle_deg": angle}, num_steps=6) for angle in (270.0, -90.0))
    assert torch.allclose(drawn, slid, atol=1e-5)


def test_what_needs_other_pictures_is_refused() -> None:
    with pytest.raises(SpecError, match="pose"):
        picture_way(torch.zeros(1, 4, 8, 8), torch.zeros(1, 3, 8, 8), "pose", {})


def test_a_picture_at_some_settings_is_the_end_of_each_one_s_way(engine: Engine) -> None:
    rgba, ground = engine.draw_objects(engine.indices("test", 1)).rgba, torch.full((1, 3, 32, 32), 0.5)
    settings = [{"x": 0.2, "y": 0.5}, {"x": 0.8, "y": 0.1}]
    found = picture_at(rgba, ground, "translate", settings)
    ends = [picture_way(rgba, ground, "translate", values)[1] for values in settings]
    assert torch.equal(found[1:], torch.stack(ends)) and not torch.equal(found[0], found[1])
    with pytest.raises(SpecError, match="x = 3"):
        picture_at(rgba, ground, "translate", [*settings, {"x": 3.0, "y": 0.5}])
