"""A transformation at chosen magnitudes is the engine's, and neutral ones change nothing."""

from __future__ import annotations

import numpy as np
import pytest

from invariance.data.engine import Engine
from invariance.data.laws import laws
from invariance.data.magnitudes import NUM_STEPS, at_magnitude, has_field, magnitudes
from invariance.data.preview import samples
from invariance.spec import TRANSFORM_NAMES, DatasetSpec, SpecError

POSITION = 5
each = pytest.mark.parametrize("transform", TRANSFORM_NAMES)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(DatasetSpec(classes=("mug", "bee"), backgrounds="#4060a0", seed=2))


@each
def test_drawn_values_give_the_engine_s_image(engine: Engine, transform: str) -> None:
    drawing = engine.with_spec_changes(transforms=(transform,))
    found = samples(drawing, num=4, start=POSITION)
    for row in range(4):
        values = {name.split(".")[1]: column[row].item() for name, column in found.parameters.items()}
        shown = at_magnitude(engine, transform, values, position=POSITION + row)
        np.testing.assert_array_equal(shown.changed, found.images[row])
        assert shown.class_name == found.class_names[row]


@each
def test_neutral_is_the_untransformed_image_and_the_far_end_is_not(engine: Engine, transform: str) -> None:
    clean = samples(engine, num=1, start=POSITION).images[0]
    neutral = {one.law.name: one.law.neutral for one in magnitudes(transform) if one.law.neutral is not None}
    shown = at_magnitude(engine, transform, neutral, position=POSITION)
    np.testing.assert_array_equal(shown.original, clean)
    np.testing.assert_array_equal(shown.changed, clean)
    started = {one.law.name: one.start for one in magnitudes(transform)}
    assert (at_magnitude(engine, transform, started, position=POSITION).changed != clean).any()


@each
def test_steps_are_equally_spaced_over_the_range_and_pass_the_neutral_value(engine: Engine, transform: str) -> None:
    for magnitude in magnitudes(transform):
        steps = np.array(magnitude.steps)
        assert {steps.min(), steps.max()} == {magnitude.low, magnitude.high}
        assert np.ptp(np.diff(steps)) < 1e-9 * (magnitude.high - magnitude.low)
        assert magnitude.law.neutral is None or np.isclose(steps, magnitude.law.neutral, atol=1e-9).any()
        assert len(steps) == (2 if magnitude.law.kind == "switch" else NUM_STEPS)


def test_a_row_is_the_picture_at_each_step_with_the_others_as_set(engine: Engine) -> None:
    shown = at_magnitude(engine, "shear", {"x_deg": 20.0, "y_deg": -10.0})
    for magnitude in magnitudes("shear"):
        for step, picture in zip(magnitude.steps, shown.rows[magnitude.law.name], strict=True):
            one = at_magnitude(engine, "shear", {"x_deg": 20.0, "y_deg": -10.0, magnitude.law.name: step})
            np.testing.assert_array_equal(one.changed, picture)


def test_places_at_the_end_of_their_range_stay_inside(engine: Engine) -> None:
    """At exactly 1 the object would leave the image by a pixel, and the square be cut."""
    corner = at_magnitude(engine, "translate", {"x": 1.0, "y": 0.0}).changed
    ground = np.array([0x40, 0x60, 0xA0])
    moved = (corner != ground).any(axis=2)
    clean = (at_magnitude(engine, "translate", {"x": 0.5, "y": 0.5}).changed != ground).any(axis=2)
    assert moved.sum() == clean.sum() and moved[0].sum() == clean[(32 - 22) // 2].sum()


def test_the_settable_parameters_are_those_a_person_can_mean() -> None:
    assert [one.law.name for one in magnitudes("erasing")] == ["x", "y", "side_px"]
    assert [one.law.name for one in magnitudes("invert")] == ["amount"]
    assert [one.law.name for one in magnitudes("h_flip")] == ["applied"]
    (rotate,) = magnitudes("rotate")
    assert (rotate.low, rotate.high, rotate.start) == (-180.0, 180.0, 90.0)
    (pixelate,) = magnitudes("pixelate")
    assert pixelate.steps[0] == 1.0 and pixelate.steps[-1] == pytest.approx(9 / 32) == pixelate.start
    assert {name for name in TRANSFORM_NAMES if has_field(name)} == {"noise", "elastic"}


def test_another_draw_is_another_field(engine: Engine) -> None:
    first, same, other = (at_magnitude(engine, "elastic", {"alpha": 150.0}, draw=draw).changed for draw in (0, 0, 1))
    assert np.array_equal(first, same) and (first != other).any()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"factor": 1.5}, r"scale\.factor = 1\.5: expected a number from 0\.4 to 1"),
        ({"angle": 3.0}, r"scale\.angle: no such parameter; scale has factor"),
    ],
)
def test_bad_values_are_refused(engine: Engine, values: dict[str, float], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        at_magnitude(engine, "scale", values)


@each
def test_laws_bound_what_is_drawn(engine: Engine, transform: str) -> None:
    drawn = samples(engine.with_spec_changes(transforms=(transform,), strength=0.5), num=400).parameters
    for law in laws(transform, 0.5):
        values = law.centred(drawn[law.key].astype(np.float64))
        if law.kind == "switch":
            assert abs(values.mean() - law.probability) < 0.1
        else:
            assert law.low - 1e-6 <= values.min() and values.max() <= law.high + 1e-6
            if law.kind == "uniform":
                assert np.ptp(values) > 0.95 * (law.high - law.low)
