"""One factor as it was and as it is decoded: the same images and probes as in the table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from invariance.data.engine import Engine
from invariance.events import Finished
from invariance.measures.factor_view import decode_factor
from invariance.measures.measure import measure
from invariance.models import create_model
from invariance.spec import DatasetSpec, FactorSpec, PretrainSpec
from invariance.training.checkpoint import load_weights, save_weights

DATA = DatasetSpec(classes=("banana", "mug", "owl"), image_size=16)
SPEC = FactorSpec(
    sources=("one",), factors=("class", "background", "brightness", "hue", "erasing"), data=DATA, num_images=150
)


def test_what_is_shown_is_what_the_table_scores(tmp_path: Path) -> None:
    path = tmp_path / "one.safetensors"
    save_weights(path, create_model("small", 3, seed=1), class_names=DATA.classes, spec=PretrainSpec(data=DATA))
    *_, finished = measure(SPEC, {"one": path}, tmp_path / "run")
    assert isinstance(finished, Finished) and finished.table is not None
    rows = pd.read_csv(finished.table).query("model == 'one'").set_index(["factor", "objects"])
    splits = {name: [own for other, own in rows.index if other == name] for name, _ in rows.index}
    both = ["known", "held_out"]
    assert splits.pop("class") == ["known"] and splits.pop("background") == ["known"], "three objects for five folds"
    assert all(own == both for own in splits.values()) and len(splits) == 5
    model, engine = load_weights(path), Engine(DATA)
    for (name, objects), row in rows.iterrows():
        found = decode_factor(model, engine, name, objects=objects, num_images=150, num_folds=5)
        assert found.kind == row["kind"] and len(found.true) == len(found.decoded) == row["num_images"], name
        if found.kind == "choice":
            shares = [(found.decoded[found.true == one] == one).mean() for one in range(len(found.class_names))]
            assert np.mean(shares) == pytest.approx(row["score"]), name
        elif found.kind == "circle":
            apart = np.abs((found.true - found.decoded + 180) % 360 - 180)
            assert apart.mean() == pytest.approx(row["angle_error_deg"])
    assert decode_factor(model, engine, "class", num_images=150, num_folds=5).class_names == DATA.classes
    flip = decode_factor(model, engine, "h_flip.applied", num_images=60, num_folds=3)
    assert flip.class_names == ("not applied", "applied")
