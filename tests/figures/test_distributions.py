"""Histograms of what is drawn, with the law over them."""

from __future__ import annotations

import numpy as np
import pytest

from invariance.data.engine import Engine
from invariance.data.laws import Law, laws, laws_of
from invariance.data.preview import samples
from invariance.figures.distributions import NUM_BINS, drawn_and_law, shares_table
from invariance.spec import DatasetSpec

SIZE = Law("scale", "factor", "uniform", "Size", "×", 0.5, 1.0, 1.0)
FLIP = Law("h_flip", "applied", "switch", "Mirrored", "", 0.0, 1.0, 0.0, 0.25)
ANGLE = Law("rotate", "angle_deg", "uniform", "Angle", "°", -90.0, 90.0, 0.0, 1.0, 360.0)


def test_bars_are_shares_of_all_samples_and_the_law_is_level() -> None:
    values = np.array([0.51, 0.51, 0.51, 0.99])
    bars, law = drawn_and_law([SIZE], {"scale.factor": values}).data
    assert len(bars.y) == NUM_BINS and bars.y[0] == 0.75 and bars.y[-1] == 0.25 and bars.y.sum() == 1.0
    assert bars.x[0] == pytest.approx(0.5125) and bars.x[-1] == pytest.approx(0.9875)
    assert list(law.x[1:-1]) == [0.5, 0.5, 1.0, 1.0] and list(law.y) == [0, 0, 1 / NUM_BINS, 1 / NUM_BINS, 0, 0]


def test_a_switch_has_its_probability_as_law() -> None:
    bars, law = drawn_and_law([FLIP], {"h_flip.applied": np.array([True, False, False, False, False])}).data
    assert list(bars.x) == [0, 1] and list(bars.y) == pytest.approx([0.8, 0.2])
    assert [level for level in law.y if level is not None] == [0.75, 0.75, 0.25, 0.25]


def test_circular_values_are_shown_around_the_neutral_one_and_marked_there() -> None:
    figure = drawn_and_law([ANGLE], {"rotate.angle_deg": np.array([271.0, 89.0])}, marked={"rotate.angle_deg": 300.0})
    assert figure.data[0].y[0] == figure.data[0].y[-1] == 0.5
    assert figure.layout.shapes[0].x0 == -60.0


def test_each_parameter_has_its_panel_and_an_axis_may_be_longer_than_the_law() -> None:
    drawn = {"scale.factor": np.array([0.6]), "h_flip.applied": np.array([True])}
    figure = drawn_and_law([SIZE, FLIP], drawn, columns=1, full={"scale.factor": (0.0, 1.0)})
    assert [note.text for note in figure.layout.annotations] == ["<b>scale</b><br>Size", "<b>h flip</b><br>Mirrored"]
    assert figure.layout.xaxis.range == (-0.06, 1.06)
    assert {trace.xaxis for trace in figure.data} == {"x", "x2"}


def test_a_law_without_width_is_one_bar() -> None:
    """At strength 0 all values are equal."""
    (law,) = laws("hue", 0.0)
    bars, _ = drawn_and_law([law], {"hue.shift": np.zeros(5)}).data
    assert bars.y.max() == 1.0


def test_real_draws_are_near_their_law() -> None:
    spec = DatasetSpec(objects="noise", backgrounds="noise", transforms=("rotate", "scale", "invert"), strength=0.5)
    drawn = samples(Engine(spec), num=2000).parameters
    shown = [law for law in laws_of(spec).values() if law.kind in ("uniform", "switch")]
    for trace in drawn_and_law(shown, drawn).data[::2]:
        expected = 1 / len(trace.y)
        assert np.abs(np.array(trace.y) - expected).max() < 5 * np.sqrt(expected / 2000)


def test_the_numbers_are_those_of_the_bars() -> None:
    drawn = {"scale.factor": np.array([0.51, 0.51, 0.51, 0.99]), "h_flip.applied": np.array([True, False])}
    table = shares_table([SIZE, FLIP], drawn)
    assert len(table) == NUM_BINS + 2
    first, last, off, on = (table.iloc[row].tolist() for row in (0, NUM_BINS - 1, NUM_BINS, NUM_BINS + 1))
    assert first == pytest.approx(["scale.factor", 0.5, 0.525, 0.75, 1 / NUM_BINS])
    assert last == pytest.approx(["scale.factor", 0.975, 1.0, 0.25, 1 / NUM_BINS])
    assert (off, on) == (["h_flip.applied", 0.0, 0.0, 0.5, 0.75], ["h_flip.applied", 1.0, 1.0, 0.5, 0.25])
