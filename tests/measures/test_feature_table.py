"""Twins that differ in one feature, and networks that read one feature alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch

from invariance.data.engine import Engine
from invariance.events import Cancelled, Finished
from invariance.measures.feature_twins import feature_twins, features_of
from invariance.measures.measure import measure
from invariance.measures.sens import sens_scores
from invariance.models import create_model
from invariance.spec import DatasetSpec, MeasureSpec, PretrainSpec, SpecError, canonical_json, run_from_json
from invariance.training.checkpoint import load_weights, save_weights
from invariance.vocabulary.measures import FEATURE_COLUMNS, FEATURES

DATA = DatasetSpec(
    objects="noise",
    backgrounds="noise",
    classes=("noise-00", "noise-01", "noise-02"),
    transforms=("translate",),
    stickers="noise",
    sticker_classes=("noise-10", "noise-11", "noise-12"),
    sticker_place="anywhere",
    image_size=16,
)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(DATA)


def changed(engine: Engine, feature: str) -> torch.Tensor:
    first, second = feature_twins(engine, feature, torch.arange(60))
    return (first - second).abs().amax(dim=1)


def test_only_the_named_feature_changes(engine: Engine) -> None:
    """Every pixel in which twins differ belongs to the feature, in one of the two images."""
    own = engine.batch(torch.arange(60))
    object_alone, background, scene, sticker = (changed(engine, feature) for feature in FEATURES)
    clear = (own.masks == 0) & (own.sticker_masks == 0)
    assert (background[clear] > 0).float().mean() > 0.99 and not bool(background[own.masks == 1].any())
    assert not bool(background[own.sticker_masks == 1].any())
    assert not bool(object_alone[own.sticker_masks == 1].any()) and not bool(scene[own.sticker_masks == 1].any())
    assert (object_alone > 0).float().mean() < 0.75 < (scene[own.sticker_masks == 0] > 0).float().mean()
    assert 0 < (sticker > 0).float().mean() < 2 * 36 / 256, "at most two stickers of 6 x 6 pixels"


def test_features_change_alone_even_where_they_are_correlated(engine: Engine) -> None:
    correlated = engine.with_spec_changes(sticker_correlation=1.0)
    assert torch.equal(changed(correlated, "sticker"), changed(engine, "sticker"))
    assert torch.equal(changed(correlated, "object"), changed(engine, "object"))


def test_a_seed_of_the_transformations_changes_with_the_object(engine: Engine) -> None:
    one = engine.with_spec_changes(transform_seed=5, classes=("noise-00", "noise-01"))
    assert float((changed(one, "object") > 0).float().mean()) > 0.3
    high = engine.with_spec_changes(seed=2**63 - 1, sticker_seed=2**63 - 1)
    assert bool(changed(high, "sticker").any()) and bool(changed(high, "scene").any())


def test_what_a_data_set_lacks_is_named() -> None:
    bare = Engine(DatasetSpec(objects="noise", backgrounds="noise", image_size=16))
    assert features_of(bare) == ("object", "background")
    with pytest.raises(SpecError, match="feature = 'sticker': this data set has object, background; give it stickers"):
        feature_twins(bare, "sticker", torch.arange(2))
    with pytest.raises(SpecError, match=r"'smell': this data set has object, background$"):
        feature_twins(bare, "smell", torch.arange(2))


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, Path]:
    paths = {}
    for seed, (name, classes) in enumerate((("known", DATA.classes), ("strange", ("a", "b")))):
        paths[name] = tmp_path / f"{name}.safetensors"
        model = create_model("small", len(classes), seed=seed)
        save_weights(paths[name], model, class_names=classes, spec=PretrainSpec(data=DATA))
    return paths


def test_table_holds_the_sens_score_of_the_twins(sources: dict[str, Path], engine: Engine, tmp_path: Path) -> None:
    spec = MeasureSpec(sources=tuple(sources), measure="features", data=DATA, num_pairs=40)
    *progress, finished = measure(spec, sources, tmp_path / "run")
    assert isinstance(finished, Finished) and finished.table is not None and len(progress) == 8
    table = pd.read_csv(finished.table)
    assert tuple(table.columns) == FEATURE_COLUMNS
    rows = list(zip(table["model"], table["feature"], strict=True))
    assert rows == [(model, feature) for model in sources for feature in FEATURES]
    assert table["accuracy"].notna().tolist() == [True] * 4 + [False] * 4
    row = table[(table["model"] == "known") & (table["feature"] == "sticker")].iloc[0]
    model = load_weights(sources["known"])
    first, second = feature_twins(engine, "sticker", engine.indices("test", 40))
    with torch.no_grad():
        one, other = ((view * 255).round() / 255 for view in (first, second))
        expected = sens_scores(
            model.representation(one),
            model.representation(other),
            (one != other).flatten(1).any(dim=1),
            seed=DATA.seed,
        )
    assert row["sens"] == pytest.approx(expected.raw, rel=1e-3)
    assert row["sens_conditional"] == pytest.approx(expected.conditional, rel=1e-3)
    assert row["num_differing"] == expected.num_differing and row["sens_low"] < row["sens"] < row["sens_high"]


def test_it_can_be_cancelled(sources: dict[str, Path], tmp_path: Path) -> None:
    spec = MeasureSpec(sources=tuple(sources), measure="features", data=DATA, num_pairs=4)
    with pytest.raises(Cancelled):
        list(measure(spec, sources, tmp_path / "run", cancelled=lambda: True))


def test_its_spec_has_no_transformations_of_its_own_and_takes_those_of_the_images() -> None:
    spec = MeasureSpec(sources=("x",), measure="features", data=DATA)
    assert spec.transforms == () and spec.data.transforms == ("translate",)
    assert replace(spec, transforms=("hue",)).run_id == spec.run_id
    assert run_from_json(canonical_json(spec)) == spec
