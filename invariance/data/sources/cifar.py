"""CIFAR-10 and CIFAR-100 (Krizhevsky, 2009) through torchvision: its files, its checksums, its download."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from invariance.data.sources.picture_set import PictureSet, check_memory
from invariance.data.sources.root import data_root
from invariance.spec import SpecError

CIFAR_SIZE: Final = 32
VALIDATION_SHARE: Final = 10
"""One picture in this many of each training class is for validation."""

_RESIZE_BATCH = 2048


def dataset_class(source: str) -> Any:
    """The class of torchvision for ``cifar10`` or ``cifar100``."""
    from torchvision.datasets import CIFAR10, CIFAR100

    return {"cifar10": CIFAR10, "cifar100": CIFAR100}[source]


def load_cifar(source: str, *, image_size: int) -> PictureSet:
    """All 60,000 pictures. Test is the official test set, validation the last tenth of each training class.

    Args:
        source: ``cifar10`` or ``cifar100``.
        image_size: side in pixels; other than 32, the pictures are resized (bilinear, antialiased).

    Raises:
        SpecError: the files are not on this machine or damaged, or so many large pictures would not fit into memory.
    """
    require_files(source)
    kind = dataset_class(source)
    try:
        parts = [kind(data_root(), train=train) for train in (True, False)]
    except RuntimeError as error:
        raise _damaged(source) from error
    check_memory(source, sum(len(part) for part in parts), image_size)
    # torchvision holds a transposed view of (N, 3, 32, 32) bytes; turning it back copies nothing.
    pictures = torch.from_numpy(np.concatenate([part.data.transpose(0, 3, 1, 2) for part in parts]))
    labels = torch.tensor([label for part in parts for label in part.targets])
    train, validation = _hold_out(labels[: len(parts[0])])
    splits = {"train": train, "validation": validation, "test": torch.arange(len(parts[0]), len(labels))}
    return PictureSet(tuple(parts[0].classes), _resize(pictures, image_size), labels, splits)


def cifar_class_names(source: str) -> tuple[str, ...]:
    """Names of the 10 or 100 (fine) classes, from the small file that lists them.

    Raises:
        SpecError: the files are not on this machine, or this one is damaged.
    """
    require_files(source)
    kind = dataset_class(source)
    path = _folder(source) / kind.meta["filename"]
    if not _names_are_whole(source):
        raise _damaged(source)
    with path.open("rb") as file:
        return tuple(pickle.load(file, encoding="latin1")[kind.meta["key"]])


def has_files(source: str) -> bool:
    """Whether all files of a data set are there; their content is checked when they are read."""
    kind = dataset_class(source)
    names = [name for name, _ in kind.train_list + kind.test_list] + [kind.meta["filename"]]
    return all((_folder(source) / name).is_file() for name in names)


def require_files(source: str) -> None:
    """Raises SpecError that says how to get a data set, unless its files are there."""
    if not has_files(source):
        raise SpecError(
            f"{source} is not in {data_root()}: get it with python -m invariance download {source} (170 MB)"
        )


def repair_class_names(source: str) -> None:
    """Makes the next download unpack the archive again if the file of class names is missing or damaged."""
    if not _names_are_whole(source):
        # torchvision looks only at the files of pictures before it decides whether to unpack.
        (_folder(source) / dataset_class(source).test_list[0][0]).unlink(missing_ok=True)


def _names_are_whole(source: str) -> bool:
    from torchvision.datasets.utils import check_integrity

    meta = dataset_class(source).meta
    return bool(check_integrity(_folder(source) / meta["filename"], meta["md5"]))


def _folder(source: str) -> Path:
    return data_root() / str(dataset_class(source).base_folder)


def _damaged(source: str) -> SpecError:
    return SpecError(
        f"{_folder(source)}: a file of {source} is damaged (its MD5 sum is not the published one); "
        f"replace it with python -m invariance download {source}"
    )


def _hold_out(labels: Tensor) -> tuple[Tensor, Tensor]:
    """Positions of all but the last tenth of each class, and of the last tenth."""
    kept, held = [], []
    for label in labels.unique():
        positions = torch.nonzero(labels == label)[:, 0]
        num = max(1, len(positions) // VALIDATION_SHARE)
        kept.append(positions[:-num])
        held.append(positions[-num:])
    return torch.cat(kept).sort().values, torch.cat(held).sort().values


def _resize(pictures: Tensor, image_size: int) -> Tensor:
    if image_size == CIFAR_SIZE:
        return pictures
    resized = torch.empty(len(pictures), 3, image_size, image_size, dtype=torch.uint8)
    for start in range(0, len(pictures), _RESIZE_BATCH):
        batch = pictures[start : start + _RESIZE_BATCH].float()
        batch = F.interpolate(batch, size=(image_size, image_size), mode="bilinear", antialias=True)
        resized[start : start + _RESIZE_BATCH] = batch.round().clamp(0, 255).to(torch.uint8)
    return resized
