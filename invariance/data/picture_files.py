"""Picture files on disk: which there are, and reading one without trusting it."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, UnidentifiedImageError

from invariance.spec import SpecError

MAX_PIXELS = 100_000_000

_FORMATS = ("PNG", "JPEG", "WEBP")
_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


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


def images_of(folder: Path) -> list[Path]:
    """The image files directly in a folder, by suffix, sorted."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES and path.is_file())
