"""Uploads: hostile, broken and odd files are one clear line or a plain picture; never more."""

from __future__ import annotations

import struct
import subprocess
import sys
import threading
import time
import tracemalloc
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from invariance.data.uploads import reading
from invariance.data.uploads.reading import MAX_BYTES, WORKING_PX, has_transparency, read_upload
from invariance.spec import SpecError

ROOT = Path(__file__).parents[3]


def saved(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def photograph(width: int = 120, height: int = 80) -> Image.Image:
    """Smooth colours that differ everywhere: red grows to the right, green downwards."""
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return Image.fromarray(np.stack([x, y, 255 - x], axis=-1).astype(np.uint8))


def flat_png(width: int, height: int, *, rows: int | None = None) -> bytes:
    """A PNG of one colour written row by row, so that making it takes no memory; ``rows`` are written, or all."""
    packer = zlib.compressobj(9)
    row = b"\0" + bytes(3 * width)
    body = b"".join(packer.compress(row) for _ in range(height if rows is None else rows)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def with_text_bomb() -> bytes:
    """A small PNG with a compressed text of 400 MB."""
    packer = zlib.compressobj(9)
    body = b"".join(packer.compress(bytes(2**20)) for _ in range(400)) + packer.flush()
    png = saved(photograph())
    return png[:33] + chunk(b"zTXt", b"Comment\0\0" + body) + png[33:]


def damaged_png() -> bytes:
    png = bytearray(saved(photograph()))
    png[80:160] = bytes(80)
    return bytes(png)


REFUSED: dict[str, tuple[Any, str]] = {
    "empty": (lambda: b"", "empty"),
    "one byte": (lambda: b"\x89", "no picture"),
    "html": (lambda: b"<!DOCTYPE html><html><body>x</body></html>", "web page"),
    "svg": (lambda: b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
    "eps": (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "EPS"),
    "gif": (lambda: saved(photograph(), "GIF"), "GIF"),
    "bmp": (lambda: saved(photograph(), "BMP"), "BMP"),
    "tiff of floats": (lambda: saved(Image.new("F", (32, 32), 0.5), "TIFF"), "TIFF"),
    "heic": (lambda: b"\0\0\0\x18ftypheic" + bytes(64), "HEIC"),
    "zip": (lambda: b"PK\3\4" + bytes(64), "ZIP"),
    "0 x 0": (lambda: flat_png(0, 0), "damaged|pixels|no picture"),
    "tiny": (lambda: flat_png(4, 400), "at least 16"),
    "50000 x 1": (lambda: flat_png(50_000, 1), "50000 x 1 pixels"),
    "long side": (lambda: flat_png(12_000, 20), "at most 10000 a side"),
    "narrow": (lambda: flat_png(4_000, 100), "20 times"),
    "26 megapixels": (lambda: flat_png(6_500, 4_000), "25 megapixels"),
    "100 megapixels": (lambda: flat_png(10_000, 10_000), "25 megapixels"),
    "too many bytes": (lambda: bytes(MAX_BYTES + 1), "20 MB"),
    "truncated jpeg": (lambda: saved(photograph(), "JPEG")[:-300], "cut short"),
    "truncated png": (lambda: saved(photograph())[:-200], "cut short"),
    "truncated webp": (lambda: saved(photograph(), "WEBP")[:-100], "cut short|no picture"),
    "damaged png": (damaged_png, "damaged"),
    "fewer rows than the header says": (lambda: flat_png(4_900, 4_900, rows=10), "damaged"),
    "one row fewer": (lambda: flat_png(100, 100, rows=99), "damaged"),
    "text bomb": (with_text_bomb, "damaged"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_one_line_that_says_what_is_accepted(case: str) -> None:
    make, reason = REFUSED[case]
    with pytest.raises(SpecError, match=reason) as caught:
        read_upload(make(), "my picture.jpg")
    line = str(caught.value)
    assert line.startswith("my picture.jpg: ") and "\n" not in line
    assert any(word in line for word in ("accepted", "may be at most", "at least")), line


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    """144 megapixels in 420 kB would be 432 MB: a process of its own says what it took at most."""
    bomb = flat_png(12_000, 12_000)
    assert len(bomb) < 500_000
    wide = struct.pack(
        ">II", 9_999, 9_999
    )  # a header within the limit of a side, so that the pixels are what is refused
    within = bomb[:16] + wide + bomb[24:29] + struct.pack(">I", zlib.crc32(b"IHDR" + wide + bomb[24:29])) + bomb[33:]
    code = (
        "import resource, sys, warnings\n"
        "warnings.simplefilter('ignore')\n"
        "from invariance.data.uploads.reading import read_upload\n"
        "from invariance.spec import SpecError\n"
        "data, before = sys.stdin.buffer.read(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: read_upload(data, 'x.png')\n"
        "except SpecError as error: print(error)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    for data, reason in ((bomb, "10000 a side"), (within, "25 megapixels")):
        done = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, check=True, cwd=ROOT)
        line, grown_kib = done.stdout.decode().splitlines()
        assert reason in line
        assert int(grown_kib) < 20_000


def test_a_text_bomb_takes_little_memory() -> None:
    bomb = with_text_bomb()
    tracemalloc.start()
    with pytest.raises(SpecError):
        read_upload(bomb, "x.png")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * 2**20


def test_the_zip_behind_a_picture_and_its_metadata_are_gone() -> None:
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as bundle:
        bundle.writestr("payload.txt", "hidden")
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    read = read_upload(saved(photograph(), "JPEG", exif=exif) + archive.getvalue(), "x.jpg")
    assert read.picture.mode == "RGB" and not read.picture.info
    again = saved(read.picture)
    assert not zipfile.is_zipfile(BytesIO(again)) and b"taken at home" not in again


def test_text_and_profile_of_a_png_are_gone() -> None:
    text = PngInfo()
    text.add_text("Author", "somebody")
    read = read_upload(saved(photograph(), pnginfo=text, icc_profile=b"profile"), "x.png")
    assert not read.picture.info


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_an_animation_gives_its_first_frame_and_says_so(kind: str) -> None:
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    read = read_upload(saved(frames[0], kind, save_all=True, append_images=frames[1:], lossless=True), "x")
    assert read.notes == ("holds several pictures: the first is used",)
    assert read.picture.getpixel((20, 20))[:3] == (255, 0, 0)


def test_16_bit_grey_is_divided_not_clipped() -> None:
    values = np.linspace(0, 65_535, 64).astype(np.uint16)
    read = read_upload(saved(Image.fromarray(np.tile(values, (64, 1)))), "x.png")
    assert read.notes == ("16 bits a channel: brought to 8",)
    expected = np.round(values / 257).astype(int)
    assert np.abs(np.asarray(read.picture)[0, :, 0].astype(int) - expected).max() <= 1
    assert len(np.unique(np.asarray(read.picture)[0, :, 0])) == 64


def test_grey_of_16_bits_that_stands_for_clear_cuts_the_object_out() -> None:
    values = np.where(np.arange(64) < 32, 0, 40_000).astype(np.uint16)
    read = read_upload(saved(Image.fromarray(np.tile(values, (64, 1))), transparency=0), "x.png")
    assert read.picture.getpixel((50, 9)) == (156, 156, 156, 255) and read.picture.getpixel((9, 9))[3] == 0


@pytest.mark.parametrize("orientation", range(1, 9))
def test_each_exif_orientation_is_brought_upright(orientation: int) -> None:
    """Against what Pillow itself does with the whole picture."""
    from PIL import ImageOps

    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(photograph(), "PNG", exif=exif)
    read = read_upload(data, "x.png")
    with Image.open(BytesIO(data)) as image:
        expected = ImageOps.exif_transpose(image)
    np.testing.assert_array_equal(np.asarray(read.picture), np.asarray(expected))
    assert bool(read.notes) == (orientation > 1)


def test_cmyk_becomes_rgb_of_the_same_look() -> None:
    data = saved(Image.new("RGB", (40, 40), (200, 40, 90)).convert("CMYK"), "JPEG", quality=95)
    colour = np.asarray(read_upload(data, "x.jpg").picture)[20, 20].astype(int)
    assert np.abs(colour - (200, 40, 90)).max() <= 6


def half_clear(mode: str) -> Image.Image:
    """Left half clear, right half orange (or its grey)."""
    picture = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    picture.paste((230, 140, 20, 255), (20, 0, 40, 40))
    return picture.quantize(8) if mode == "P" else picture.convert(mode)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_survives_in_every_form(mode: str) -> None:
    read = read_upload(saved(half_clear(mode)), "x.png")
    assert read.picture.mode == "RGBA" and has_transparency(read.picture)
    alpha = np.asarray(read.picture)[..., 3]
    assert (alpha[:, :19] == 0).all() and (alpha[:, 21:] == 255).all()


def test_transparent_colour_of_an_rgb_png_survives() -> None:
    data = saved(half_clear("RGBA").convert("RGB"), transparency=(0, 0, 0))
    assert has_transparency(read_upload(data, "x.png").picture)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_whole_png_of_each_kind_is_taken(mode: str) -> None:
    picture = Image.new("I;16", (37, 21), 40_000) if mode == "I;16" else photograph(37, 21).convert(mode)
    assert read_upload(saved(picture), "x.png").picture.size == (37, 21)


@pytest.mark.parametrize("alpha", [255, 0])
def test_an_alpha_that_cuts_nothing_out_is_no_transparency(alpha: int) -> None:
    picture = photograph()
    picture.putalpha(alpha)
    assert not has_transparency(picture)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_large_picture_is_brought_to_the_working_size(kind: str) -> None:
    picture = read_upload(saved(photograph(3_000, 1_500), kind), "x").picture
    assert picture.size == (WORKING_PX, WORKING_PX // 2)
    expected = np.asarray(photograph(*picture.size)).astype(int)
    assert np.abs(np.asarray(picture).astype(int) - expected).mean() < 3


def test_no_more_than_two_pictures_are_decoded_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    lock, at_once = threading.Lock(), []
    running = 0

    def slow(image: Image.Image, title: str) -> tuple[Image.Image, tuple[str, ...]]:
        nonlocal running
        with lock:
            running += 1
            at_once.append(running)
        time.sleep(0.02)
        with lock:
            running -= 1
        return image.copy(), ()

    monkeypatch.setattr(reading, "_decode", slow)
    data = saved(photograph())
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: read_upload(data, f"{number}.png"), range(16)))
    assert max(at_once) == 2
