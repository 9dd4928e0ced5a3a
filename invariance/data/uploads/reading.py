"""Bytes that anybody may have sent, to a small picture; or one line that says why not.

What a file claims about itself is checked before any pixel is decoded, and nothing of the file is kept but its
pixels: no metadata, no position, no colour profile, no archive behind the picture, not even its name.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from io import BytesIO
from typing import Final

import numpy as np
from PIL import Image, ImageFile, UnidentifiedImageError
from PIL.PngImagePlugin import PngImageFile

from invariance.data.picture_files import DAMAGED, check_complete, eight_bits, quiet_about_metadata, turn_of
from invariance.data.uploads.names import display_title
from invariance.data.uploads.packed import Packed
from invariance.spec import SpecError

FORMATS: Final = ("PNG", "JPEG", "WEBP")
MAX_BYTES: Final = 20 * 2**20
MAX_PIXELS: Final = 25_000_000
MAX_SIDE_PX: Final = 10_000
MIN_SIDE_PX: Final = 16
MAX_ASPECT: Final = 20
WORKING_PX: Final = 640
"""Longest side of what is returned: more than a data set stores, and small enough to mask in a moment."""

_DECODING: Final = threading.Semaphore(2)
"""A whole class may upload at once, and one picture may take 100 MB while it is decoded."""
_ACCEPTED: Final = "PNG, JPEG and WebP are accepted"
_SIGNATURES: Final[tuple[tuple[bytes, int, str], ...]] = (
    (b"GIF8", 0, "a GIF"),
    (b"BM", 0, "a BMP"),
    (b"II*\0", 0, "a TIFF"),
    (b"MM\0*", 0, "a TIFF"),
    (b"%PDF", 0, "a PDF"),
    (b"%!PS", 0, "an EPS or PostScript file"),
    (b"PK\3\4", 0, "a ZIP archive"),
    (b"ftyphei", 4, "a HEIC photograph"),
    (b"ftypmif1", 4, "a HEIC photograph"),
    (b"ftypavif", 4, "an AVIF"),
)
"""Start of a file, where it stands, and what such a file is: for the message alone."""


@dataclass(frozen=True)
class UploadedPicture:
    """A picture that was checked.

    Attributes:
        packed: the picture.
        title: the given name made fit for showing; never a path, never markup's business.
        notes: what was changed on the way, short sentences.
    """

    packed: Packed
    title: str
    notes: tuple[str, ...] = ()

    @property
    def picture(self) -> Image.Image:
        """``RGB``, or ``RGBA`` (straight alpha) where the file had any transparency; 8 bits, sRGB values as stored.

        Upright, at most :data:`WORKING_PX` wide and high, without metadata.
        """
        return self.packed.unpacked()


def read_upload(data: bytes, name: str) -> UploadedPicture:
    """Checks and decodes one file.

    Args:
        data: the whole file.
        name: as the browser gave it; used for messages and the title only.

    Raises:
        SpecError: the file is too large, or not a whole picture of an accepted kind and size.
    """
    title = display_title(name)
    if not data:
        raise SpecError(f"{title}: the file is empty; {_ACCEPTED}, choose another file")
    if len(data) > MAX_BYTES:
        raise SpecError(
            f"{title}: {len(data) / 2**20:.0f} MB; at most {MAX_BYTES // 2**20} MB are accepted, save it smaller"
        )
    try:
        with _opened(data) as image:
            _check_size(title, image.size)
            image.verify()  # checksums of a PNG, which decoding alone would not look at; it uses the image up
        with _DECODING, _opened(data) as image:
            if isinstance(image, PngImageFile):
                check_complete(image, data)
            picture, notes = _decode(image, title)
    except SpecError:
        raise
    except Image.DecompressionBombError as error:
        raise SpecError(f"{title}: {_too_many_pixels()}") from error
    except UnidentifiedImageError as error:
        raise SpecError(f"{title}: is {_kind_of(data)}; {_ACCEPTED}, save or export it as one of them") from error
    except DAMAGED as error:
        raise SpecError(
            f"{title}: the file is damaged or cut short; {_ACCEPTED}, save it again or choose another"
        ) from error
    except MemoryError as error:
        raise SpecError(f"{title}: takes more memory than there is; save it smaller") from error
    return UploadedPicture(Packed.of(picture), title, notes)


def has_transparency(picture: Image.Image) -> bool:
    """Whether a picture is cut out: at least 0.5 % of it is clear, and at least 0.5 % is not."""
    if picture.mode != "RGBA":
        return False
    clear = float((np.asarray(picture.getchannel("A")) < 128).mean())
    return 0.005 <= clear <= 0.995


def _opened(data: bytes) -> ImageFile.ImageFile:
    with quiet_about_metadata():
        return Image.open(BytesIO(data), formats=FORMATS)


def _check_size(title: str, size: tuple[int, int]) -> None:
    width, height = size
    said = f"{title}: {width} x {height} pixels"
    if min(size) < MIN_SIDE_PX:
        raise SpecError(f"{said}; each side must have at least {MIN_SIDE_PX}, choose a larger picture")
    if max(size) > MAX_SIDE_PX:
        raise SpecError(f"{said}; at most {MAX_SIDE_PX} a side are accepted, save it smaller")
    if width * height > MAX_PIXELS:
        raise SpecError(f"{said}; {_too_many_pixels()}")
    if max(size) > MAX_ASPECT * min(size):
        raise SpecError(f"{said}; one side may be at most {MAX_ASPECT} times the other, crop it")


def _too_many_pixels() -> str:
    return f"at most {MAX_PIXELS // 10**6} megapixels are accepted, save it smaller"


def _decode(image: ImageFile.ImageFile, title: str) -> tuple[Image.Image, tuple[str, ...]]:
    notes = []
    if getattr(image, "is_animated", False):
        notes.append("holds several pictures: the first is used")
    if isinstance(image, PngImageFile) and any(";16" in str(tile[3]) for tile in image.tile):
        notes.append("16 bits a channel: brought to 8")
    image.draft(None, (WORKING_PX, WORKING_PX))  # a JPEG is decoded at a half, a quarter or an eighth of its size
    small = eight_bits(image, title)
    if turn_of(image) is not None:
        notes.append("turned upright as its EXIF orientation says")
    small.thumbnail((WORKING_PX, WORKING_PX), Image.Resampling.BICUBIC, reducing_gap=2.0)
    # A picture that is made anew from its pixels carries none of what else was in the file.
    return Image.fromarray(np.array(small)), tuple(notes)


def _kind_of(data: bytes) -> str:
    """What a file that Pillow does not know seems to be."""
    for signature, start, kind in _SIGNATURES:
        if data[start : start + len(signature)] == signature:
            return kind
    text = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in text:
        return "an SVG drawing"
    return "a web page or text" if text.startswith((b"<!doctype", b"<html", b"<?xml")) else "no picture that is known"
