"""Whole pictures from a folder ``<class>/<any>``, as torchvision's ImageFolder lays them out."""

from __future__ import annotations

from itertools import accumulate
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from invariance.data.kept_pictures import kept
from invariance.data.picture_files import open_image
from invariance.data.sources.layout import divide, layout_of
from invariance.data.sources.picture_set import PictureSet, check_memory

_REDUCING_GAP: Final = 3.0


def load_image_folder(source: str, folder: Path, *, image_size: int) -> PictureSet:
    """All pictures of a folder as squares of one size.

    A folder in that of a class belongs to it. With ``train/`` and ``test/`` (or ``val/``) inside, these are the splits,
    and a tenth of train is for validation unless there is a ``val/`` as well; for how else they may be called see
    :data:`~invariance.data.sources.layout.SPLIT_NAMES`. Otherwise each class is split 80 / 10 / 10 by a hash of the
    file names, so that a file stays in its split when others are added.

    Args:
        source: how the folder was asked for, for messages.
        folder: holds one folder for each class, or the splits.
        image_size: side in pixels.

    Raises:
        SpecError: the folder has another form, a class has too few pictures, or a picture cannot be read.
    """
    layout = layout_of(source, folder)
    groups = {
        split: [(label, picture) for label, part in enumerate(parts) for picture in part]
        for split, parts in divide(source, layout).items()
    }
    members = [member for group in groups.values() for member in group]
    check_memory(source, len(members), image_size)
    pictures = torch.empty(len(members), 3, image_size, image_size, dtype=torch.uint8)
    for position, (_, picture) in enumerate(members):
        pictures[position] = read_picture(picture.path, image_size)
    ends = list(accumulate(len(group) for group in groups.values()))
    splits = {
        split: torch.arange(end - len(group), end) for end, (split, group) in zip(ends, groups.items(), strict=True)
    }
    labels = torch.tensor([label for label, _ in members])
    file_names = tuple(picture.file_name for _, picture in members)
    return PictureSet(tuple(layout.classes), pictures, labels, splits, file_names)


def image_folder_class_names(source: str, folder: Path) -> tuple[str, ...]:
    """Names of the folders that hold pictures, sorted.

    Raises:
        SpecError: there is no such folder, or it holds fewer than 2 classes.
    """
    return tuple(layout_of(source, folder).classes)


def read_picture(path: Path, image_size: int) -> Tensor:
    """The largest centred square of a picture, upright as its EXIF data says: (3, S, S) uint8.

    Resized bilinearly, after whole-number reduction where the picture is more than three times too large. Transparency
    is dropped, as by torchvision's ImageFolder.

    Raises:
        SpecError: no readable image.
    """
    return torch.from_numpy(_picture_bytes(path, image_size).copy()).permute(2, 0, 1)


@kept
def _picture_bytes(path: Path, image_size: int) -> NDArray[np.uint8]:
    image = open_image(path).convert("RGB")
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    # Cropped first: resize(box=...) would let pixels outside the square into its edge.
    square = image.crop((left, top, left + side, top + side)).resize(
        (image_size, image_size), Image.Resampling.BILINEAR, reducing_gap=_REDUCING_GAP
    )
    return np.array(square)
