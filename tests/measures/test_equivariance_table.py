"""The table of equivariance, from weights to a CSV."""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from invariance.data.engine import Engine
from invariance.events import Finished
from invariance.library.work import result_of, task_of
from invariance.measures.equivariance import equivariance_scores
from invariance.measures.equivariance_pairs import told_pairs
from invariance.measures.equivariance_table import layer_equivariance, measure_equivariance
from invariance.measures.measure import measure
from invariance.measures.profile import PIXEL_LAYER
from invariance.models import Classifier, create_model
from invariance.progress import ProgressBar
from invariance.spec import DatasetSpec, MeasureSpec, PretrainSpec
from invariance.training.checkpoint import load_weights, save_weights
from invariance.training.evaluation import in_batches
from invariance.vocabulary.equivariance import EQUIVARIANCE_TABLE, LOCAL_ERROR, VERDICTS, equivariance_columns

CLASSES = ("teapot", "duck", "bus", "torch", "vase")
DATA = DatasetSpec(classes=CLASSES, image_size=16)


def test_from_weights_to_a_table(tmp_path: Path) -> None:
    model = create_model("small", 2, seed=0)
    save_weights(tmp_path / "one.safetensors", model, class_names=("duck", "bus"), spec=PretrainSpec(data=DATA))
    flat = create_model("small", 2, seed=0)
    torch.nn.init.zeros_(flat.backbone.get_submodule("blocks.3.1").weight)  # type: ignore[arg-type]
    save_weights(tmp_path / "flat.safetensors", flat, class_names=("a", "b"), spec=PretrainSpec(data=DATA))
    sources = {name: tmp_path / f"{name}.safetensors" for name in ("one", "flat")}
    spec = MeasureSpec(
        sources=("one", "flat"),
        transforms=("rotate", "invert"),
        data=DATA,
        measure="equivariance",
        num_pairs=42,
        untrained=True,
    )
    *_, finished = measure(spec, sources, tmp_path / "run")
    assert isinstance(finished, Finished) and finished.table is not None
    table = pd.read_csv(finished.table, keep_default_na=False, na_values=[""])
    assert list(table.columns) == [column.name for column in EQUIVARIANCE_TABLE]
    assert table.groupby("model", sort=False).size().tolist() == [2, 2, 2] and table["untrained"].sum() == 2
    assert table["num_objects"].eq(5).all() and table["num_pairs"].max() == 40

    of_flat = table[table["model"] == "flat"]
    assert of_flat[["r2_told", "equivariance", "verdict"]].isna().all(axis=None)
    row = table.iloc[0]
    assert row["verdict"] in VERDICTS and math.isfinite(row["equivariance_known"])
    pairs = told_pairs(Engine(DATA), "rotate", num_views=8)
    one = load_weights(sources["one"])
    first, second = (in_batches(one.representation, images) for images in (pairs.first, pairs.second))
    expected = equivariance_scores(first, second, pairs.told, pairs.objects, seed=DATA.seed)
    assert row["equivariance"] == expected.equivariance and row["r2_told"] == expected.r2_told
    assert row["equivariance_low"] == expected.interval[0] and row["control"] == expected.control
    of_rotate, of_invert = table[table["model"] == "one"][LOCAL_ERROR]
    assert of_rotate > 0 and math.isnan(of_invert), "what has no small step has no error"


def test_layer_by_layer_the_last_is_the_representation() -> None:
    models = {name: create_model("small", 2, seed=seed).eval() for seed, name in enumerate(("one", "other"))}
    found = layer_equivariance(models, Engine(DATA), "hue", num_pairs=20)
    assert list(found.columns) == [column.name for column in equivariance_columns(layers=True)]
    layers = [PIXEL_LAYER, *models["one"].layers]
    assert found["layer"].tolist() == 2 * layers and found["depth"].tolist() == 2 * list(range(len(layers)))
    pixels = found[found["layer"] == PIXEL_LAYER].drop(columns="model")
    assert pixels[LOCAL_ERROR].tolist() == pytest.approx([1.0, 1.0]) and pixels["equivariance_known"].isna().all()
    pd.testing.assert_series_equal(pixels.iloc[0], pixels.iloc[1], check_names=False)
    one = task_of(models, Engine(DATA))
    table, _ = result_of(measure_equivariance(spec_of(models), one), ProgressBar("layers"))
    last = found[found["layer"] == layers[-1]]
    columns = ["r2_told", "equivariance", "sens_conditional", LOCAL_ERROR]
    np.testing.assert_allclose(last[columns].to_numpy(float), table[columns].to_numpy(float), atol=1e-3)


def spec_of(models: Mapping[str, Classifier]) -> MeasureSpec:
    return MeasureSpec(sources=tuple(models), transforms=("hue",), data=DATA, measure="equivariance", num_pairs=20)
