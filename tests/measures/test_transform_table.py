import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from torch import Tensor

from invariance.data.engine import Engine
from invariance.events import Cancelled, Finished, Progress
from invariance.measures import representation
from invariance.measures.cka import linear_cka
from invariance.measures.cosine import cosine_scores
from invariance.measures.measure import measure
from invariance.measures.sens import sens_scores
from invariance.measures.transform_table import known_class_accuracy
from invariance.measures.twin_set import TWIN_SEEDS
from invariance.measures.variance import normalised_variance
from invariance.models import Classifier, create_model
from invariance.spec import DatasetSpec, MeasureSpec, PretrainSpec, SpecError
from invariance.training.checkpoint import load_weights, save_weights
from invariance.training.evaluation import in_batches
from invariance.training.feed import Rendered
from invariance.training.precision import Precision
from invariance.vocabulary.columns import in_words
from invariance.vocabulary.measures import FORMULAS, MEASURED_COLUMNS, MEASUREMENTS, MEASURES, TRANSFORM_COLUMNS

CLASSES = ("noise-00", "noise-01", "noise-02")
DATA = DatasetSpec(objects="noise", backgrounds="noise", classes=CLASSES, image_size=16)
SPEC = MeasureSpec(sources=("one", "two", "flat"), transforms=("rotate", "invert"), data=DATA, num_pairs=40)


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, Path]:
    """Two untrained networks, the second one for other classes, and one whose features never change."""
    paths = {}
    for seed, (name, classes) in enumerate([("one", CLASSES), ("two", ("a", "b")), ("flat", CLASSES)]):
        model = create_model("small", len(classes), seed=seed)
        if name == "flat":
            last_norm = model.backbone.get_submodule("blocks.3.1")
            assert isinstance(last_norm, torch.nn.BatchNorm2d)
            torch.nn.init.zeros_(last_norm.weight)
        paths[name] = tmp_path / f"{name}.safetensors"
        save_weights(paths[name], model, class_names=classes, spec=PretrainSpec(data=DATA))
    return paths


@pytest.fixture
def table(sources: dict[str, Path], tmp_path: Path) -> pd.DataFrame:
    *progress, finished = measure(SPEC, sources, tmp_path / "run")
    assert isinstance(finished, Finished) and finished.table is not None
    steps = [(event.step, event.num_steps) for event in progress if isinstance(event, Progress)]
    assert steps == [(step, 6) for step in range(1, 7)]
    return pd.read_csv(finished.table)


def test_there_is_a_row_for_each_model_and_transformation(table: pd.DataFrame) -> None:
    assert tuple(table.columns) == TRANSFORM_COLUMNS
    expected = [(model, transform) for model in SPEC.sources for transform in SPEC.transforms]
    assert list(zip(table["model"], table["transform"], strict=True)) == expected
    assert set(table["num_pairs"]) == {40}


def test_a_cell_is_the_score_of_the_engine_s_twins(table: pd.DataFrame, sources: dict[str, Path]) -> None:
    engine = Engine(DATA)
    twins = engine.twins(engine.indices("test", 40), ("invert",), transform_seeds=TWIN_SEEDS)
    model = load_weights(sources["one"])
    with torch.no_grad():
        first, second = (model.representation((batch.images * 255).round() / 255) for batch in twins)
    applied = twins[0].parameters["invert.applied"] != twins[1].parameters["invert.applied"]
    score = sens_scores(first, second, applied, seed=DATA.seed)
    row = table[(table["model"] == "one") & (table["transform"] == "invert")].iloc[0]
    assert row["num_differing"] == int(applied.sum())
    assert row["sens"] == pytest.approx(score.raw, rel=1e-4)
    assert row["sens_conditional"] == pytest.approx(score.conditional, rel=1e-4)
    assert row["pair_distance"] == pytest.approx(score.pair_distance, rel=1e-4)
    assert (row["sens_low"], row["sens_high"]) == pytest.approx(score.raw_interval, rel=1e-4)
    interval = (row["sens_conditional_low"], row["sens_conditional_high"])
    assert interval == pytest.approx(score.conditional_interval, rel=1e-4)
    cosine = cosine_scores(first, second, seed=DATA.seed)
    assert row["cosine"] == pytest.approx(cosine.score, rel=1e-4)
    assert (row["twin_cosine"], row["pair_cosine"]) == pytest.approx((cosine.twin_cosine, cosine.pair_cosine), rel=1e-3)
    assert row["variance"] == pytest.approx(normalised_variance(first, second), rel=1e-4)
    assert row["cka"] == pytest.approx(linear_cka(first, second), rel=1e-4)


def test_always_applied_transformations_differ_always(table: pd.DataFrame) -> None:
    rotate = table[table["transform"] == "rotate"]
    assert list(rotate["num_differing"]) == [40, 40, 40]
    assert rotate["sens"].iloc[0] == rotate["sens_conditional"].iloc[0]


def test_a_collapsed_model_has_no_score_but_shows_why(table: pd.DataFrame) -> None:
    flat = table[table["model"] == "flat"]
    assert flat["sens"].isna().all() and flat["sens_conditional"].isna().all()
    assert (flat["pair_distance"] == 0.0).all()
    assert flat[list(MEASURES)].isna().all(axis=None)
    assert table["collapsed"].tolist() == [False] * 4 + [True] * 2


def test_columns_of_older_tables_come_first_and_keep_their_order() -> None:
    # Scripts read them, and tables measured before the others were added have them alone.
    expected = "model transform sens sens_conditional twin_distance pair_distance num_pairs num_differing accuracy"
    assert TRANSFORM_COLUMNS[:9] == tuple(expected.split())


