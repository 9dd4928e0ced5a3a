"""Folders of pictures: how each kind of file is read, which split a file is in, and what is refused."""

import struct
import unicodedata
import zlib
from itertools import combinations

import numpy as np
import pytest
import torch
from PIL import Image

from invariance.data.sources.image_folder import read_picture
from invariance.data.sources.pictures import load_pictures, picture_class_names
from invariance.spec import SpecError


def fill(folder, names, colour="red"):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        Image.new("RGB", (12, 10), colour).save(folder / name)


def coded(folder, num):
    """Pictures that carry their number in the red channel, in the class's own green."""
    folder.mkdir(parents=True)
    for number in range(num):
        Image.new("RGB", (8, 8), (number, len(folder.name), 0)).save(folder / f"{number}.png")


def load(folder, image_size=8):
    return load_pictures(f"images:{folder}", image_size=image_size)


def members(found, split):
    """(label, number) of the pictures of a split, where :func:`coded` made them."""
    positions = found.splits[split]
    return set(zip(found.labels[positions].tolist(), found.pictures[positions, 0, 0, 0].tolist(), strict=True))


def test_classes_labels_and_pictures_belong_together(tmp_path):
    fill(tmp_path / "cat", ["1.png", "2.PNG", "3.webp"], "red")
    fill(tmp_path / "ant", ["1.png", "2.png", "3.png"], "lime")
    fill(tmp_path / ".thumbnails", ["1.png"])
    (tmp_path / "notes").mkdir()
    (tmp_path / "cat" / "readme.txt").write_text("no picture")
    found = load(tmp_path)
    assert found.class_names == picture_class_names(f"images:{tmp_path}") == ("ant", "cat")
    assert found.pictures.shape == (6, 3, 8, 8) and found.pictures.dtype == torch.uint8
    red = found.pictures[:, 0, 4, 4] > 200
    assert torch.equal(red.long(), found.labels)


@pytest.mark.parametrize("num", [3, 4, 5, 40])
def test_splits_are_disjoint_complete_and_hold_every_class(tmp_path, num):
    for name in ("a", "bb"):
        coded(tmp_path / name, num)
    found = load(tmp_path)
    groups = [members(found, split) for split in ("train", "validation", "test")]
    assert all(not first & second for first, second in combinations(groups, 2))
    assert set.union(*groups) == {(label, number) for label in (0, 1) for number in range(num)}
    assert all({label for label, _ in group} == {0, 1} for group in groups)
    assert sum(len(found.splits[split]) for split in found.splits) == 2 * num


def test_about_a_tenth_is_held_out_and_the_rule_is_fixed(tmp_path):
    """SHA-256 by sha256sum(1): a/19.png begins 0b9e (.045: test), a/0.png 2394 (.139: validation)."""
    coded(tmp_path / "a", 200)
    coded(tmp_path / "b", 3)
    found = load(tmp_path)
    test = sorted(number for label, number in members(found, "test") if label == 0)
    validation = sorted(number for label, number in members(found, "validation") if label == 0)
    assert 10 <= len(test) <= 30 and 10 <= len(validation) <= 30
    assert (test[:3], validation[:3]) == ([19, 46, 54], [0, 8, 20])


def test_a_file_stays_in_its_split_when_others_are_added(tmp_path):
    for name in ("a", "bb"):
        coded(tmp_path / name, 60)
    before = load(tmp_path)
    for name in ("a", "bb"):
        for number in range(60, 90):
            Image.new("RGB", (8, 8), (number, 0, 0)).save(tmp_path / name / f"{number}.png")
    after = load(tmp_path)
    for split in ("train", "validation", "test"):
        assert members(before, split) == {member for member in members(after, split) if member[1] < 60}


