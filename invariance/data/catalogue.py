"""Where objects and backgrounds come from, and how their pictures become tensors.

The built-in catalogue is a folder in the SI-Score layout like any other (``foregrounds/<class>/<view>``, flat
``backgrounds``), drawn by :mod:`tools.catalogue` and shipped with the package.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from invariance.data.kept_pictures import kept
from invariance.data.picture_contents import resolve_source as resolve_source
from invariance.data.picture_files import open_image
from invariance.data.picture_folders import (
    ENDINGS_TEXT,
    Classes,
    Survey,
    classes_of,
    composed,
    folder_of,
    in_short,
    is_folder,
    named,
    require_classes,
    survey,
)
from invariance.data.random import STREAMS, Draws, permutation, unit_field
from invariance.data.read_once import read_once
from invariance.data.sources.hub import downloaded_hub_folder, hub_repository
from invariance.data.sources.layout import SPLIT_NAMES
from invariance.data.sources.pictures import picture_class_names
from invariance.data.transforms.frame import Frame
from invariance.spec import SpecError
from invariance.spec.sources import CIFAR_SOURCES, FOLDER_PREFIX, place_of

BUILTIN = Path(__file__).parent / "builtin"
NUM_NOISE_CLASSES = 61
_HOLDERS = ("foregrounds", "backgrounds", *(name for names in SPLIT_NAMES.values() for name in names))
"""What a folder around the classes may be called, and a class hardly ever."""


@dataclass(frozen=True)
class Objects:
    """The object pictures of a data set.

    Attributes:
        class_names: K names in label order.
        pictures: (K, P, 4, S, S) float32, premultiplied; 0.7 of the canvas, centred.
        counts: (K,) int64, how many of the P pictures each class has.
        file_names: for each class those of its pictures, without folders; none where there are no files.
    """

    class_names: tuple[str, ...]
    pictures: Tensor
    counts: Tensor
    file_names: tuple[tuple[str, ...], ...] = ()


def is_picture_source(source: str) -> bool:
    """Whether a source holds whole pictures with classes and splits of their own."""
    return source in CIFAR_SOURCES or source.startswith(FOLDER_PREFIX)


def class_names(objects: str) -> tuple[str, ...]:
    """All classes of a source, sorted by name.

    Args:
        objects: any value of ``DatasetSpec.objects``.

    Raises:
        SpecError: the source is missing or holds no class.
    """
    if is_picture_source(objects):
        return picture_class_names(objects)
    if objects == "noise":
        return tuple(f"noise-{number:02d}" for number in range(NUM_NOISE_CLASSES))
    return tuple(object_classes(objects))


def choose_classes(objects: str, num: int, seed: int) -> tuple[str, ...]:
    """``num`` classes of a source picked at random by ``seed``, sorted.

    Raises:
        SpecError: the source has fewer, or ``num`` is below 2.
    """
    names = class_names(objects)
    if not 2 <= num <= len(names):
        raise SpecError(f"num_classes = {num}: {in_short(objects)} has {len(names)}; choose from 2 to {len(names)}")
    return tuple(sorted(names[position] for position in permutation(len(names), seed=seed)[:num].tolist()))


def load_objects(objects: str, *, classes: Sequence[str], image_size: int, num_prototypes: int) -> Objects:
    """Reads the objects of a data set.

    Args:
        objects: ``builtin``, ``noise``, ``hub:<owner>/<name>``, or a folder in the SI-Score layout.
        classes: names to use, in label order; empty means all.
        image_size: canvas side in pixels.
        num_prototypes: images for each class, the first ones in sorted order; classes with fewer give what they have.

    Raises:
        SpecError: a class is unknown, or a file is no image with transparency.
    """
    known = class_names(objects)
    classes = [composed(name) for name in classes]
    if unknown := [name for name in classes if name not in known]:
        raise SpecError(f"unknown class {unknown[0]!r}: {in_short(objects)} has {named(known)}")
    names = tuple(classes) or known
    if objects == "noise":
        pictures = _noise_objects([known.index(name) for name in names], image_size, num_prototypes)
        return Objects(names, pictures, torch.full((len(names),), num_prototypes))
    found = object_classes(objects)
    files = [found[name][:num_prototypes] for name in names]
    counts = torch.tensor([len(group) for group in files])
    pictures = torch.zeros(len(names), int(counts.max()), 4, image_size, image_size)
    read = _read_builtin_object if objects == "builtin" else read_object
    for label, group in enumerate(files):
        for prototype, picture in enumerate(group):
            pictures[label, prototype] = read(picture.path, image_size)
    return Objects(names, pictures, counts, tuple(tuple(picture.file_name for picture in group) for group in files))


def load_backgrounds(backgrounds: str, *, image_size: int) -> Tensor | None:
    """Reads the backgrounds: (N, 3, S, S) float32 in [0, 1], or None for fresh noise in every sample.

    Args:
        backgrounds: ``builtin``, ``noise``, ``hub:<owner>/<name>``, a folder of images, or ``#rrggbb``.
        image_size: side in pixels; pictures give their largest top-left square.

    Raises:
        SpecError: the folder is missing or empty, or a file is no image.
    """
    if backgrounds == "noise":
        return None
    if backgrounds.startswith("#"):
        colour = torch.tensor([int(backgrounds[start : start + 2], 16) / 255 for start in (1, 3, 5)])
        return colour[None, :, None, None].repeat(1, 1, image_size, image_size)
    if backgrounds == "builtin":
        return _read_builtin_backgrounds(image_size)
    return torch.stack([read_background(path, image_size) for path in background_files(backgrounds)])


def background_names(backgrounds: str) -> tuple[str, ...]:
    """What each background of :func:`load_backgrounds` is called: its file without the folder, or the colour.

    Raises:
        SpecError: the folder is missing or empty.
    """
    if backgrounds == "noise":
        return ()
    if backgrounds.startswith("#"):
        return (backgrounds,)
    return tuple(picture.file_name for picture in survey_backgrounds(backgrounds).pictures)


def background_files(backgrounds: str) -> list[Path]:
    """The files of :func:`load_backgrounds`, in its order; those of ``builtin`` are named ``<family>-<number>``.

    Raises:
        SpecError: the folder is missing or empty.
    """
    return [picture.path for picture in survey_backgrounds(backgrounds).pictures]


def survey_objects(objects: str) -> Survey:
    """What is under a folder of cut-outs; the arguments and errors are those of :func:`class_names`."""
    accepted = "builtin, noise, cifar10, cifar100, hub, images:<folder> or a folder <class>/<image>.png"
    return _surveyed("objects", objects, "foregrounds", accepted)


def object_classes(objects: str) -> Classes:
    """The cut-outs of a folder by class; those in folders below belong to the topmost one.

    Raises:
        SpecError: the folder is missing, holds fewer than 2 classes, or holds them further down.
    """
    found = survey_objects(objects)
    tops, source = found.tops, f"objects = {in_short(objects)}"
    holders = [top for name in _HOLDERS for top in tops if top.casefold() == name]
    if holders and len(holders) == len(tops) and any(picture.name.count("/") > 1 for picture in found.pictures):
        raise SpecError(
            f"{source}: holds {named(holders)}, which are no classes; give {place_of(objects)}/{holders[0]}"
        )
    require_classes(source, classes_of(tops), (*found.left_out, *found.loose), "<class>/<image>.png with transparency")
    return classes_of(tops)


def survey_backgrounds(backgrounds: str) -> Survey:
    """What is under a folder of backgrounds; the arguments and errors are those of :func:`background_files`."""
    accepted = "builtin, noise, #rrggbb, cifar10, cifar100, hub, images:<folder> or a folder of images"
    found = _surveyed("backgrounds", backgrounds, "backgrounds", accepted)
    if not found.pictures:
        raise SpecError(f"backgrounds = {in_short(backgrounds)}: no image in it; expected files {ENDINGS_TEXT}")
    if {"foregrounds", "backgrounds"} <= set(found.tops):
        raise SpecError(
            f"backgrounds = {in_short(backgrounds)}: holds objects too; give {place_of(backgrounds)}/backgrounds"
        )
    return found


@read_once
def read_object(path: Path, image_size: int) -> Tensor:
    """One object on its canvas, see :func:`place_object`.

    Raises:
        SpecError: no readable image, or none of its pixels is transparent, or all are.
    """
    return _on_canvas(_object_bytes(path, image_size), image_size)


def place_object(rgba: Image.Image, image_size: int) -> Tensor:
    """An object on its canvas: (4, S, S) float32 premultiplied.

    As published: resized to the canvas (bilinear, aspect not kept), then shrunk to 0.7 (bicubic) and centred.
    """
    return _on_canvas(_shrunk(rgba, image_size), image_size)


@read_once
def read_background(path: Path, image_size: int) -> Tensor:
    """The largest top-left square of a picture: (3, S, S) float32 in [0, 1].

    Raises:
        SpecError: no readable image.
    """
    return torch.from_numpy(_background_bytes(path, image_size).astype(np.float32) / 255.0).permute(2, 0, 1)


@kept
def _object_bytes(path: Path, image_size: int) -> NDArray[np.uint8]:
    rgba = open_image(path).convert("RGBA")
    lowest, highest = rgba.getchannel("A").getextrema()
    if lowest == 255:
        raise SpecError(
            f"{path}: no transparent pixel; an object needs an alpha channel that cuts it out, and whole "
            "pictures are given as images:<folder>"
        )
    if highest == 0:
        raise SpecError(f"{path}: every pixel is transparent; an object needs some that are seen")
    return _shrunk(rgba, image_size)


def _shrunk(rgba: Image.Image, image_size: int) -> NDArray[np.uint8]:
    """The part of the canvas that an object fills: (W, W, 4), straight alpha."""
    width = Frame.of_object(image_size).width
    # Pillow resizes RGBA premultiplied, so clear pixels lend no colour to the edge.
    full = rgba.resize((image_size, image_size), Image.Resampling.BILINEAR)
    return np.array(full.resize((width, width), Image.Resampling.BICUBIC))


def _on_canvas(small: NDArray[np.uint8], image_size: int) -> Tensor:
    pixels = torch.from_numpy(small.astype(np.float32) / 255.0).permute(2, 0, 1)
    return Frame.of_object(image_size).on_canvas(torch.cat((pixels[:3] * pixels[3:], pixels[3:])))


@kept
def _background_bytes(path: Path, image_size: int) -> NDArray[np.uint8]:
    image = open_image(path).convert("RGB")
    side = min(image.size)
    return np.array(image.crop((0, 0, side, side)).resize((image_size, image_size), Image.Resampling.BILINEAR))


def _surveyed(role: str, source: str, configuration: str, accepted: str) -> Survey:
    """What is under a folder of pictures; raises SpecError where there is none, which names what is accepted."""
    folder = BUILTIN / configuration if source == "builtin" else _folder(source, configuration)
    if not is_folder(folder):
        raise SpecError(f"{role} = {in_short(source)}: no such folder that can be read; give {accepted}")
    return _surveyed_builtin(folder) if source == "builtin" else survey(folder)


def _folder(source: str, configuration: str) -> Path:
    """A folder as it was named, or the local copy of a set on the Hub."""
    if (repository := hub_repository(source)) is not None:
        return downloaded_hub_folder(repository, configuration)
    return folder_of(source)


def _noise_objects(numbers: list[int], image_size: int, num_prototypes: int) -> Tensor:
    """Squares of colour noise, one fixed pattern for each class and prototype whatever the seed of the data set."""
    frame = Frame.of_object(image_size)
    index = torch.tensor([number * 2**20 + prototype for number in numbers for prototype in range(num_prototypes)])
    pattern = unit_field(Draws(0, index, STREAMS["object_noise"]).fields(), (3, frame.width, frame.width))
    opaque = torch.cat((pattern, torch.ones_like(pattern[:, :1])), dim=1)
    return frame.on_canvas(opaque).unflatten(0, (len(numbers), num_prototypes))


# The built-in files never change while the program runs, and a page asks for them again and again.
_read_builtin_object = lru_cache(maxsize=4096)(read_object)
_surveyed_builtin = lru_cache(maxsize=2)(survey)


@lru_cache(maxsize=4)
def _read_builtin_backgrounds(image_size: int) -> Tensor:
    return torch.stack([read_background(path, image_size) for path in background_files("builtin")])
