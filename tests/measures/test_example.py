"""The example that the app begins with: its magnitudes, and that what ships is what the networks say."""

from __future__ import annotations

import numpy as np
import pytest

from invariance.data.engine import Engine
from invariance.data.example import EXAMPLE_STEPS, EXAMPLE_TRANSFORMS, example_frames, example_neutral, example_values
from invariance.measures.example import EXAMPLE_COLUMNS, example_table
from invariance.runs.gallery import entries, entry, lesson_table
from invariance.training.checkpoint import load_weights


def test_magnitudes_are_even_and_one_of_them_changes_nothing() -> None:
    assert [example_values(name)[example_neutral(name)] for name in EXAMPLE_TRANSFORMS] == pytest.approx([0, 0, 0.1])
    assert np.diff(example_values("rotate")) == pytest.approx(10.0)
    assert all(len(example_values(name)) == EXAMPLE_STEPS for name in EXAMPLE_TRANSFORMS)


@pytest.mark.skipif(not entries(), reason="no gallery: python -m invariance gallery build")
@pytest.mark.parametrize("name", EXAMPLE_TRANSFORMS)
def test_the_shipped_table_is_what_the_shipped_networks_say(name: str) -> None:
    networks = {each: load_weights(entry(each).path).eval() for each in (name, "none")}
    engine = Engine(entry("none").spec.data)
    made = example_table(networks, engine, name)
    assert list(made.columns) == list(EXAMPLE_COLUMNS)
    shipped = lesson_table("example")
    shipped = shipped[(shipped["transform"] == name) & shipped["model"].isin(networks)]
    for column in ("distance", "probability", "magnitude"):
        assert made[column].to_numpy() == pytest.approx(shipped[column].to_numpy(), abs=2e-3, rel=1e-3)
    assert made["model"].tolist() == shipped["model"].tolist() and made["true"].tolist() == shipped["true"].tolist()
    sure = (made["probability"] > 0.15).to_numpy()
    assert (made["says"].to_numpy() == shipped["says"].to_numpy())[sure].all()
    frames = example_frames(engine, name)
    assert frames.shape == (EXAMPLE_STEPS, 3, 32, 32) and float(frames.min()) >= 0 and float(frames.max()) <= 1
