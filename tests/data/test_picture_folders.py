"""Folders as people have them: what is found at any depth and in any spelling, and that the rest is named."""

import unicodedata

import pytest
from PIL import Image

from invariance.data.catalogue import background_names, class_names, load_objects
from invariance.data.picture_folders import named_folder, survey, words_of_left_out
from invariance.data.sources.pictures import picture_class_names
from invariance.spec import SpecError

DISC = Image.new("RGBA", (16, 16))
DISC.paste((200, 10, 10, 255), (4, 4, 12, 12))


def fill(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        DISC.save(path, "PNG")


def test_every_picture_is_found_or_named(tmp_path):
    fill(
        tmp_path, "a/1.JPG", "a/b/c/2.jfif", "3.TIFF", "a/.hidden.png", ".cache/1.png", "__MACOSX/a/1.png", "a/._1.jpg"
    )
    fill(tmp_path, "a/4.bmp", "a/5.webp")
    (tmp_path / "empty" / "inside").mkdir(parents=True)
    for name in ("a/old.gif", "labels.csv", "a/.DS_Store", "a/Thumbs.db"):
        (tmp_path / name).write_bytes(b"-")
    (tmp_path / "a" / "again").symlink_to(tmp_path)
    found = survey(tmp_path)
    assert [picture.name for picture in found.pictures] == ["3.TIFF", "a/1.JPG", "a/4.bmp", "a/5.webp", "a/b/c/2.jfif"]
    assert words_of_left_out(sorted(found.left_out, key=lambda one: one[1])) == (
        "files of other kinds (2): a/old.gif, labels.csv; folders without a picture (1): empty/inside; "
        "hidden (2): .cache, a/.hidden.png; leads back to a folder above it (1): a/again"
    )
    assert set(found.tops) == {"a"} and [name for name, _ in found.loose] == ["3.TIFF"]


def test_accents_are_the_same_however_they_are_stored_and_typed(tmp_path):
    fill(tmp_path / "o", *(unicodedata.normalize("NFD", name) for name in ("café/é.png", "café/e.png")), "cup/1.png")
    typed = unicodedata.normalize("NFC", "café")
    assert class_names(str(tmp_path / "o")) == (typed, "cup")
    for written in (typed, unicodedata.normalize("NFD", typed)):
        found = load_objects(str(tmp_path / "o"), classes=(written, "cup"), image_size=8, num_prototypes=2)
        assert found.class_names == (typed, "cup") and found.file_names[0] == ("e.png", "é.png")
    assert named_folder(str(tmp_path / "o" / typed)).is_dir()


def test_cut_outs_below_belong_to_the_topmost_folder_and_backgrounds_may_lie_anywhere(tmp_path):
    fill(tmp_path, "cup/red/1.png", "cup/2.png", "jug/1.png", "grounds/sea/1.png", "grounds/2.png")
    found = load_objects(str(tmp_path), classes=("cup", "jug"), image_size=8, num_prototypes=4)
    assert found.counts.tolist() == [2, 1] and found.file_names[0] == ("2.png", "1.png")
    assert background_names(str(tmp_path / "grounds")) == ("2.png", "1.png")


@pytest.mark.parametrize(
    ("files", "source", "message"),
    [
        (("train/a/1.png", "Test/a/1.png"), "{}", r"holds train, Test, which are no classes; give [^\n]*/train$"),
        (("foregrounds/a/1.png", "backgrounds/1.png"), "{}", r"give [^\n]*/foregrounds$"),
        (("set/a/1.png", "set/b/1.png"), "{}", "only class set found; at least 2 folders"),
        (("a/1.png", "b/1.avif"), "{}", r"only class a found \(left out: files of other kinds \(1\): b/1.avif\)"),
        (("a/1.png",), "images:{}", r"only class a found \(left out: folders without a picture \(1\): gnu\)"),
        (("valid/a/1.png", "test/a/1.png"), "images:{}", "holds the splits valid, test and no train/"),
        (("train/a/1.png", "Training/a/1.png", "test/a/1.png"), "images:{}", "Training and train are both folders for"),
    ],
)
def test_folders_that_mean_something_else_are_refused_with_the_right_one(tmp_path, files, source, message):
    fill(tmp_path / "x", *files)
    if "gnu" in message:
        (tmp_path / "x" / "gnu").mkdir()
    named = source.format(tmp_path / "x")
    with pytest.raises(SpecError, match=message):
        (picture_class_names if named.startswith("images:") else class_names)(named)