def test_the_measures_cost_no_forward_pass(sources: dict[str, Path], tmp_path: Path, monkeypatch: Any) -> None:
    batches = []
    forward = Classifier.representation

    def counted(model: Classifier, images: Tensor) -> Tensor:
        batches.append(len(images))
        return forward(model, images)

    monkeypatch.setattr(Classifier, "representation", counted)
    list(measure(replace(SPEC, sources=("one",)), {"one": sources["one"]}, tmp_path / "run"))
    # Accuracy, the untransformed images, both views of rotate; of invert only what it inverts, and each of it once.
    engine = Engine(DATA)
    inverted = [
        batch.parameters["invert.applied"]
        for batch in engine.twins(engine.indices("test", 40), ("invert",), transform_seeds=TWIN_SEEDS)
    ]
    assert batches == [40, 40, 80, int((inverted[0] | inverted[1]).sum())]


def test_an_untrained_network_is_measured_once_for_all_that_started_from_it(
    sources: dict[str, Path], tmp_path: Path
) -> None:
    *_, finished = measure(replace(SPEC, untrained=True), sources, tmp_path / "run")
    assert isinstance(finished, Finished) and finished.table is not None
    table = pd.read_csv(finished.table)
    assert list(dict.fromkeys(table["model"])) == [*SPEC.sources, "untrained small (seed 0)"]
    assert table.loc[table["untrained"], "model"].unique().tolist() == ["untrained small (seed 0)"]
    # "one" was saved with its first weights, those of seed 0.
    columns = [name for name in MEASURED_COLUMNS if name != "collapsed"]
    rows = {model: table[table["model"] == model][columns].to_numpy() for model in ("one", "untrained small (seed 0)")}
    assert (rows["one"] == rows["untrained small (seed 0)"]).all()


def test_every_column_is_described_in_its_order() -> None:
    described = in_words(MEASUREMENTS["sens"].columns)
    together = [names.split(", ") for names, _ in described]
    assert sorted(name for names in together for name in names) == sorted(TRANSFORM_COLUMNS)
    first = [TRANSFORM_COLUMNS.index(names[0]) for names in together]
    assert first == sorted(first) and ["twin_distance", "pair_distance"] in together
    assert all(words.strip() for _, words in described)
    ends = [end for measure in MEASURES.values() for end in measure.interval or ()]
    assert len(ends) == 4 and set(ends) <= set(MEASURED_COLUMNS)


@pytest.mark.parametrize("lacking", FORMULAS)
def test_a_formula_that_fills_less_than_it_declares_is_found_at_once(lacking: str, monkeypatch: Any) -> None:
    monkeypatch.setitem(representation._FORMULAS, lacking, lambda *_: {})
    with pytest.raises(AssertionError, match="declared or filled alone"):
        representation.measure_representation(torch.rand(8, 3), torch.rand(8, 3), torch.ones(8) > 0, seed=0)


def test_accuracy_is_left_out_where_no_class_is_known(table: pd.DataFrame) -> None:
    assert table[table["model"] == "two"]["accuracy"].isna().all()
    assert table[table["model"] == "one"]["accuracy"].between(0, 1).all()


def test_accuracy_goes_by_the_names_of_the_classes() -> None:
    model = create_model("small", 3, seed=0).eval()
    with torch.no_grad():
        model.head.weight.zero_()
        model.head.bias.copy_(torch.tensor([0.0, 1.0, 0.0]))
    model.class_names = ("b", "c", "d")
    # The network always says "c"; of the samples only "b" (twice) and "c" (once) are known to it.
    samples = Rendered(torch.zeros(4, 3, 8, 8, dtype=torch.uint8), torch.tensor([0, 1, 1, 2]))
    assert known_class_accuracy(model, samples, ("a", "b", "c")) == 0.5
    assert math.isnan(known_class_accuracy(model, samples, ("x", "y", "z")))


def test_no_hook_is_left_on_a_model(sources: dict[str, Path]) -> None:
    # Slip 9: one more hook after every measurement.
    model = load_weights(sources["one"])
    samples = Rendered(torch.zeros(4, 3, 8, 8, dtype=torch.uint8), torch.tensor([0, 1, 1, 2]))
    known_class_accuracy(model, samples, CLASSES)
    assert not any(module._forward_hooks or module._backward_hooks for module in model.modules())


def test_it_stops_when_asked_and_leaves_no_table(sources: dict[str, Path], tmp_path: Path) -> None:
    answers = iter([False] * 5)
    with pytest.raises(Cancelled):
        list(measure(SPEC, sources, tmp_path / "run", cancelled=lambda: next(answers, True)))
    assert not list((tmp_path / "run").iterdir())


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no weights at"):
        list(measure(SPEC, {"one": tmp_path / "nothing"}, tmp_path / "run"))


def test_in_bfloat16_scores_stay_what_they_are_to_two_digits(sources: dict[str, Path]) -> None:
    engine, model = Engine(DATA), load_weights(sources["one"])
    twins = engine.twins(engine.indices("test", 300), ("invert",), transform_seeds=TWIN_SEEDS)
    applied = twins[0].parameters["invert.applied"] != twins[1].parameters["invert.applied"]
    images = [(batch.images * 255).round().to(torch.uint8) for batch in twins]
    scores = []
    for name in ("float32", "bfloat16"):
        first, second = (in_batches(model.representation, view, precision=Precision(name)) for view in images)
        scores.append(sens_scores(first, second, applied, seed=0).raw)
    assert 0 < abs(scores[0] - scores[1]) < 0.002
