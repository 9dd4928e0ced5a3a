"""What is measured and attributed on an emulated CUDA device: the CPU's numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import invariance
from invariance.attribution.coalitions import REFERENCES
from invariance.attribution.compare import compare
from invariance.attribution.compare_distance import compare_distance
from invariance.attribution.distance import WAYS
from invariance.attribution.randomisation import randomisation_test
from invariance.attribution.score_set import score_set
from invariance.attribution.shapley import evidence
from invariance.data.engine import Engine
from invariance.events import Finished
from invariance.measures.measure import measure
from invariance.models import create_model
from invariance.spec import DatasetSpec, FactorSpec, MeasureSpec, PretrainSpec, SpecError
from invariance.studies.thrown_away import thrown_away
from invariance.training.checkpoint import load_weights, save_weights
from invariance.vocabulary.methods import METHODS

DATA = DatasetSpec(
    objects="noise",
    backgrounds="#808080",
    classes=("noise-00", "noise-01", "noise-02"),
    stickers="noise",
    sticker_classes=("noise-10", "noise-11", "noise-12"),
    sticker_place="anywhere",
    image_size=8,
)
PLAIN = replace(DATA, stickers="", sticker_classes=(), sticker_place="corner")
DEVICES = ("cpu", "cuda")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("source") / "one.safetensors"
    save_weights(path, create_model("small", 3, seed=3), class_names=DATA.classes, spec=PretrainSpec(data=DATA))
    return path


SPECS = {
    "sens": MeasureSpec(
        sources=("one",), transforms=("rotate", "invert"), data=PLAIN,
        num_pairs=12,
    ),
    "features": MeasureSpec(sources=("one",), measure="features", data=DATA, num_pairs=12),
    "equivariance": MeasureSpec(
        sources=("one",), measure="equivariance", transforms=("rotate", "translate", "h_flip"), data=PLAIN,
        num_pairs=12,
    ),
    "equivariance, layer by layer": MeasureSpec(
        sources=("one",), measure="equivariance", transforms=("translate",), data=PLAIN,
        num_pairs=12, layers=True,
    ),
    "factors": FactorSpec(
        sources=("one",), factors=("class", "invert"), data=PLAIN,
        num_images=120, num_folds=2,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SPECS)
def test_a_table_is_that_of_the_cpu(tmp_path: Path, source: Path, name: str) -> None:
    tables = []
    for device in DEVICES:
        *_, finished = measure(SPECS[name], {"one": source}, tmp_path / device, device=device)
        assert isinstance(finished, Finished) and finished.table is not None
        tables.append(pd.read_csv(finished.table))
    numbers = [table.select_dtypes("number") for table in tables]
    # Features are in bfloat16 on the device, and what maps predict of changes is far from what they were fitted to.
    agree = np.isclose(numbers[1], numbers[0], atol=0.03 if "equivariance" in name else 2e-3, equal_nan=True)
    # Of so few images a probe has penalties that are as good as each other, and rounding chooses.
    assert agree.mean() > 0.9 if name == "factors" else agree.all(), tables
    if "equivariance" in name:  # of steps as small as those, which nothing may round
        exact = [number for number in numbers[0] if number.startswith("local")]
        pd.testing.assert_frame_equal(numbers[1][exact], numbers[0][exact], rtol=1e-4)


def test_what_was_thrown_away_is_what_was_on_the_cpu(source: Path) -> None:
    spec, found = replace(SPECS["factors"], sources=("one", "two")), []
    for device in DEVICES:
        models = {"one": load_weights(source, device), "two": create_model("small", 3, seed=4).to(device).eval()}
        models["two"].class_names = DATA.classes
        engine = Engine(PLAIN, device)
        found.append(thrown_away(models, engine, engine, spec, num_attributed=4))
    of_cpu, of_cuda = ([(row.name, row.first, row.second) for row in card.rows] for card in found)
    for one, other in zip(of_cpu, of_cuda, strict=True):
        assert other[0] == one[0] and other[1:] == pytest.approx(one[1:], abs=0.1, nan_ok=True)


@pytest.mark.parametrize("method", METHODS)
def test_a_map_is_that_of_the_cpu(source: Path, method: str) -> None:
    maps = [
        compare([load_weights(source, device)], Engine(DATA, device), method=method, explain="true").explanations[0]
        for device in DEVICES
    ]
    np.testing.assert_allclose(
        maps[1].relevance, maps[0].relevance, atol=1e-3 * max(1.0, np.abs(maps[0].relevance).max())
    )


def test_scores_of_a_set_are_those_of_the_cpu(source: Path) -> None:
    found = [score_set([load_weights(source, device)], Engine(DATA, device), num=6)[0] for device in DEVICES]
    for name in ("mean", "null", "difference"):
        of_cpu, of_cuda = ([getattr(each, name) for each in of_device] for of_device in found)
        assert of_cuda == pytest.approx(of_cpu, abs=1e-3, nan_ok=True)


def test_the_randomisation_test_is_that_of_the_cpu(source: Path) -> None:
    options = {"num": 4, "num_untrained": 3, "parameters": {"steps": 4}}
    found = [
        randomisation_test([load_weights(source, device)], Engine(DATA, device), **options)[0] for device in DEVICES
    ]
    for name in ("trained", "null", "difference"):
        of_cpu, of_cuda = ([getattr(each, name) for each in of_device] for of_device in found)
        assert of_cuda == pytest.approx(of_cpu, abs=0.02), "of ranks, which rounding may change"


@pytest.mark.parametrize("way", WAYS)
def test_a_distance_is_that_of_the_cpu(source: Path, way: str) -> None:
    views = [
        compare_distance(
            [load_weights(source, device)], Engine(DATA, device), "rotate", {"angle_deg": 40.0}, units=[1.0], way=way,
            num_points=8,
        ).views[0]
        for device in DEVICES
    ]  # fmt: skip
    assert views[1].distance == pytest.approx(views[0].distance, rel=1e-3)
    np.testing.assert_allclose(views[1].relevance, views[0].relevance, atol=1e-3)


@pytest.mark.parametrize("reference", REFERENCES)
def test_shapley_values_are_those_of_the_cpu(source: Path, reference: str) -> None:
    found = [
        evidence([load_weights(source, device)], Engine(DATA, device), num=6, reference=reference, num_references=2)[0]
        for device in DEVICES
    ]
    for name, value in vars(found[0]).items():
        if isinstance(value, torch.Tensor):
            torch.testing.assert_close(getattr(found[1], name).cpu(), value, atol=1e-3, rtol=1e-3)


def test_a_function_that_keeps_tensors_on_the_cpu_is_told_so() -> None:
    weights, images = torch.rand(6, 3), torch.randint(0, 256, (16, 3, 32, 32), dtype=torch.uint8)
    with pytest.raises(SpecError, match=r"keeps tensors on the CPU while its images are on cuda:0"):
        invariance.sens(lambda x: x.mean((2, 3)) @ weights.T, "hue", images=images, num_pairs=8, device="cuda")
