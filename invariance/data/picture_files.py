"""Picture files on disk: which there are, and reading one without trusting it."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, JpegImagePlugin, PngImagePlugin, UnidentifiedImageError, WebPImagePlugin

from invariance.spec import SpecError

MAX_PIXELS = 100_000_000
_MAX_SHOWN = 120

_READERS = (PngImagePlugin.PngImageFile, JpegImagePlugin.JpegImageFile, WebPImagePlugin.WebPImageFile)
_FORMATS = tuple(reader.format for reader in _READERS)
"""Named by the classes that read them: when one is not loaded, Pillow loads all the dozens that it has."""
_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def open_image(path: Path) -> Image.Image:
    """Reads a PNG, JPEG or WebP file, whatever its suffix says.

    Raises:
        SpecError: the file is none of them, damaged, or larger than ``MAX_PIXELS``.
    """
    try:
        with Image.open(path, formats=_FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise SpecError(
                    f"{path}: {image.width} x {image.height} pixels; at most {MAX_PIXELS // 10**6} megapixels are read"
                )
            image.load()
            return image
    except SpecError:
        raise
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise SpecError(f"{path}: cannot be read as PNG, JPEG or WebP; replace or remove it") from error


def is_folder(path: Path) -> bool:
    """Whether there is a folder that can be read; a name that no system could have is none."""
    try:
        return path.is_dir() and os.access(path, os.R_OK | os.X_OK)
    except (OSError, ValueError):
        return False


def in_short(source: str) -> str:
    """A folder as it was named, for a line: its end, which tells it from others, where it is long."""
    return source if len(source) <= _MAX_SHOWN else f"…{source[-_MAX_SHOWN:]}"


def images_of(folder: Path) -> list[Path]:
    """The image files directly in a folder, by suffix, sorted; hidden ones are not meant to be seen."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in _SUFFIXES and not path.name.startswith(".") and path.is_file()
    )


def upright(image: Image.Image) -> Image.Image:
    """A picture turned as its EXIF orientation says (Exif 2.32, tag 0x0112); as stored where that is unreadable."""
    try:
        turn = _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    # Metadata may be damaged in any way while the picture is whole; Pillow then raises one of these.
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, struct.error):
        return image
    return image if turn is None else image.transpose(turn)


def to_rgb(image: Image.Image) -> Image.Image:
    """An image of any mode as RGB. Pillow would clip 16-bit grey at 255; here 0 to 65535 becomes 0 to 255."""
    if image.mode.startswith("I"):
        grey = np.asarray(image).astype(np.float64) / 257.0
        image = Image.fromarray(grey.round().clip(0, 255).astype(np.uint8))
    return image.convert("RGB")
