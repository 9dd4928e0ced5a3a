"""CIFAR from files of its own form: what is read, how it is split, what is said of missing and damaged files."""

import hashlib
import pickle

import numpy as np
import pytest
import torch
from torchvision.datasets import CIFAR10, CIFAR100

from invariance.data.sources.download import is_downloaded
from invariance.data.sources.pictures import load_pictures, picture_class_names
from invariance.spec import SpecError

NAMES = ["airplane", "cat", "ship"]
PER_CLASS = 20


def write_batch(path, labels, first, key="labels"):
    """A pickled batch as CIFAR's own: picture number n has red n, green 100 on its left half, blue its label."""
    data = np.zeros((len(labels), 3, 32, 32), dtype=np.uint8)
    data[:, 0] = np.arange(first, first + len(labels))[:, None, None]
    data[:, 1, :, :16] = 100
    data[:, 2] = np.array(labels)[:, None, None]
    path.write_bytes(pickle.dumps({"data": data.reshape(len(labels), -1), key: labels}))
    return [path.name, hashlib.md5(path.read_bytes()).hexdigest()]


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A data folder with a tiny CIFAR-10 (two training batches) that torchvision takes for the real one."""
    monkeypatch.setenv("INVARIANCE_DATA", str(tmp_path))
    folder = tmp_path / CIFAR10.base_folder
    folder.mkdir()
    labels = [0, 1, 2] * (PER_CLASS // 2)
    train = [write_batch(folder / f"data_batch_{n}", labels, (n - 1) * len(labels)) for n in (1, 2)]
    test = [write_batch(folder / "test_batch", [2, 1, 0, 0], 200)]
    meta = folder / "batches.meta"
    meta.write_bytes(pickle.dumps({"label_names": NAMES}))
    monkeypatch.setattr(CIFAR10, "train_list", train)
    monkeypatch.setattr(CIFAR10, "test_list", test)
    monkeypatch.setattr(CIFAR10, "meta", {**CIFAR10.meta, "md5": hashlib.md5(meta.read_bytes()).hexdigest()})
    return tmp_path


def test_pictures_labels_and_names_are_those_of_the_files(root):
    found = load_pictures("cifar10", image_size=32)
    assert found.class_names == picture_class_names("cifar10") == tuple(NAMES)
    assert found.pictures.dtype == torch.uint8 and found.pictures.shape == (64, 3, 32, 32)
    numbers = [*range(60), 200, 201, 202, 203]
    assert found.pictures[:, 0, 31, 5].tolist() == numbers
    assert found.pictures[0, 1, 7].tolist() == [100] * 16 + [0] * 16
    assert found.labels.dtype == torch.int64 and found.labels.tolist() == [0, 1, 2] * PER_CLASS + [2, 1, 0, 0]
    assert torch.equal(found.pictures[:, 2, 0, 0].long(), found.labels)


def test_validation_is_the_last_tenth_of_each_training_class(root):
    splits = load_pictures("cifar10", image_size=32).splits
    assert splits["validation"].tolist() == [54, 55, 56, 57, 58, 59]
    assert splits["train"].tolist() == list(range(54))
    assert splits["test"].tolist() == [60, 61, 62, 63]


def test_other_sizes_are_antialiased(root):
    found = load_pictures("cifar10", image_size=8)
    assert found.pictures.shape == (64, 3, 8, 8) and found.pictures.dtype == torch.uint8
    assert found.pictures[5, 0].unique().tolist() == [5]
    edge = found.pictures[0, 1, 4].tolist()
    assert edge[:3] == [100] * 3 and edge[5:] == [0] * 3 and edge[3] + edge[4] == 100 and 0 < edge[4] < edge[3]
    assert load_pictures("cifar10", image_size=40).pictures.shape == (64, 3, 40, 40)


def test_cifar100_has_its_fine_labels(tmp_path, monkeypatch):
    monkeypatch.setenv("INVARIANCE_DATA", str(tmp_path))
    folder = tmp_path / CIFAR100.base_folder
    folder.mkdir()
    monkeypatch.setattr(CIFAR100, "train_list", [write_batch(folder / "train", [0, 1] * 5, 0, "fine_labels")])
    monkeypatch.setattr(CIFAR100, "test_list", [write_batch(folder / "test", [1, 0], 10, "fine_labels")])
    (folder / "meta").write_bytes(pickle.dumps({"fine_label_names": ["apple", "bear"], "coarse_label_names": ["x"]}))
    monkeypatch.setattr(
        CIFAR100, "meta", {**CIFAR100.meta, "md5": hashlib.md5((folder / "meta").read_bytes()).hexdigest()}
    )
    found = load_pictures("cifar100", image_size=32)
    assert found.class_names == ("apple", "bear")
    assert found.labels.tolist() == [0, 1] * 5 + [1, 0] and found.splits["validation"].tolist() == [8, 9]


def test_missing_files_name_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("INVARIANCE_DATA", str(tmp_path))
    monkeypatch.setattr("torchvision.datasets.utils._urlretrieve", lambda *_: pytest.fail("loading downloads nothing"))
    assert not is_downloaded("cifar10")
    for read in (picture_class_names, lambda source: load_pictures(source, image_size=32)):
        with pytest.raises(SpecError, match=r"^cifar10 is not in .*python -m invariance download cifar10 \(170 MB\)$"):
            read("cifar10")


@pytest.mark.parametrize("name", ["data_batch_2", "test_batch", "batches.meta"])
def test_a_damaged_file_is_one_clear_line(root, name):
    path = root / CIFAR10.base_folder / name
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(SpecError, match=r"^[^\n]*damaged[^\n]*python -m invariance download cifar10$"):
        load_pictures("cifar10", image_size=32)
    if name == "batches.meta":
        with pytest.raises(SpecError, match="damaged"):
            picture_class_names("cifar10")


def test_too_large_is_refused_before_memory_is_taken(root, monkeypatch):
    monkeypatch.setattr("invariance.data.sources.picture_set.MAX_BYTES", 64 * 3 * 40 * 40)
    load_pictures("cifar10", image_size=40)
    with pytest.raises(SpecError, match=r"image_size = 41: 64 pictures .* choose 40 pixels or fewer"):
        load_pictures("cifar10", image_size=41)
