"""What networks are shown: whatever a caller has of images becomes the one engine that makes twins of them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from invariance.data.catalogue import is_picture_source, resolve_source
from invariance.data.engine import Engine, to_bytes
from invariance.data.picture_files import open_image
from invariance.data.picture_folders import (
    ENDINGS_TEXT,
    Picture,
    Survey,
    in_short,
    is_folder,
    survey,
    words_of_left_out,
)
from invariance.data.picture_summary import summary_line, warn_of_left_out
from invariance.data.random import permutation
from invariance.data.sources.image_folder import read_picture
from invariance.data.sources.picture_set import PictureSet, check_memory
from invariance.data.uploads.one_picture import as_whole
from invariance.library.transforms import Chosen
from invariance.library.work import AtWork, Networks, recorded_weights
from invariance.models import to_unit_range
from invariance.runs.locate import task_of
from invariance.spec import BEYOND_2D, FLAT_TRANSFORMS, DatasetSpec, PretrainSpec, SpecError, TransferSpec
from invariance.spec.checks import one_line, require, require_count
from invariance.training.checkpoint import weights_spec

ACCEPTED = (
    "None, a DatasetSpec, a folder of pictures, a tensor (N, 3, S, S) or an array (N, S, S, 3) with floats in [0, 1] "
    "or uint8, or a torch data set of (image, label)"
)
_SIDES = (8, 512)
_IMAGE_KEYS = ("image", "img")
"""What data sets of the Hub call it."""
Read = Callable[[int], tuple[Tensor, Any]]
"""From the number of a picture to the picture, (3, S, S) uint8, and its label, if any."""


def shown_images(
    images: Any, at: AtWork, chosen: Chosen, *, num: int, seed: int, each_its_own: bool = False
) -> tuple[Engine, int]:
    """An engine whose test split are the images of a caller.

    Args:
        images: see :func:`invariance.sens`.
        at: the networks that they are shown to, and where.
        chosen: what is done to them.
        num: images that are wanted.
        seed: of what is drawn; a ``DatasetSpec`` has its own.
        each_its_own: whether each whole picture is an object of its own, whatever its class.

    Returns:
        The engine, and how many images there are, at most ``num``.

    Raises:
        SpecError: the images cannot be used, or not with these transformations.
    """
    require_count("seed", seed, 0, 2**63 - 1)
    if is_data(images):
        return Engine(data_set(images, seed), at.device), num
    if beyond := [name for name, change in chosen.items() if change is None and name in BEYOND_2D]:
        raise SpecError(
            f"{beyond[0]} needs objects, and images are whole pictures: choose {', '.join(FLAT_TRANSFORMS)}"
        )
    pictures = pictures_of(images, at.models, num=num, seed=seed)
    there = len(pictures.pictures)
    require(there > 1, "number of images", there, "at least 2, of which random pairs can be formed")
    if each_its_own:
        pictures = replace(
            pictures, class_names=tuple(f"picture {n}" for n in range(there)), labels=torch.arange(there)
        )
    given = DatasetSpec(objects="images:given", image_size=pictures.pictures.shape[-1], seed=seed)
    return Engine.of_pictures(pictures, given, at.device), there


def is_data(images: Any) -> bool:
    """Whether images are a data set of this library: nothing (the built-in one), a spec, or the name of a source."""
    if images is None or isinstance(images, DatasetSpec):
        return True
    if isinstance(images, str) and (images in ("builtin", "noise") or is_picture_source(images)):
        return True
    return isinstance(images, str | Path) and _has_cutouts(_survey_of(images))


def data_set(images: Any, seed: int, *, why: str = "") -> DatasetSpec:
    """The data set that images are; what is left out of its folders is said in a warning.

    Args:
        images: of a caller.
        seed: of what is drawn.
        why: others cannot be used, for the error.

    Raises:
        SpecError: they are none, or have another seed than the one asked for, or transformations.
    """
    require_count("seed", seed, 0, 2**63 - 1)
    if not is_data(images):
        expected = f"expected None, a DatasetSpec or a folder of cut-out objects{f', {why}' if why else ''}"
        raise SpecError(f"images = {_told(images)}: {expected}")
    if isinstance(images, DatasetSpec):
        require(not images.transforms, "images.transforms", images.transforms, "none: what varies is chosen apart")
        data = with_seed(images, seed)
    else:
        data = DatasetSpec(objects="builtin" if images is None else resolve_source(str(images)), seed=seed)
    warn_of_left_out(data)
    return data


def task_data(images: Any, networks: Any, models: Networks, seed: int, *, why: str = "") -> DatasetSpec:
    """The data set on which decisions are explained.

    Args:
        images: a data set, or None for the task of the first network that was trained here.
        networks: as the caller named them.
        models: the same, loaded.
        seed: of the images; a task and a ``DatasetSpec`` have their own.
        why: as for :func:`data_set`.

    Raises:
        SpecError: as for :func:`data_set`, but for transformations.
    """
    if images is None:
        for path in recorded_weights(networks, models).values():
            spec = weights_spec(path)
            assert isinstance(spec, PretrainSpec | TransferSpec), "nothing else has weights"
            return with_seed(replace(spec.data, num_samples=None), seed)
        return replace(task_of([], None), seed=seed)
    if not isinstance(images, DatasetSpec):
        return data_set(images, seed, why=why)
    warn_of_left_out(images)
    return with_seed(images, seed)


def with_seed(spec: DatasetSpec, seed: int) -> DatasetSpec:
    """The same data; raises SpecError where another seed is asked for than the data has."""
    if seed not in (0, spec.seed):
        raise SpecError(
            f"seed = {seed}, and images have seed = {spec.seed}: a DatasetSpec and the task of a network have their "
            "own; leave the seed out, or give images that have it"
        )
    return spec


def _told(images: Any) -> str:
    return repr(images) if isinstance(images, str | Path) else type(images).__name__


def pictures_of(images: Any, models: Networks, *, num: int, seed: int) -> PictureSet:
    """At most so many pictures of what is no data set of this library, those of a large one picked by the seed.

    Raises:
        SpecError: they cannot be used.
    """
    side = max((model.resize_size or 0 for model in models.values()), default=0) or DatasetSpec.image_size
    images = as_tensor(images)
    if isinstance(images, Tensor):
        there = len(images) if images.dim() == 4 else 0
        values = _tensor_bytes(images, dim=4)

        def read(number: int) -> tuple[Tensor, Any]:
            return values[number], None

        names: Sequence[str] = ()
    elif isinstance(images, str | Path):
        found = _survey_of(images)
        if found.left_out:
            read_of = f"images {in_short(str(images))}: {len(found.pictures):,} pictures"
            warnings.warn(summary_line(read_of, found.left_out), stacklevel=2)
        names = sorted(set(map(_class_of, found.pictures)))
        there = len(found.pictures)

        def read(number: int) -> tuple[Tensor, Any]:
            picture = found.pictures[number]
            return read_picture(picture.path, side), names.index(_class_of(picture))
    else:
        is_listed = hasattr(images, "__getitem__") and hasattr(images, "__len__")
        if not is_listed or isinstance(images, Mapping):
            raise SpecError(f"images = {_told(images)}: expected {ACCEPTED}")
        names = tuple(map(str, getattr(images, "classes", ())))
        there = len(images)

        def read(number: int) -> tuple[Tensor, Any]:
            try:
                item = images[number]
            except Exception as error:  # whatever a data set of somebody else's raises
                raise SpecError(f"images[{number}] failed ({one_line(error, kind=True)}): mend the data set") from error
            return _item(item, side)

    require(there > 0, "number of images", there, "at least 1")
    numbers = range(there) if there <= num else permutation(there, seed=seed)[:num].sort().values.tolist()
    return _together([read(number) for number in numbers], names)


def _together(found: list[tuple[Tensor, Any]], names: Sequence[str]) -> PictureSet:
    """Pictures in one tensor, the same in every split."""
    shapes = {tuple(picture.shape) for picture, _ in found}
    if len(shapes) > 1:
        first, second, *_ = sorted(shapes)
        raise SpecError(f"images have the shapes {first} and {second}: bring all to one size")
    side = next(iter(shapes))[-1]
    check_memory("images", len(found), side)
    own = [label if isinstance(label, int) and label >= 0 else None for _, label in found]
    known = [label for label in own if label is not None]
    if len(known) < len(own) or (names and max(known) >= len(names)):
        names, own = ("",), [0] * len(found)  # of nothing that a network could name
    elif not names:
        names = tuple(map(str, range(max(known) + 1)))
    everything = torch.arange(len(found))
    return PictureSet(
        class_names=tuple(names),
        pictures=torch.stack([picture for picture, _ in found]),
        labels=torch.tensor(own),
        splits=dict.fromkeys(("train", "validation", "test"), everything),
    )


def _item(item: Any, side: int) -> tuple[Tensor, Any]:
    """One item of a torch data set; of the Hub's, which are mappings, what is called image and label."""
    if isinstance(item, Mapping):
        if (key := next((key for key in _IMAGE_KEYS if key in item), None)) is None:
            raise SpecError(f"images give a dict of {', '.join(map(str, item))}: expected image and label in it")
        item = item[key], item.get("label")
    image, label = (item[0], item[1] if len(item) > 1 else None) if isinstance(item, tuple | list) else (item, None)
    if isinstance(label, Tensor) and label.numel() == 1:
        label = label.item()
    if isinstance(image, Image.Image):
        return _square(image, side), label
    image = as_tensor(image)
    if not isinstance(image, Tensor):
        raise SpecError(
            f"images give a {type(image).__name__}: expected (image, label), the image PIL, (3, S, S) or an array"
        )
    return _tensor_bytes(image, dim=3), label


