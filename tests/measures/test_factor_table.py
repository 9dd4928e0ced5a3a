"""The table of models and controls, and the rule by which a factor counts as kept or lost."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch

from invariance.data.engine import Engine
from invariance.events import Cancelled, Finished, Progress
from invariance.measures.factor_images import image_sets, render_set
from invariance.measures.factor_scores import factor_scores
from invariance.measures.factor_table import pixel_components
from invariance.measures.factor_verdict import verdict_of
from invariance.measures.factors import resolve_factors, target_of
from invariance.measures.measure import measure
from invariance.models import create_model
from invariance.models.untrained import untrained_twin
from invariance.spec import DatasetSpec, FactorSpec, PretrainSpec, SpecError
from invariance.training.checkpoint import load_weights, save_weights
from invariance.training.evaluation import in_batches
from invariance.vocabulary.factors import FACTOR_COLUMNS, KEPT, LOST, PARTLY, UNCLEAR, VERDICTS

CLASSES = ("noise-00", "noise-01", "noise-02")
DATA = DatasetSpec(objects="noise", backgrounds="noise", classes=CLASSES, image_size=16)
SPEC = FactorSpec(
    sources=("one", "flat"),
    factors=("class", "background", "translate", "invert"),
    data=DATA,
    num_images=120,
    num_folds=3,
)
ROWS = ("class", "translate.x", "translate.y", "invert.applied")


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, Path]:
    """A random network, and one whose features never change."""
    paths = {}
    for seed, name in enumerate(("one", "flat"), start=3):
        model = create_model("small", len(CLASSES), seed=seed)
        if name == "flat":
            last_norm = model.backbone.get_submodule("blocks.3.1")
            assert isinstance(last_norm, torch.nn.BatchNorm2d)
            torch.nn.init.zeros_(last_norm.weight)
        paths[name] = tmp_path / f"{name}.safetensors"
        save_weights(paths[name], model, class_names=CLASSES, spec=PretrainSpec(data=DATA))
    return paths


@pytest.fixture
def table(sources: dict[str, Path], tmp_path: Path) -> pd.DataFrame:
    *progress, finished = measure(SPEC, sources, tmp_path / "run")
    assert isinstance(finished, Finished) and finished.table is not None
    steps = [(event.step, event.num_steps) for event in progress if isinstance(event, Progress)]
    assert steps == [(step, 12) for step in range(1, 13)]  # three sets of images, four representations
    return pd.read_csv(finished.table)


def cell(table: pd.DataFrame, model: str, factor: str) -> pd.Series:
    (row,) = (row for _, row in table[(table["model"] == model) & (table["factor"] == factor)].iterrows())
    return row


def test_controls_come_first_and_fresh_noise_has_no_background_to_decode(table: pd.DataFrame) -> None:
    assert list(table.columns) == list(FACTOR_COLUMNS)
    models = ("pixels", "untrained small", "one", "flat")
    expected = [(model, factor) for model in models for factor in ROWS]
    assert list(zip(table["model"], table["factor"], strict=True)) == expected
    assert table["role"].tolist() == ["pixels"] * 4 + ["untrained"] * 4 + ["network"] * 8
    assert table.loc[table["role"] != "network", "verdict"].isna().all()


def test_a_row_is_the_score_of_the_engine_s_images(table: pd.DataFrame, sources: dict[str, Path]) -> None:
    engine = Engine(DATA)
    (wanted,) = image_sets(resolve_factors(("translate",)), together=False)
    found = render_set(engine, wanted, num=120, num_folds=3, seed=DATA.seed)
    targets = [target_of(factor, found.recipe) for factor in wanted.factors]
    model = load_weights(sources["one"])
    for name, network in {"one": model, "untrained small": untrained_twin(model, seed=DATA.seed)}.items():
        features = in_batches(network.representation, found.images)
        expected = factor_scores(features, wanted.factors, targets, found.folds, seed=DATA.seed)[0]
        row = cell(table, name, "translate.x")
        assert row["skill"] == pytest.approx(expected.skill, rel=1e-6)
        assert (row["low"], row["high"]) == pytest.approx(expected.interval, rel=1e-6)
        assert row["control"] == pytest.approx(expected.control, rel=1e-6)
    assert cell(table, "one", "class")["chance"] == pytest.approx(1 / 3)
    assert cell(table, "one", "translate.x")["chance"] == 0


def test_references_of_a_row_are_the_controls_and_the_verdict_follows(table: pd.DataFrame) -> None:
    for _, row in table[table["role"] == "network"].iterrows():
        assert row["pixels"] == cell(table, "pixels", row["factor"])["skill"]
        assert row["untrained"] == cell(table, "untrained small", row["factor"])["skill"]
        names = ("low", "high", "control_high", "pixels", "untrained")
        assert row["verdict"] == verdict_of(**{name: row[name] for name in names})
    assert cell(table, "pixels", "class")["skill"] == pytest.approx(1.0)


def test_a_representation_that_never_changes_has_lost_what_the_image_shows(table: pd.DataFrame) -> None:
    flat = table[table["model"] == "flat"]
    assert (flat["skill"].abs() < 0.12).all()
    assert cell(table, "flat", "class")["verdict"] == "lost"


def test_together_all_factors_come_from_the_same_images(sources: dict[str, Path], tmp_path: Path) -> None:
    spec = replace(SPEC, sources=("one",), vary="together", factors=("class", "translate", "invert"))
    *_, finished = measure(spec, {"one": sources["one"]}, tmp_path / "run")
    assert isinstance(finished, Finished) and finished.table is not None
    assert pd.read_csv(finished.table)["num_images"].unique().tolist() == [120]


def test_it_stops_when_asked_and_leaves_no_table(sources: dict[str, Path], tmp_path: Path) -> None:
    answers = iter([False] * 4)
    with pytest.raises(Cancelled):
        list(measure(SPEC, sources, tmp_path / "run", cancelled=lambda: next(answers, True)))
    assert not list((tmp_path / "run").iterdir())


def test_what_does_not_exist_is_named(sources: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"unknown factor 'translate\.z'"):
        list(measure(replace(SPEC, factors=("translate.z",)), sources, tmp_path / "run"))
    with pytest.raises(SpecError, match="no weights at"):
        list(measure(SPEC, {"one": tmp_path / "nothing"}, tmp_path / "run"))


def test_the_pixel_basis_is_orthonormal_and_holds_most_of_other_images() -> None:
    engine = Engine(DatasetSpec(classes=("mug", "owl", "bus"), image_size=16))
    project = pixel_components(engine, num=100)
    images = engine.with_spec_changes(transforms=("translate",)).render(engine.indices("test", 50))[0]
    found = project(images)
    assert found.shape == (50, 100) and found.dtype == torch.float64
    distances = torch.cdist(found, found)
    own = torch.cdist(*[images.flatten(1).to(torch.float64)] * 2)
    assert bool((distances <= own + 1e-3).all()) and float(distances.sum() / own.sum()) > 0.9


@pytest.mark.parametrize(
    ("low", "high", "control_high", "pixels", "untrained", "verdict"),
    [
        (0.60, 0.70, 0.02, 0.9, 0.2, KEPT),
        (0.59, 0.70, 0.02, 0.9, 0.2, PARTLY),
        (0.25, 0.29, 0.02, 0.9, 0.2, LOST),
        (0.25, 0.31, 0.02, 0.9, 0.2, PARTLY),
        (0.25, 0.29, 0.02, 0.2, 0.9, LOST),  # the better control is the reference, whichever it is
        (0.25, 0.29, 0.02, 0.2, math.nan, KEPT),
        (0.01, 0.80, 0.02, 0.9, 0.2, LOST),  # not told from shuffled labels
        (0.05, 0.09, 0.02, 0.05, 0.04, UNCLEAR),  # nobody decodes it
        (0.20, 0.30, 0.02, 0.05, 0.04, KEPT),  # the network has made it readable
        (math.nan, math.nan, 0.0, 0.5, 0.5, ""),
    ],
)
def test_the_rule(low: float, high: float, control_high: float, pixels: float, untrained: float, verdict: str) -> None:
    found = verdict_of(low=low, high=high, control_high=control_high, pixels=pixels, untrained=untrained)
    assert found == verdict and (found in VERDICTS or found == "")
