"""One file in every way in which people have pictures: each mode has its colour and alpha, each damage one line."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from invariance.data.picture_files import ending_of, open_image
from invariance.spec import SpecError

GREEN = Image.new("RGB", (8, 8), (10, 200, 30))


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(bits, colour, row, *, clear=None, palette=None, num_rows=8):
    """A PNG of 8 x 8 pixels by hand: rows all alike, perhaps with a tRNS and a PLTE chunk, perhaps not all of them."""
    header = struct.pack(">IIBBBBB", 8, 8, bits, colour, 0, 0, 0)
    between = (chunk(b"PLTE", palette) if palette else b"") + (chunk(b"tRNS", clear) if clear else b"")
    pixels = chunk(b"IDAT", zlib.compress((b"\0" + row) * num_rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + between + pixels + chunk(b"IEND", b"")


def saved(image, kind, **options):
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def short(*values):
    return struct.pack(f">{len(values)}H", *values)


GREY_16 = short(*[0] * 4, *[40000] * 4)
LEFT_AND_RIGHT = {
    "16-bit grey": (png(16, 0, GREY_16), (0, 0, 0), (156, 156, 156)),
    "16-bit grey, black is clear": (png(16, 0, GREY_16, clear=short(0)), (0, 0, 0, 0), (156, 156, 156, 255)),
    "8-bit grey, 7 is clear": (png(8, 0, b"\7" * 4 + b"\xc8" * 4, clear=short(7)), (7, 7, 7, 0), (200, 200, 200, 255)),
    "4-bit grey, 5 of 15 is clear": (png(4, 0, b"\x55\x55\xff\xff", clear=short(5)), (85,) * 3 + (0,), (255,) * 4),
    "1 bit, white is clear": (png(1, 0, b"\x0f", clear=short(1)), (0, 0, 0, 255), (255, 255, 255, 0)),
    "RGB, a colour is clear": (
        png(8, 2, b"\7\10\11" * 4 + b"\xc8" * 12, clear=short(7, 8, 9)),
        (7, 8, 9, 0),
        (200, 200, 200, 255),
    ),
    "16-bit RGB, a colour is clear": (
        png(16, 2, short(*[700, 800, 900] * 4, *[40000] * 12), clear=short(700, 800, 900)),
        (2, 3, 3, 0),
        (156, 156, 156, 255),
    ),
    "palette with alpha for each colour": (
        png(8, 3, b"\0" * 4 + b"\1" * 4, clear=b"\0\x80", palette=b"\1\2\3\xfa\xfb\xfc"),
        (1, 2, 3, 0),
        (250, 251, 252, 128),
    ),
    "grey with alpha": (saved(Image.new("LA", (8, 8), (90, 128)), "PNG"), (90, 90, 90, 128), (90, 90, 90, 128)),
    "CMYK": (saved(GREEN.convert("CMYK"), "TIFF"), (10, 200, 30), (10, 200, 30)),
    "16-bit TIFF": (saved(Image.fromarray(np.full((8, 8), 40000, np.uint16)), "TIFF"), (156,) * 3, (156,) * 3),
    "CIE Lab": (saved(Image.merge("LAB", [Image.new("L", (8, 8), 128)] * 3), "TIFF"), (119,) * 3, (119,) * 3),
    "BMP": (saved(GREEN, "BMP"), (10, 200, 30), (10, 200, 30)),
}


@pytest.mark.parametrize("kind", LEFT_AND_RIGHT)
def test_each_mode_has_its_colours_and_its_alpha(tmp_path, kind):
    content, left, right = LEFT_AND_RIGHT[kind]
    (tmp_path / "x").write_bytes(content)
    image = open_image(tmp_path / "x")
    assert (image.getpixel((0, 0)), image.getpixel((7, 7))) == (left, right)


def test_a_second_picture_in_a_jpeg_is_no_other_format(tmp_path):
    (tmp_path / "x.JPG").write_bytes(saved(GREEN, "MPO", save_all=True, append_images=[GREEN]))
    assert ending_of(tmp_path / "x.JPG") == ".jpg" and open_image(tmp_path / "x.JPG").mode == "RGB"


def test_damaged_metadata_warns_nobody(tmp_path):
    """Pillow warns of both, and warnings are errors here."""
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    (tmp_path / "x.jpg").write_bytes(saved(GREEN, "JPEG", exif=exif.tobytes()[:-12]))
    assert open_image(tmp_path / "x.jpg").size == (8, 8)


NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8))
REFUSED = {
    "nothing": (b"", "cannot be read"),
    "no pixels for the last rows": (png(8, 0, b"\xff" * 8, num_rows=3), "cannot be read"),
    "an animation of the web": (saved(GREEN, "GIF"), "cannot be read as PNG, JPEG, WebP, BMP or TIFF"),
    "floats": (saved(GREEN.convert("F"), "TIFF"), "32 bits a value.*save it with 8 or 16"),
    **{f"half a {kind}": (saved(NOISE, kind)[:3000], "cannot be read") for kind in ("PNG", "JPEG", "WEBP", "TIFF")},
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_read_is_one_line_that_names_the_file(tmp_path, kind):
    content, message = REFUSED[kind]
    (tmp_path / "bad.png").write_bytes(content)
    with pytest.raises(SpecError, match=rf"^[^\n]*/bad\.png: {message}[^\n]*$"):
        open_image(tmp_path / "bad.png")


@pytest.mark.parametrize("side", [12_000, 60_000])
def test_what_is_too_large_is_told_so_by_its_header(tmp_path, side):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0))
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"") + chunk(b"IEND", b""))
    with pytest.raises(SpecError, match="at most 100 megapixels are read"):
        open_image(tmp_path / "a.png")
