"""Transforms-2D as a torch data set."""

from __future__ import annotations

import importlib
import pickle
from pathlib import Path

import pytest
import torch
from torch.utils.data import DataLoader

from invariance import DatasetSpec, Engine, SpecError, Transforms2D
from tests.registered import module_of

NUM = 12


@pytest.fixture(scope="module")
def data() -> Transforms2D:
    return Transforms2D(("rotate", "hue"), split="test", num_samples=NUM, seed=3, image_size=16)


def test_samples_are_the_engine_s_in_any_order_and_alone(data: Transforms2D) -> None:
    engine = Engine(DatasetSpec(transforms=("rotate", "hue"), seed=3, image_size=16))
    images, labels = engine.render(engine.indices("test", NUM))
    assert len(data) == NUM and data.classes == engine.class_names
    for index in (7, 0, NUM - 1):
        image, label = data[index]
        assert image.shape == (3, 16, 16) and image.dtype == torch.uint8 and type(label) is int
        assert image.equal(images[index]) and label == labels[index]
    assert [label for _, label in data.__getitems__([5, 2])] == labels[[5, 2]].tolist()
    assert [label for _, label in data] == labels.tolist(), "it can be gone through like a list"


def test_splits_and_seeds_differ(data: Transforms2D) -> None:
    for changes in ({"split": "train"}, {"seed": 4}, {"transforms": ("rotate",)}):
        arguments = {"transforms": ("rotate", "hue"), "split": "test", "seed": 3} | changes
        other = Transforms2D(**arguments, num_samples=NUM, image_size=16)
        assert not torch.stack([other[i][0] for i in range(3)]).equal(torch.stack([data[i][0] for i in range(3)]))


@pytest.mark.parametrize("index", [-1, NUM, 2**40])
def test_an_index_outside_is_refused(data: Transforms2D, index: int) -> None:
    with pytest.raises(IndexError, match=f"index {index}: expected 0 to {NUM - 1}"):
        data[index]


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # of newer Pythons, where there are threads
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_make_the_same_samples(method: str, tmp_path: Path) -> None:
    with module_of(tmp_path) as name:
        importlib.import_module(name)
        data = Transforms2D(("swirl", "rotate", "hue"), split="test", num_samples=NUM, seed=3, image_size=16)
        expected, expected_labels = zip(*data, strict=True)
        loader = DataLoader(data, batch_size=5, num_workers=1, multiprocessing_context=method)
        images, labels = (torch.cat(parts) for parts in zip(*loader, strict=True))
    assert images.equal(torch.stack(expected)) and images.dtype == torch.uint8
    assert labels.tolist() == list(expected_labels)


def test_a_pickle_holds_no_pictures(data: Transforms2D) -> None:
    content = pickle.dumps(data)
    assert len(content) < 2_000
    assert pickle.loads(content)[4][0].equal(data[4][0])


def test_a_composition_is_a_text_as_elsewhere() -> None:
    assert Transforms2D("rotate, hue").spec == Transforms2D(("rotate", "hue")).spec
    assert Transforms2D("none").spec == Transforms2D().spec


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"split": "valid"}, "split = 'valid': expected train or validation or test"),
        ({"num_samples": 0}, "num_samples = 0: expected a whole number from 1"),
        ({"num_samples": None}, "num_samples = None: expected a whole number"),
        ({"transforms": "rotate,,hue"}, "no name between two commas"),
        ({"transforms": ("spin",)}, "unknown transformation 'spin'"),
        ({"objects": "/no/such/folder"}, "/no/such/folder"),
    ],
)
def test_what_cannot_be_used_is_refused(arguments: dict[str, object], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        Transforms2D(**arguments)  # type: ignore[arg-type]