def test_accents_split_the_same_however_they_are_stored(tmp_path):
    """The same names composed (as Linux and Windows have them) and decomposed (as macOS may)."""
    for form in ("NFC", "NFD"):
        for label in "ab":
            (tmp_path / form / label).mkdir(parents=True)
            for number in range(40):
                name = unicodedata.normalize(form, f"é{number}.png")
                Image.new("RGB", (8, 8), (number, 0, 0)).save(tmp_path / form / label / name)
    composed, decomposed = load(tmp_path / "NFC"), load(tmp_path / "NFD")
    for split in ("train", "validation", "test"):
        assert members(composed, split) == members(decomposed, split)


@pytest.mark.parametrize("name", ["test", "val"])
def test_given_splits_are_kept(tmp_path, name):
    for label in ("a", "bb"):
        coded(tmp_path / "train" / label, 20)
        fill(tmp_path / name / label, ["x.png", "y.png"], (255, 0, 0))
    found = load(tmp_path)
    assert found.class_names == picture_class_names(f"images:{tmp_path}") == ("a", "bb")
    assert members(found, "test") == {(0, 255), (1, 255)} and len(found.splits["test"]) == 4
    train, validation = members(found, "train"), members(found, "validation")
    assert not train & validation and len(train | validation) == 40
    assert {label for label, _ in validation} == {0, 1} and len(validation) <= 12


def test_three_given_splits_are_all_kept(tmp_path):
    for split, colour in {"train": (1, 0, 0), "val": (2, 0, 0), "test": (3, 0, 0)}.items():
        for label in ("a", "b"):
            fill(tmp_path / split / label, ["x.png"], colour)
    found = load(tmp_path)
    assert {split: members(found, split) for split in found.splits} == {
        "train": {(0, 1), (1, 1)},
        "validation": {(0, 2), (1, 2)},
        "test": {(0, 3), (1, 3)},
    }


def test_classes_may_be_called_train_and_test(tmp_path):
    for name in ("train", "test"):
        fill(tmp_path / name, ["1.png", "2.png", "3.png"])
    assert load(tmp_path).class_names == ("test", "train")


@pytest.mark.parametrize("turns", [0, 1])
def test_the_square_is_central(tmp_path, turns):
    """Twice as long as wide: the middle half is green, what is cut off is red at one end and blue at the other."""
    pixels = np.zeros((20, 40, 3), dtype=np.uint8)
    pixels[:, :10, 0], pixels[:, 10:30, 1], pixels[:, 30:, 2] = 255, 255, 255
    Image.fromarray(np.ascontiguousarray(np.rot90(pixels, turns))).save(tmp_path / "x.png")
    assert read_picture(tmp_path / "x.png", 10).flatten(1).unique(dim=1).tolist() == [[0], [255], [0]]


