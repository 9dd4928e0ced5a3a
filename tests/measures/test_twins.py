"""The twins of a cell are those of its score."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from invariance.data.engine import SPLIT_START, Engine
from invariance.data.preview import to_pictures
from invariance.measures.measure import measure
from invariance.measures.twin_set import TWIN_SEEDS
from invariance.measures.twins import twin_distances
from invariance.models import Classifier, create_model
from invariance.spec import DatasetSpec, MeasureSpec, PretrainSpec
from invariance.training.checkpoint import save_weights

DATA = DatasetSpec(objects="noise", backgrounds="noise", classes=("noise-00", "noise-01"), image_size=16)


@pytest.fixture(scope="module")
def model() -> Classifier:
    return create_model("small", 2, seed=0).eval()


def test_mean_distance_is_the_score_of_the_cell(model: Classifier, tmp_path: Path) -> None:
    weights = tmp_path / "weights.safetensors"
    save_weights(weights, model, class_names=DATA.classes, spec=PretrainSpec(data=DATA))
    spec = MeasureSpec(sources=("a",), transforms=("rotate",), data=DATA, num_pairs=40)
    *_, finished = measure(spec, {"a": weights}, tmp_path)
    score = pd.read_csv(finished.table)["sens"].item()
    found = twin_distances(model, Engine(DATA), "rotate", num=40, num_reference=40)
    assert found.distances.mean() == pytest.approx(score, rel=0.01)  # the table's images are rounded to bytes


def test_shows_the_images_it_measures(model: Classifier) -> None:
    engine = Engine(DATA)
    found = twin_distances(model, engine, "h_flip", num=12, start=3)
    single = engine.with_spec_changes(transforms=("h_flip",), transform_seed=TWIN_SEEDS[1])
    second = single.batch(torch.arange(3, 15) + SPLIT_START["test"])
    np.testing.assert_array_equal(found.second.images, to_pictures(second.images))
    same = (found.first.images == found.second.images).all(axis=(1, 2, 3))
    assert 0 < same.sum() < 12
    assert (found.distances[same] == 0).all() and (found.distances[~same] > 0).all()


def test_a_collapsed_model_has_no_distance(model: Classifier) -> None:
    constant = create_model("small", 2, seed=0).eval()
    with torch.no_grad():
        for parameter in constant.parameters():
            parameter.zero_()
    found = twin_distances(constant, Engine(DATA), "rotate", num=2)
    assert np.isnan(found.distances).all() and found.pair_distance == 0
