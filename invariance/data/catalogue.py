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
from PIL import Image
from torch import Tensor

from invariance.data.picture_files import images_of, in_short, is_folder, open_image, to_rgb, upright
from invariance.data.random import STREAMS, Draws, permutation, unit_field
from invariance.data.read_once import read_once
from invariance.data.sources.hub import downloaded_hub_folder, hub_repository
from invariance.data.sources.pictures import CIFAR_SOURCES, FOLDER_PREFIX, picture_class_names
from invariance.data.sources.root import expand_user
from invariance.data.transforms.frame import Frame
from invariance.spec import SpecError

BUILTIN = Path(__file__).parent / "builtin"
NUM_NOISE_CLASSES = 61


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


def resolve_source(source: str) -> str:
    """A source as a spec should hold it: a folder becomes its absolute path, the same from wherever one asks."""
    if source in ("builtin", "noise", *CIFAR_SOURCES) or source.startswith("#"):
        return source
    if (repository := hub_repository(source)) is not None:
        return f"hub:{repository}"
    if source.startswith(FOLDER_PREFIX):
        return FOLDER_PREFIX + str(expand_user(source.removeprefix(FOLDER_PREFIX)).resolve())
    return str(expand_user(source).resolve())


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
    folder = _object_folder(objects)
    names = tuple(sorted(path.name for path in _visible(folder) if is_folder(path) and images_of(path)))
    if not names:
        raise SpecError(f"objects = {objects}: no class found; expected folders <class>/<image>.png with transparency")
    if len(names) < 2:
        raise SpecError(f"objects = {objects}: only 1 class ({names[0]}); at least 2 are needed, add another folder")
    return names


def choose_classes(objects: str, num: int, seed: int) -> tuple[str, ...]:
    """``num`` classes of a source picked at random by ``seed``, sorted.

    Raises:
        SpecError: the source has fewer, or ``num`` is below 2.
    """
    names = class_names(objects)
    if not 2 <= num <= len(names):
        raise SpecError(f"number of classes = {num}: {objects} has {len(names)}; choose from 2 to {len(names)}")
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
    if unknown := [name for name in classes if name not in known]:
        raise SpecError(f"unknown class {unknown[0]!r}: {objects} has {_shorten(known)}")
    names = tuple(classes) or known
    if objects == "noise":
        pictures = _noise_objects([known.index(name) for name in names], image_size, num_prototypes)
        return Objects(names, pictures, torch.full((len(names),), num_prototypes))
    folder = _object_folder(objects)
    files = [images_of(folder / name)[:num_prototypes] for name in names]
    counts = torch.tensor([len(group) for group in files])
    pictures = torch.zeros(len(names), int(counts.max()), 4, image_size, image_size)
    read = _read_builtin_object if objects == "builtin" else read_object
    for label, group in enumerate(files):
        for prototype, path in enumerate(group):
            pictures[label, prototype] = read(path, image_size)
    return Objects(names, pictures, counts, tuple(tuple(path.name for path in group) for group in files))


