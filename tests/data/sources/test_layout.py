"""Where the splits of a folder of pictures come from, by whatever name it calls them."""

import pytest
from PIL import Image

from invariance.data.sources.pictures import load_pictures, picture_layout


def fill(folder, *places, num=4):
    for place in places:
        (folder / place).mkdir(parents=True)
        for number in range(num):
            Image.new("RGB", (8, 8), "red").save(folder / place / f"{number}.png")


@pytest.mark.parametrize(
    ("places", "sizes", "words", "left_out"),
    [
        (("train/a", "train/b", "valid/a", "valid/b", "test/a", "test/b"), (8, 8, 8), "splits train/, valid/", set()),
        (("Train/a", "Train/b", "TEST/a", "TEST/b"), (6, 2, 8), "splits Train/ and TEST/ (for the test)", set()),
        (("training/a", "training/b", "test"), (4, 2, 2), "training/ divided by name, since no folder", {"test/"}),
        (("train/a", "train/b", "val/a", "val/b", "more/a"), (6, 2, 8), "splits train/ and val/", {"more/"}),
        (("a/x", "a/y", "train/old", "b"), (10, 3, 3), "divided by name, 10%", set()),
    ],
)
def test_splits_are_known_by_their_usual_names(tmp_path, places, sizes, words, left_out):
    fill(tmp_path, *places)
    found = load_pictures(f"images:{tmp_path}", image_size=8)
    assert tuple(len(found.splits[split]) for split in ("train", "validation", "test")) == sizes
    layout = picture_layout(f"images:{tmp_path}")
    assert layout.words.startswith(words) and {name for name, _ in layout.left_out} == left_out
