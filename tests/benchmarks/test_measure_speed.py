"""The time of a table is that of the function that makes it."""

from __future__ import annotations

import pytest
import torch

from benchmarks import measure_speed
from benchmarks.measure_speed import GOAL_SECONDS, Settings, networks, run
from invariance.measures import measure
from invariance.runs.gallery import entries

pytestmark = pytest.mark.skipif(not entries(), reason="there is no gallery: run python -m invariance gallery build")


def test_nineteen_networks_differ_in_one_transformation_at_most() -> None:
    chosen = networks(19)
    assert len(chosen) == 19 and all(len(entry.spec.data.transforms) <= 1 for entry in chosen)


def test_a_small_table_is_measured_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    real = measure.measure

    def counted(spec, *args, **kwargs):
        asked.append((len(spec.sources), len(spec.transforms), spec.num_pairs))
        return real(spec, *args, **kwargs)

    monkeypatch.setattr(measure_speed, "measure", counted)
    torch.set_num_threads(2)
    found = run(Settings(threads=1, num_pairs=20, transforms=("h_flip", "rotate"), num_models=2))
    assert torch.get_num_threads() == 2
    assert asked == [(1, 1, 16), (2, 2, 20)], "one to warm up, one to time"
    assert (found["num_models"], found["num_transforms"], found["num_pairs"]) == (2, 2, 20)
    assert found["cpu_seconds"] > 0 and found["goal_seconds"] == GOAL_SECONDS
    # 20 untransformed, at most 20 of the flip, 40 of the rotation, of 80 views.
    assert 60 / 80 <= found["share_of_views_shown"] <= 1.0