def load_backgrounds(backgrounds: str, *, image_size: int) -> Tensor | None:
    """Reads the backgrounds: (N, 3, S, S) float32 in [0, 1], or None for fresh noise in every sample.

    Args:
        backgrounds: ``builtin``, ``noise``, ``hub:<owner>/<name>``, a flat folder of images, or ``#rrggbb``.
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
    return tuple(path.name for path in background_files(backgrounds))


def background_files(backgrounds: str) -> list[Path]:
    """The files of :func:`load_backgrounds`, in its order; those of ``builtin`` are named ``<family>-<number>``.

    Raises:
        SpecError: the folder is missing or empty.
    """
    folder = BUILTIN / "backgrounds" if backgrounds == "builtin" else _folder(backgrounds, "backgrounds")
    if not is_folder(folder):
        raise SpecError(
            f"backgrounds = {in_short(backgrounds)}: no such folder that can be read; give builtin, noise, #rrggbb, "
            "cifar10, cifar100, hub, images:<folder> or a folder of images"
        )
    files = images_of(folder)
    if not files:
        raise SpecError(
            f"backgrounds = {backgrounds}: no image in it; expected .png, .jpg or .webp files directly inside"
        )
    return files


@read_once
def read_object(path: Path, image_size: int) -> Tensor:
    """One object on its canvas, see :func:`place_object`.

    Raises:
        SpecError: no readable image, or it has no transparent pixel.
    """
    image = upright(open_image(path))
    # Palette and grey images may carry their transparency outside an alpha channel; converting brings it in.
    rgba = image.convert("RGBA")
    if rgba.getchannel("A").getextrema()[0] == 255:
        raise SpecError(f"{path}: no transparent pixel; an object needs an alpha channel that cuts it out")
    return place_object(rgba, image_size)


def place_object(rgba: Image.Image, image_size: int) -> Tensor:
    """An object on its canvas: (4, S, S) float32 premultiplied.

    As published: resized to the canvas (bilinear, aspect not kept), then shrunk to 0.7 (bicubic) and centred.
    """
    frame = Frame.of_object(image_size)
    # Pillow resizes RGBA premultiplied, so clear pixels lend no colour to the edge.
    full = rgba.resize((image_size, image_size), Image.Resampling.BILINEAR)
    small = full.resize((frame.width, frame.width), Image.Resampling.BICUBIC)
    pixels = torch.from_numpy(np.array(small, dtype=np.float32) / 255.0).permute(2, 0, 1)
    return frame.on_canvas(torch.cat((pixels[:3] * pixels[3:], pixels[3:])))


@read_once
def read_background(path: Path, image_size: int) -> Tensor:
    """The largest top-left square of a picture: (3, S, S) float32 in [0, 1].

    Raises:
        SpecError: no readable image.
    """
    image = to_rgb(upright(open_image(path)))
    side = min(image.size)
    square = image.crop((0, 0, side, side)).resize((image_size, image_size), Image.Resampling.BILINEAR)
    return torch.from_numpy(np.array(square, dtype=np.float32) / 255.0).permute(2, 0, 1)


def _object_folder(objects: str) -> Path:
    folder = BUILTIN / "foregrounds" if objects == "builtin" else _folder(objects, "foregrounds")
    if not is_folder(folder):
        raise SpecError(
            f"objects = {in_short(objects)}: no such folder that can be read; give builtin, noise, cifar10, cifar100, "
            "hub, images:<folder> or a folder <class>/<image>.png"
        )
    return folder


def _visible(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if not path.name.startswith(".")]


def _folder(source: str, configuration: str) -> Path:
    """A folder as it was named, or the local copy of a set on the Hub."""
    if (repository := hub_repository(source)) is not None:
        return downloaded_hub_folder(repository, configuration)
    return expand_user(source)


def _noise_objects(numbers: list[int], image_size: int, num_prototypes: int) -> Tensor:
    """Squares of colour noise, one fixed pattern for each class and prototype whatever the seed of the data set."""
    frame = Frame.of_object(image_size)
    index = torch.tensor([number * 2**20 + prototype for number in numbers for prototype in range(num_prototypes)])
    pattern = unit_field(Draws(0, index, STREAMS["object_noise"]).fields(), (3, frame.width, frame.width))
    opaque = torch.cat((pattern, torch.ones_like(pattern[:, :1])), dim=1)
    return frame.on_canvas(opaque).unflatten(0, (len(numbers), num_prototypes))


# The built-in files never change while the program runs, and a page asks for them again and again.
_read_builtin_object = lru_cache(maxsize=4096)(read_object)


@lru_cache(maxsize=4)
def _read_builtin_backgrounds(image_size: int) -> Tensor:
    return torch.stack([read_background(path, image_size) for path in background_files("builtin")])


def _shorten(names: Sequence[str], limit: int = 12) -> str:
    listed = ", ".join(names[:limit])
    return listed if len(names) <= limit else f"{listed} and {len(names) - limit} more"
