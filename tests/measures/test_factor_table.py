"""The table of models and controls, what each is compared with, and the correction over all of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch
from torch import Tensor

from invariance.data.engine import Engine
from invariance.events import Cancelled, Finished, Progress
from invariance.measures.factor_images import image_sets, render_set
from invariance.measures.factor_probe import Split
from invariance.measures.factor_scores import FactorScore, change, factor_scores
from invariance.measures.factor_table import pixel_components, tabulate
from invariance.measures.factor_verdict import changes, judge
from invariance.measures.factors import Target, known_factors, resolve_factors, target_of
from invariance.measures.measure import measure
from invariance.models import create_model
from invariance.models.untrained import untrained_twin
from invariance.spec import DatasetSpec, FactorSpec, PretrainSpec, SpecError
from invariance.statistics import benjamini_hochberg
from invariance.training.checkpoint import load_weights, save_weights
from invariance.training.evaluation import in_batches
from invariance.vocabulary.factors import DECODABLE, FACTOR_COLUMNS, NOT_DECODABLE

CLASSES = ("noise-00", "noise-01", "noise-02")
DATA = DatasetSpec(objects="noise", backgrounds="noise", classes=CLASSES, image_size=16)
SPEC = FactorSpec(
    sources=("one", "flat"),
    factors=("class", "background", "translate", "invert"),
    data=DATA,
    num_images=120,
    num_folds=3,
)
NUMBER = next(factor for factor in known_factors() if factor.kind == "number")
ROWS = (
    ("class", "known"),
    *(
        (name, objects)
        for name in ("translate.x", "translate.y", "invert.applied")
        for objects in ("known", "held_out")
    ),
)
PLAIN, MOVED = (PretrainSpec(data=replace(DATA, transforms=transforms)) for transforms in ((), ("translate",)))


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A random network, and one whose features never change."""
    paths, folder = {}, tmp_path_factory.mktemp("sources")
    for seed, name in enumerate(("one", "flat"), start=3):
        model = create_model("small", len(CLASSES), seed=seed)
        if name == "flat":
            last_norm = model.backbone.get_submodule("blocks.3.1")
            assert isinstance(last_norm, torch.nn.BatchNorm2d)
            torch.nn.init.zeros_(last_norm.weight)
        paths[name] = folder / f"{name}.safetensors"
        save_weights(paths[name], model, class_names=CLASSES, spec=PLAIN if name == "flat" else MOVED)
    return paths


