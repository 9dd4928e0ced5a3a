"""Files of a data set hold what the engine makes, are read by others, and never need all of it in memory."""

from __future__ import annotations

import csv
import json
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from invariance.data import export
from invariance.data.engine import Engine
from invariance.data.export import estimate_bytes, folder_names, write_image_folder, write_npz
from invariance.data.preview import samples
from invariance.spec import DatasetSpec, dataset_from_dict

SPEC = DatasetSpec(objects="noise", backgrounds="noise", transforms=("rotate", "erasing"), seed=3, image_size=16)
WRITERS = pytest.mark.parametrize("write", [write_npz, write_image_folder])


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setattr(export, "BATCH_PIXELS", 16 * 16 * 7)  # several batches, the last one smaller
    return Engine(SPEC)


def written(write, engine: Engine, **options) -> BytesIO:
    file = BytesIO()
    write(engine, file, **options)
    file.seek(0)
    return file


def test_npz_is_the_engine_s_batch_in_the_order_of_the_split(engine: Engine) -> None:
    batch = engine.batch(engine.indices("test", 24))
    with np.load(written(write_npz, engine, num=24, split="test"), allow_pickle=False) as file:
        arrays = dict(file)
    assert set(arrays) == {"images", "labels", "class_names", "mask", "background", *batch.parameters}
    np.testing.assert_array_equal(arrays["images"], samples(engine, num=24, split="test").images)
    np.testing.assert_array_equal(arrays["labels"], batch.labels)
    np.testing.assert_array_equal(arrays["mask"], (batch.masks * 255 + 0.5).numpy().astype(np.uint8))
    assert arrays["class_names"].tolist() == list(engine.class_names)
    for key, column in batch.parameters.items():
        assert arrays[key].dtype == column.numpy().dtype
        np.testing.assert_array_equal(arrays[key], column)


def test_image_folder_is_read_by_torchvision(engine: Engine, tmp_path: Path) -> None:
    from torchvision.datasets import ImageFolder

    zipfile.ZipFile(written(write_image_folder, engine, num=24, split="validation")).extractall(tmp_path)
    folder = ImageFolder(str(tmp_path))
    found = samples(engine, num=24, split="validation")
    assert folder.classes == sorted(set(found.class_names)) and len(folder) == 24
    for path, label in folder.samples:
        position = int(Path(path).stem.removeprefix("validation-"))
        assert folder.classes[label] == found.class_names[position]
        np.testing.assert_array_equal(np.array(folder.loader(path)), found.images[position])


def test_image_folder_tells_how_it_was_made(engine: Engine, tmp_path: Path) -> None:
    zipfile.ZipFile(written(write_image_folder, engine, num=24)).extractall(tmp_path)
    described = json.loads((tmp_path / "dataset.json").read_text(encoding="utf-8"))
    assert dataset_from_dict(described["spec"]) == SPEC
    assert described["class_names"] == list(engine.class_names) and described["num"] == 24
    with (tmp_path / "recipe.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    batch = engine.batch(engine.indices("train", 24))
    assert [int(row["position"]) for row in rows] == list(range(24))
    for row, label, angle in zip(rows, batch.labels.tolist(), batch.parameters["rotate.angle_deg"], strict=True):
        assert int(row["label"]) == label and row["class"] == engine.class_names[label]
        assert np.float32(row["rotate.angle_deg"]) == angle.item()
        with Image.open(tmp_path / row["file"]) as picture:
            assert picture.size == (16, 16)


@WRITERS
def test_equal_specs_give_equal_files_and_progress_reaches_the_end(write, engine: Engine) -> None:
    told: list[tuple[int, int]] = []
    first = written(write, engine, num=24, on_progress=lambda done, total: told.append((done, total)))
    assert told == [(7, 24), (14, 24), (21, 24), (24, 24)]
    assert first.getvalue() == written(write, Engine(SPEC), num=24).getvalue()


@WRITERS
def test_no_batch_grows_with_the_number_of_images(write, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    batch = Engine.batch
    monkeypatch.setattr(Engine, "batch", lambda self, indices: made.append(len(indices)) or batch(self, indices))
    written(write, engine, num=100)
    assert sum(made) == 100 and max(made) == 7


@WRITERS
@pytest.mark.parametrize("num", [5, 300])
def test_the_estimate_is_near_the_size(write, num: int) -> None:
    engine = Engine(DatasetSpec(transforms=("rotate",)))
    size = len(written(write, engine, num=num).getvalue())
    assert estimate_bytes(write, engine, num=num) == pytest.approx(size, rel=0.15)


def test_folder_names_are_safe_and_different() -> None:
    names = ("cup", "Cup", "a/b", "a_b", "..", ".git", "con: x", " tea pot ")
    assert folder_names(names) == ("cup", "Cup-2", "a_b", "a_b-2", "_", "_git", "con_ x", "tea pot")
