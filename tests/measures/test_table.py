import math
from pathlib import Path

import pandas as pd
import pytest
import torch

from invariance.data.engine import Engine
from invariance.measures.sens import sens_scores
from invariance.measures.table import COLUMNS, TWIN_SEEDS, known_class_accuracy, measure
from invariance.models import create_model
from invariance.spec import DatasetSpec, MeasureSpec, PretrainSpec, SpecError
from invariance.training.checkpoint import load_weights, save_weights
from invariance.training.events import Cancelled, Finished, Progress
from invariance.training.feed import Rendered

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
    assert tuple(table.columns) == COLUMNS
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


def test_always_applied_transformations_differ_always(table: pd.DataFrame) -> None:
    rotate = table[table["transform"] == "rotate"]
    assert list(rotate["num_differing"]) == [40, 40, 40]
    assert rotate["sens"].iloc[0] == rotate["sens_conditional"].iloc[0]


def test_a_collapsed_model_has_no_score_but_shows_why(table: pd.DataFrame) -> None:
    flat = table[table["model"] == "flat"]
    assert flat["sens"].isna().all() and flat["sens_conditional"].isna().all()
    assert (flat["pair_distance"] == 0.0).all()


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