def test_large_pictures_are_averaged(tmp_path):
    checks = np.indices((400, 400)).sum(axis=0) % 2 * 255
    Image.fromarray(checks.astype(np.uint8)).save(tmp_path / "x.png")
    picture = read_picture(tmp_path / "x.png", 10)
    assert picture.shape == (3, 10, 10) and (picture.int() - 127).abs().max() <= 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path, orientation):
    """Whatever way the pixels are stored, the red corner is top left and the green one top right once it is upright."""
    pixels = np.zeros((16, 16, 3), dtype=np.uint8)
    pixels[:8, :8, 0] = pixels[:8, 8:, 1] = 255
    # EXIF 2.3, tag 0x0112: where row 0 and column 0 of the stored pixels are in the upright picture.
    stored = {
        1: pixels,
        2: pixels[:, ::-1],
        3: pixels[::-1, ::-1],
        4: pixels[::-1],
        5: pixels.transpose(1, 0, 2),
        6: np.rot90(pixels, 1),
        7: pixels.transpose(1, 0, 2)[::-1, ::-1],
        8: np.rot90(pixels, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / "x.jpg", exif=exif, quality=95, subsampling=0)
    red, green, _ = read_picture(tmp_path / "x.jpg", 16)
    assert red[2:6, 2:6].min() > 200 and red[10:, :].max() < 50 and red[:, 10:].max() < 60
    assert green[2:6, 10:14].min() > 200 and green[10:, :].max() < 50 and green[:, :6].max() < 60


def test_damaged_metadata_does_not_lose_the_picture(tmp_path):
    Image.new("RGB", (8, 8), (9, 8, 7)).save(tmp_path / "x.png", exif=b"Exif\0\0MM\0\5 no TIFF header")
    assert read_picture(tmp_path / "x.png", 4)[:, 0, 0].tolist() == [9, 8, 7]


def png_16_bit(value):
    """A grey 16-bit PNG by hand (Pillow cannot write every form): 4 x 4 pixels of one value."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + struct.pack(">H", value) * 4) * 4
    header = struct.pack(">IIBBBBB", 4, 4, 16, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("value", "byte"), [(0, 0), (257, 1), (385, 1), (386, 2), (32896, 128), (65535, 255)])
def test_16_bits_are_scaled_not_clipped(tmp_path, value, byte):
    (tmp_path / "x.png").write_bytes(png_16_bit(value))
    assert read_picture(tmp_path / "x.png", 4).unique().tolist() == [byte]


def test_other_modes_become_rgb(tmp_path):
    Image.new("L", (8, 8), 77).save(tmp_path / "grey.png")
    Image.new("1", (8, 8), 1).save(tmp_path / "bit.png")
    Image.new("RGB", (8, 8), (10, 200, 30)).quantize(4).save(tmp_path / "palette.png")
    Image.new("RGBA", (8, 8), (10, 200, 30, 255)).save(tmp_path / "alpha.png")
    Image.new("CMYK", (8, 8), (255, 0, 0, 0)).save(tmp_path / "cmyk.jpg", quality=95)
    colours = {path.stem: read_picture(path, 4)[:, 1, 1].tolist() for path in sorted(tmp_path.iterdir())}
    cmyk = colours.pop("cmyk")
    assert colours == {"grey": [77] * 3, "bit": [255] * 3, "palette": [10, 200, 30], "alpha": [10, 200, 30]}
    assert cmyk[0] < 10 and min(cmyk[1:]) > 245


@pytest.mark.parametrize("content", [b"", b"GIF89a no picture", b"\x89PNG\r\n\x1a\n half"])
def test_an_unreadable_file_is_named(tmp_path, content):
    for name in ("a", "b"):
        fill(tmp_path / name, ["1.png", "2.png", "3.png"])
    (tmp_path / "b" / "bad.jpg").write_bytes(content)
    with pytest.raises(SpecError, match=r"^[^\n]*b/bad\.jpg: cannot be read as PNG, JPEG, WebP, BMP or TIFF[^\n]*$"):
        load(tmp_path)


def test_what_cannot_be_split_is_refused_with_its_name(tmp_path):
    fill(tmp_path / "a", ["1.png", "2.png", "3.png"])
    with pytest.raises(SpecError, match="only class a found; at least 2 folders"):
        load(tmp_path)
    fill(tmp_path / "b", ["1.png", "2.png"])
    with pytest.raises(SpecError, match=r"class b has 2 picture\(s\); at least 3 are needed"):
        load(tmp_path)
    with pytest.raises(SpecError, match="no class found"):
        load(tmp_path / "a")
    with pytest.raises(SpecError, match="no such folder"):
        load(tmp_path / "c")


def test_given_splits_must_agree(tmp_path):
    for path in ("train/a", "train/b", "test/a", "test/c"):
        fill(tmp_path / path, ["1.png", "2.png"])
    with pytest.raises(SpecError, match="class b is in train/ and not in test/; both need the same classes"):
        load(tmp_path)


@pytest.mark.parametrize("source", ["", "mnist", "images:", "/some/folder"])
def test_unknown_sources_are_refused(source):
    for read in (picture_class_names, lambda source: load_pictures(source, image_size=8)):
        with pytest.raises(SpecError, match=r"expected cifar10, cifar100 or images:<folder>"):
            read(source)
