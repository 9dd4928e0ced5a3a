"""One uploaded picture as a network gets it: an object to paste, or a whole image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from invariance.data.catalogue import BUILTIN, place_object
from invariance.data.engine import Engine
from invariance.data.magnitude_way import picture_at, picture_way
from invariance.data.preview import clean_backgrounds
from invariance.data.uploads.collection import square_background, square_cutout
from invariance.data.uploads.packed import Packed
from invariance.data.uploads.reading import UploadedPicture

EXAMPLES: Final = ("lighthouse", "ladybird", "rocket", "octopus", "teapot", "bee", "guitar", "waterfall")
"""Built-in pictures for people who have none at hand: four of classes that the gallery's transfers learnt, three that
they never saw and can only call by the nearest name, and a whole scene."""

_SCENE: Final = "waterfall"


@dataclass(frozen=True)
class OnePicture:
    """A picture, how it is used, and what is behind it.

    Attributes:
        picture: ``RGBA`` with straight alpha for an object, else ``RGB`` or ``RGBA``.
        is_object: whether it is pasted like an object; otherwise it fills the image and is transformed whole.
        backgrounds: the data set whose backgrounds are used; its image size is that of the result.
        position: of the test sample whose background it is; of a whole picture it shows where that is moved away.
    """

    picture: Image.Image
    is_object: bool
    backgrounds: Engine
    position: int

    def way(self, transform: str, values: Mapping[str, float], *, draw: int = 0, num_steps: int = 1) -> Tensor:
        """The picture on its way to the transformed one, see :func:`~invariance.data.magnitude_way.picture_way`.

        Raises:
            SpecError: a value cannot be used, or nothing is left of the object.
        """
        return picture_way(*self._layers(), transform, values, draw=draw, num_steps=num_steps)

    def at(self, transform: str, settings: Sequence[Mapping[str, float]], *, draw: int = 0) -> Tensor:
        """The picture, then it at each of some settings, see :func:`~invariance.data.magnitude_way.picture_at`.

        Raises:
            SpecError: as for :meth:`way`.
        """
        return picture_at(*self._layers(), transform, settings, draw=draw)

    def _layers(self) -> tuple[Tensor, Tensor]:
        """What is transformed, and what it is pasted on."""
        engine = self.backgrounds
        rgba = (as_object if self.is_object else as_whole)(self.picture, engine.spec.image_size).to(engine.device)
        return rgba, clean_backgrounds(engine, engine.indices("test", 1) + self.position)


def as_object(picture: Image.Image, image_size: int) -> Tensor:
    """A cut-out on the canvas of a data set's objects.

    Args:
        picture: ``RGBA``, straight alpha.
        image_size: S, side in pixels.

    Returns:
        (1, 4, S, S) float32 in [0, 1], premultiplied.

    Raises:
        SpecError: nothing is left of it.
    """
    return place_object(square_cutout(picture), image_size)[None]


def as_whole(picture: Image.Image, image_size: int) -> Tensor:
    """The central square of a picture, opaque: what is transparent becomes white.

    Args:
        picture: ``RGB`` or ``RGBA``.
        image_size: S, side in pixels.

    Returns:
        (1, 4, S, S) float32 in [0, 1].
    """
    rgba = picture.convert("RGBA")
    flat = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
    square = square_background(flat).resize((image_size, image_size), Image.Resampling.BILINEAR, reducing_gap=3.0)
    rgb = torch.from_numpy(np.array(square, dtype=np.float32) / 255.0).permute(2, 0, 1)
    return torch.cat([rgb, torch.ones(1, image_size, image_size)])[None]


def example_picture(name: str) -> UploadedPicture:
    """One of :data:`EXAMPLES` as if it had been uploaded."""
    if name == _SCENE:
        (path, *_) = sorted((BUILTIN / "backgrounds").glob(f"*{_SCENE}*"))
    else:
        path = BUILTIN / "foregrounds" / name / "view-0.webp"
    with Image.open(path) as image:
        return UploadedPicture(Packed.of(image.convert("RGB" if name == _SCENE else "RGBA")), name)
