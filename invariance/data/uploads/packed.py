"""Pictures that wait in memory: packed without loss, since decoded ones take four bytes a pixel."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Final

from PIL import Image

_LEVEL: Final = 1
"""Of compression: 30 ms for a picture of 640 x 480, which is unpacked in 10."""


@dataclass(frozen=True)
class Packed:
    """A picture as the bytes of a PNG.

    Attributes:
        png: the bytes.
    """

    png: bytes

    @classmethod
    def of(cls, picture: Image.Image) -> Packed:
        """Packs a picture, ``RGB`` or ``RGBA``."""
        buffer = BytesIO()
        picture.save(buffer, "PNG", compress_level=_LEVEL)
        return cls(buffer.getvalue())

    def unpacked(self) -> Image.Image:
        """The picture, pixel for pixel, also where it is clear."""
        with Image.open(BytesIO(self.png), formats=("PNG",)) as image:
            return image.copy()