def _square(picture: Image.Image, side: int) -> Tensor:
    return to_bytes(as_whole(picture, side)[0, :3])


def _tensor_bytes(images: Tensor, *, dim: int) -> Tensor:
    """Images (N, 3, S, S), or one (3, S, S), as bytes on the CPU."""
    shape, form = tuple(images.shape), "(N, 3, S, S)" if dim == 4 else "(3, S, S)"
    if (
        images.dim() != dim
        or not len(images)
        or shape[-3] != 3
        or shape[-1] != shape[-2]
        or not _SIDES[0] <= shape[-1] <= _SIDES[1]
    ):
        raise SpecError(f"images have the shape {shape}: expected {form}, S from {_SIDES[0]} to {_SIDES[1]}")
    if images.dtype == torch.uint8:
        return images.cpu()
    return to_bytes(unit_images(images).cpu())


def as_tensor(images: Any) -> Any:
    """A NumPy array of images as a tensor, its channels before the sides; anything else as it is.

    Raises:
        SpecError: it holds no numbers.
    """
    if not isinstance(images, np.ndarray):
        return images
    try:
        found = torch.from_numpy(np.array(images, order="C"))
    except (TypeError, ValueError) as error:
        raise SpecError(f"images are an array of {images.dtype}: expected floats in [0, 1], or uint8") from error
    is_last = found.dim() in (3, 4) and found.shape[-1] == 3 != found.shape[-3]
    return found.movedim(-1, -3).contiguous() if is_last else found


