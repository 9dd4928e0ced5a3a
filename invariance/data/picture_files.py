"""One picture file, read without trusting it: eight bits a channel, upright, whatever its format and mode.

What a mode means is decided here once, for folders and for uploads: grey of 16 bits is scaled and not clipped, a
colour that stands for clear becomes alpha, palettes and CMYK become colours. Values are sRGB as stored; colour profiles
are not applied.
"""

from __future__ import annotations

import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import (
    BmpImagePlugin,
    ExifTags,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from invariance.spec import SpecError

MAX_PIXELS = 100_000_000
SUFFIXES: Final = {
    "PNG": (".png",),
    "JPEG": (".jpg", ".jpeg", ".jfif"),
    "WEBP": (".webp",),
    "BMP": (".bmp",),
    "TIFF": (".tif", ".tiff"),
}
"""Formats that are read and the endings of their files, in lower case; what is written gets the first."""
FORMATS_TEXT: Final = "PNG, JPEG, WebP, BMP or TIFF"
DAMAGED: Final = (
    OSError,
    struct.error,
    zlib.error,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    EOFError,
    OverflowError,
)
"""What Pillow's decoders raise for broken files: not one family of exceptions."""

_READERS = (
    PngImagePlugin.PngImageFile,
    JpegImagePlugin.JpegImageFile,
    WebPImagePlugin.WebPImageFile,
    BmpImagePlugin.BmpImageFile,
    TiffImagePlugin.TiffImageFile,
)
_FORMATS = tuple(reader.format for reader in _READERS)
"""Named by the classes that read them: when one is not loaded, Pillow loads all the dozens that it has."""
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_KEY_BITS: Final = {"L;2": 2, "L;4": 4}
"""Bits of a PNG's grey that Pillow stretches to eight, while the grey that stands for clear stays as it was written."""
_PNG_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Values of a pixel for each colour type of a PNG (PNG specification, 11.2.1)."""
_UNPACKED_BYTES: Final = 2**20
"""Taken out of a PNG at once while its pixels are counted, so that counting takes no memory."""
_FILTERS = threading.RLock()


def open_image(path: Path) -> Image.Image:
    """Reads a file of one of the formats of :data:`SUFFIXES`, whatever its name says; of several pictures the first.

    Returns:
        ``RGB``, or ``RGBA`` with straight alpha where the file has any transparency; upright.

    Raises:
        SpecError: the file is none of them, damaged, of values that mean no colour, or larger than ``MAX_PIXELS``.
    """
    return _read(path)[0]


def ending_of(path: Path) -> str:
    """The ending that a file's format has, whatever its name says; SpecError as for :func:`open_image`."""
    return SUFFIXES[_read(path)[1]][0]


def _read(path: Path) -> tuple[Image.Image, str]:
    try:
        with quiet_about_metadata(), Image.open(path, formats=_FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise SpecError(
                    f"{path}: {image.width} x {image.height} pixels; at most {MAX_PIXELS // 10**6} megapixels are read"
                )
            # What phones and cameras call MPO is a JPEG with further pictures behind it.
            kind = "JPEG" if image.format == "MPO" else str(image.format)
            picture = eight_bits(image, str(path))
            if kind == "PNG" and image.crop((0, image.height - 1, *image.size)).getbbox() is None:
                check_complete(image, path.read_bytes())  # what is missing would be black, at the end
            return picture, kind
    except SpecError:
        raise
    except Image.DecompressionBombError as error:  # before its size can be asked for
        raise SpecError(f"{path}: too large; at most {MAX_PIXELS // 10**6} megapixels are read") from error
    except DAMAGED as error:
        raise SpecError(f"{path}: cannot be read as {FORMATS_TEXT}; replace or remove it") from error


def eight_bits(image: ImageFile.ImageFile, name: str) -> Image.Image:
    """The pixels of an opened picture, see :func:`open_image`.

    Args:
        image: not loaded yet.
        name: of the file, for messages.

    Raises:
        SpecError: its values mean no colour.
    """
    stored, is_png = str(image.tile[0][3]) if image.tile else "", image.format == "PNG"
    image.load()
    if image.mode == "F" or (image.mode == "I" and not is_png):
        raise SpecError(f"{name}: 32 bits a value, of which nobody knows what is white; save it with 8 or 16 bits")
    return _coloured(upright(image), stored)


def upright(image: Image.Image) -> Image.Image:
    """A loaded picture turned as :func:`turn_of` says."""
    turn = turn_of(image)
    return image if turn is None else image.transpose(turn)


def turn_of(image: Image.Image) -> Image.Transpose | None:
    """What brings a picture upright, by its EXIF orientation (Exif 2.32, tag 0x0112); None where that is unreadable."""
    try:
        with quiet_about_metadata():
            return _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    # Metadata may be damaged in any way while the picture is whole; Pillow then raises one of these.
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, struct.error):
        return None


@contextmanager
def quiet_about_metadata() -> Iterator[None]:
    """Keeps Pillow's warnings from the body: they are about metadata and size, which say nothing of the pixels.

    One thread at a time, since Python's filters of warnings are those of the whole process.
    """
    with _FILTERS, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def check_complete(image: Image.Image, data: bytes) -> None:
    """Refuses a PNG that holds fewer pixels than it says: Pillow would make the missing ones black.

    Raises:
        SyntaxError: as Pillow does for other damage.
    """
    bits = data[24] * _PNG_CHANNELS.get(data[25], 1)  # of IHDR, whose place and length are fixed
    needed = image.height * -(-image.width * bits // 8)
    unpack, found, position = zlib.decompressobj(), 0, 8
    while found < needed and not unpack.eof and position + 12 <= len(data):
        (length,) = struct.unpack(">I", data[position : position + 4])
        if data[position + 4 : position + 8] == b"IDAT":
            packed = data[position + 8 : position + 8 + length]
            while packed and found < needed:
                found += len(unpack.decompress(packed, _UNPACKED_BYTES))
                packed = unpack.unconsumed_tail
        position += length + 12
    if found < needed:
        raise SyntaxError(f"PNG of {needed} bytes ends after {found}")


def _coloured(image: Image.Image, stored: str) -> Image.Image:
    """A loaded picture in any of Pillow's modes as RGB or RGBA.

    Args:
        image: the picture.
        stored: how its file held the pixels, which tells in how many bits a colour that stands for clear is written.
    """
    if image.mode in ("LA", "PA", "RGBA", "La", "RGBa"):
        return image.convert("RGBA")
    key = image.info.get("transparency")
    if key is None:
        return _opaque(image)
    if image.mode == "P":
        return image.convert("RGBA")
    values = np.asarray(image)
    if image.mode == "1":
        clear = values == bool(key)
    elif image.mode == "RGB":
        clear = (values == [level >> 8 if ";16" in stored else level for level in key]).all(axis=-1)
    elif stored in _KEY_BITS:
        clear = values == key * 255 // (2 ** _KEY_BITS[stored] - 1)
    else:
        clear = values == key
    return _with_alpha(_opaque(image), np.where(clear, 0, 255).astype(np.uint8))


def _opaque(image: Image.Image) -> Image.Image:
    """A picture without transparency as RGB. Pillow would clip 16-bit grey at 255; here 0 to 65535 becomes 0 to 255."""
    if image.mode.startswith("I"):
        grey = np.asarray(image).astype(np.float64) / 257.0
        image = Image.fromarray(grey.round().clip(0, 255).astype(np.uint8))
    if image.mode == "LAB":
        from PIL import ImageCms

        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        return ImageCms.applyTransform(image, ImageCms.buildTransform(lab, srgb, "LAB", "RGB")) or image
    return image.convert("RGB")


def _with_alpha(image: Image.Image, alpha: NDArray[np.uint8]) -> Image.Image:
    rgba = image.convert("RGBA")
    rgba.putalpha(Image.fromarray(alpha))
    return rgba