@pytest.fixture(scope="module")
def table(sources: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    *progress, finished = measure(SPEC, sources, tmp_path_factory.mktemp("run"))
    assert isinstance(finished, Finished) and finished.table is not None
    steps = [(event.step, event.num_steps) for event in progress if isinstance(event, Progress)]
    assert steps == [(step, 12) for step in range(1, 13)]  # three sets of images, four representations
    return pd.read_csv(finished.table)


def cell(table: pd.DataFrame, model: str, factor: str, objects: str = "known") -> pd.Series:
    found = (table["model"] == model) & (table["factor"] == factor) & (table["objects"] == objects)
    (row,) = (row for _, row in table[found].iterrows())
    return row


def test_controls_come_first_and_fresh_noise_has_no_background_to_decode(table: pd.DataFrame) -> None:
    assert list(table.columns) == list(FACTOR_COLUMNS)
    models = ("pixels", "untrained small", "one", "flat")
    expected = [(model, *row) for model in models for row in ROWS]
    assert list(zip(table["model"], table["factor"], table["objects"], strict=True)) == expected
    assert table["role"].tolist() == ["pixels"] * 7 + ["untrained"] * 7 + ["network"] * 14
    assert set(table.loc[table["role"] != "network", "verdict"]) <= {DECODABLE, NOT_DECODABLE}
    assert table["num_units"].tolist() == [120, *[120, 3] * 3] * 4


def test_a_row_is_the_score_of_the_engine_s_images(table: pd.DataFrame, sources: dict[str, Path]) -> None:
    engine = Engine(DATA)
    (wanted,) = image_sets(resolve_factors(("translate",)), together=False)
    found = render_set(engine, wanted, num=120, num_folds=3, seed=DATA.seed)
    targets = [target_of(factor, found.recipe) for factor in wanted.factors]
    model = load_weights(sources["one"])
    for objects, split in found.splits.items():
        scores = {}
        for name, network in {"one": model, "untrained small": untrained_twin(model, seed=DATA.seed)}.items():
            features = in_batches(network.representation, found.images)
            expected = factor_scores(features, wanted.factors, targets, split, seed=DATA.seed)[0]
            scores[name], row = expected, cell(table, name, "translate.x", objects)
            ends = expected.skill.low, expected.skill.estimate, expected.skill.high
            assert (row["low"], row["skill"], row["high"]) == pytest.approx(ends, rel=1e-6)
            assert (row["control"], row["p"]) == pytest.approx((expected.control, expected.p_value), rel=1e-6)
        learnt, p_value = change(scores["one"], scores["untrained small"])
        row = cell(table, "one", "translate.x", objects)
        ends = learnt.low, learnt.estimate, learnt.high
        assert (row["learnt_low"], row["learnt"], row["learnt_high"]) == pytest.approx(ends, rel=1e-6)
        assert row["learnt_p"] == pytest.approx(p_value, rel=1e-5)
    assert cell(table, "one", "class")["chance"] == pytest.approx(1 / 3)
    assert cell(table, "one", "translate.x")["chance"] == 0


def test_a_row_says_what_it_is_compared_with_and_the_verdict_follows(table: pd.DataFrame) -> None:
    for _, row in table[table["role"] == "network"].iterrows():
        where = row["factor"], row["objects"]
        assert row["pixels"] == cell(table, "pixels", *where)["skill"]
        assert row["untrained"] == cell(table, "untrained small", *where)["skill"]
        assert row["learnt"] == pytest.approx(row["skill"] - row["untrained"])
        if row["model"] == "one":
            assert row["reference"] == "flat"
            assert row["change"] == pytest.approx(row["skill"] - cell(table, "flat", *where)["skill"])
        else:  # trained on no transformation itself
            assert pd.isna(row["reference"]) and pd.isna(row["change"]) and row["verdict"] == NOT_DECODABLE
    assert table["verdict"].tolist() == judge(table)
    assert cell(table, "pixels", "class")["skill"] == pytest.approx(1.0)
    assert cell(table, "pixels", "class")["verdict"] == DECODABLE


def test_p_values_are_corrected_over_the_whole_table(table: pd.DataFrame) -> None:
    for column in ("p", "learnt_p", "change_p"):
        expected = benjamini_hochberg(table[column].to_list())
        assert table[f"{column}_adjusted"].to_list() == pytest.approx(expected, nan_ok=True)
        assert (table[f"{column}_adjusted"] > table[column]).any(), "the correction does something"


def test_a_representation_that_never_changes_decodes_nothing(table: pd.DataFrame) -> None:
    flat = table[table["model"] == "flat"]
    assert (flat["skill"].abs() < 0.12).all() and (flat["verdict"] == NOT_DECODABLE).all()


def score(values: Tensor, features: Tensor, seed: int = 0) -> FactorScore:
    num = len(values)
    target = Target(values[:, None], torch.ones(num, dtype=torch.bool), values)
    split = Split(torch.arange(num) % 4, torch.arange(num))
    return factor_scores(features, [NUMBER], [target], split, seed=seed)[0]


def test_of_networks_between_which_there_is_no_difference_few_are_told_from_it() -> None:
    # Twenty networks that hold as much of twelve numbers as the one they are compared with, in noise of their own.
    # Without the correction about 12 of 240 would be told; with it, in nine tables of ten, none.
    names = [f"network {number}" for number in range(20)]
    factors = [replace(NUMBER, name=f"scale.{number}", title=str(number)) for number in range(12)]
    generator = torch.Generator().manual_seed(5)
    scores = {}
    for factor in factors:
        values, control, *noises = torch.randn(23, 80, dtype=torch.float64, generator=generator)
        scores["pixels", factor.name, "known"] = score(values, control[:, None])
        for name, noise in zip(("none", *names), noises, strict=True):
            scores[name, factor.name, "known"] = score(values, (values + noise)[:, None])
    architectures = dict.fromkeys(("none", *names), "small")
    table = tabulate(scores, factors, architectures=architectures, reference=dict.fromkeys(names, "none"))
    found = changes(table)
    assert found.num == 240 and len(found.lower) + len(found.higher) <= 0.05 * 240
    assert (table["change_p"] < 0.05).sum() > len(found.lower) + len(found.higher)
    assert set(table.loc[table["role"] == "pixels", "verdict"]) == {NOT_DECODABLE}
    assert (table.loc[table["model"] == "none", "verdict"] == DECODABLE).mean() > 0.9


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
