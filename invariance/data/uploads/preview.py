"""What a network would see of pictures that are not stored yet."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from invariance.data.engine import Engine
from invariance.data.preview import positions_of, samples
from invariance.data.uploads.collection import square_background, square_cutout, write_pictures
from invariance.data.uploads.packed import Packed
from invariance.spec import DatasetSpec


def composed_samples(
    cutouts: Sequence[Image.Image],
    backgrounds: Iterable[Image.Image],
    *,
    transforms: tuple[str, ...],
    image_size: int,
    num: int = 4,
) -> NDArray[np.uint8]:
    """``num`` samples by the data engine itself, the first cut-outs in turn, each drawn anew.

    Args:
        cutouts: at least one ``RGBA`` picture with something left of it.
        backgrounds: perhaps none, which means the built-in ones.
        transforms: the composition.
        image_size: side of a sample in pixels.
        num: samples; at least 2.

    Returns:
        (num, S, S, 3) uint8.

    Raises:
        SpecError: a cut-out is empty.
    """
    # Each picture is a class of its own here, so that each can be asked for.
    squares = (Packed.of(square_cutout(cutouts[number % len(cutouts)])) for number in range(num))
    objects = {f"{number:03d}": [square] for number, square in enumerate(squares)}
    with tempfile.TemporaryDirectory() as folder:
        grounds = [Packed.of(square_background(picture)) for picture in islice(backgrounds, num)]
        write_pictures(Path(folder), objects, grounds)
        spec = DatasetSpec(
            objects=str(Path(folder, "foregrounds")),
            backgrounds=str(Path(folder, "backgrounds")) if grounds else "builtin",
            transforms=transforms,
            image_size=image_size,
        )
        engine = Engine(spec)
    shown = [samples(engine, num=1, start=positions_of(engine, name, num=1, split="train")[0]) for name in objects]
    return np.concatenate([sample.images for sample in shown])
