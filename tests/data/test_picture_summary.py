"""The line on what was read: how many, of how many classes, how many of them are used, and what was left out."""

from PIL import Image

from invariance.data.picture_summary import describe_folder, describe_sources
from invariance.spec import DatasetSpec


def fill(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGBA", (16, 16), (0, 200, 0, 128)).save(path, "PNG")


def test_each_source_has_its_line(tmp_path):
    fill(tmp_path, "o/a/1.png", "o/a/2.png", "o/b/1.png", "o/c/1.png", "o/c/2.png", "g/1.png", "g/sea/2.jpg")
    (tmp_path / "o" / "yak").mkdir()
    objects, grounds = str(tmp_path / "o"), str(tmp_path / "g")
    assert describe_sources(DatasetSpec(objects=objects, backgrounds=grounds)) == (
        f"objects {objects}: 5 pictures of 3 classes, 3 used (the first of each class); "
        "left out: folders without a picture (1): yak",
        f"backgrounds {grounds}: 2 pictures; nothing left out",
    )
    some = [DatasetSpec(objects=objects, num_prototypes=8, classes=names) for names in (("a", "b"), ("b", "a"))]
    assert describe_sources(*some)[0].startswith(
        f"objects {objects}: 5 pictures of 3 classes, 3 used (all of each of 2 classes); "
    )
    assert describe_sources(DatasetSpec()) == () and describe_folder("noise") == ""


def test_whole_pictures_say_their_splits(tmp_path):
    fill(tmp_path, *(f"{split}/{name}/1.png" for split in ("train", "valid", "test") for name in "ab"), "notes.png")
    assert describe_folder(f"images:{tmp_path}") == (
        f"objects images:{tmp_path}: 6 pictures of 2 classes (splits train/, valid/ and test/); "
        "left out: in no folder of a class (1): notes.png"
    )