def unit_images(images: Tensor) -> Tensor:
    """Images as float32 in [0, 1], from bytes or from floats that are; raises SpecError for others."""
    if images.dtype == torch.uint8:
        return to_unit_range(images)
    if not images.is_floating_point():
        raise SpecError(f"images are {images.dtype}: expected floats in [0, 1], or uint8")
    values = images.detach().to(torch.float32)
    if not bool(values.isfinite().all()):
        raise SpecError("images hold values that are not finite: expected floats in [0, 1]")
    low, high = float(values.min()), float(values.max())
    if low < 0.0 or high > 1.0:
        raise SpecError(
            f"images have values from {low:.3g} to {high:.3g}: expected floats in [0, 1]; leave normalisation to the "
            "network"
        )
    return values


def _survey_of(images: str | Path) -> Survey:
    """What is in a folder of pictures and in all below it."""
    folder = Path(images).expanduser()
    if not is_folder(folder):
        raise SpecError(f"images = {folder}: no such folder that can be read; expected {ACCEPTED}")
    found = survey(folder)
    if not found.pictures:
        left_out = words_of_left_out(found.left_out)
        told = f" (left out: {left_out})" if left_out else ""
        raise SpecError(f"images = {folder}: no picture found{told}; expected {ENDINGS_TEXT} in it or in folders of it")
    return found


def _class_of(picture: Picture) -> str:
    """The top folder that a picture is in; empty for none."""
    return picture.name.rpartition("/")[0].partition("/")[0]


def _has_cutouts(found: Survey) -> bool:
    """Whether pictures are objects to be pasted: in folders of classes, and clear somewhere."""
    last = found.pictures[-1]
    if not _class_of(last):
        return False
    image = open_image(last.path)
    return "A" in image.getbands() and image.getchannel("A").getextrema()[0] == 0
