"""Stored collections: read back by the data engine as they were drawn, once, whole, and within limits."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from invariance.data.catalogue import load_backgrounds, load_objects
from invariance.data.engine import Engine
from invariance.data.uploads import collection
from invariance.data.uploads.collection import (
    STORED_PX,
    Collection,
    group_classes,
    save_collection,
    square_background,
    square_cutout,
)
from invariance.spec import DatasetSpec, SpecError

ORANGE, BLUE = (225, 120, 30, 255), (40, 60, 190, 255)


def bar(width: int, height: int, colour: tuple[int, ...] = ORANGE, canvas: int = 200) -> Image.Image:
    """A rectangle somewhere on a clear canvas."""
    picture = Image.new("RGBA", (canvas, canvas))
    ImageDraw.Draw(picture).rectangle((20, 10, 20 + width - 1, 10 + height - 1), fill=colour)
    return picture


def two_classes() -> list[tuple[str, Image.Image]]:
    return [("tall", bar(30, 120)), ("wide", bar(120, 30, BLUE)), ("tall", bar(40, 100))]


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and path.name != ".lock")


def test_layout_and_what_is_said_of_it(tmp_path: Path) -> None:
    stored = save_collection(tmp_path, two_classes(), [Image.new("RGB", (60, 40), "green")])
    name = Path(stored.objects).parent.name
    assert files(tmp_path) == [
        f"{name}/backgrounds/000.png",
        f"{name}/foregrounds/tall/000.png",
        f"{name}/foregrounds/tall/001.png",
        f"{name}/foregrounds/wide/000.png",
    ]
    assert stored == Collection(
        str(tmp_path / name / "foregrounds"), str(tmp_path / name / "backgrounds"), {"tall": 2, "wide": 1}
    )


def test_the_engine_reads_shapes_with_their_aspect_and_colour(tmp_path: Path) -> None:
    stored = save_collection(tmp_path, two_classes(), [Image.new("RGB", (60, 40), (0, 255, 0))])
    objects = load_objects(stored.objects, classes=(), image_size=100, num_prototypes=2)
    assert objects.class_names == ("tall", "wide") and objects.counts.tolist() == [2, 1]
    for label, expected in ((0, 30 / 120), (1, 120 / 30)):
        alpha = objects.pictures[label, 0, 3] > 0.5
        height, width = int(alpha.any(dim=1).sum()), int(alpha.any(dim=0).sum())
        assert width / height == pytest.approx(expected, rel=0.12)
        assert max(width, height) >= 0.9 * 70, "the object fills its canvas but for the margin"
    centre = objects.pictures[0, 0, :, 50, 50]
    torch.testing.assert_close(centre, torch.tensor(ORANGE) / 255, atol=0.02, rtol=0)
    ground = load_backgrounds(stored.backgrounds, image_size=8)
    assert ground is not None
    torch.testing.assert_close(ground[0, :, 4, 4], torch.tensor([0.0, 1.0, 0.0]))


def test_without_backgrounds_the_built_in_ones_are_named(tmp_path: Path) -> None:
    stored = save_collection(tmp_path, two_classes(), [])
    assert stored.backgrounds == "builtin"
    engine = Engine(DatasetSpec(objects=stored.objects, backgrounds=stored.backgrounds, transforms=("rotate",)))
    assert engine.batch(torch.arange(4)).images.shape == (4, 3, 32, 32)


def test_the_same_pictures_are_stored_once_and_others_elsewhere(tmp_path: Path) -> None:
    first = save_collection(tmp_path, two_classes(), [])
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.png")}
    assert save_collection(tmp_path, two_classes(), []) == first
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.png")} == stamps
    renamed = [("high" if name == "tall" else name, picture) for name, picture in two_classes()]
    recoloured = [*two_classes()[:1], ("wide", bar(120, 30, ORANGE)), *two_classes()[2:]]
    others = [save_collection(tmp_path, cutouts, []).objects for cutouts in (renamed, recoloured)]
    others.append(save_collection(tmp_path, two_classes(), [Image.new("RGB", (60, 40))]).objects)
    assert len({first.objects, *others}) == 4


def test_asked_for_by_several_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        stored = list(pool.map(lambda _: save_collection(tmp_path, two_classes(), []).objects, range(8)))
    assert len(set(stored)) == 1
    assert len(files(tmp_path)) == 3


def test_nothing_of_a_failed_writing_is_left_and_nothing_of_a_killed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = tmp_path / ".part-killed"
    killed.mkdir()
    (killed / "000.png").write_bytes(b"half")

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full_disk)
        with pytest.raises(SpecError, match="No space left"):
            save_collection(tmp_path, two_classes(), [])
    assert files(tmp_path) == []
    save_collection(tmp_path, two_classes(), [])
    assert len(files(tmp_path)) == 3


def test_names_become_folders_inside_the_root_alone(tmp_path: Path) -> None:
    root = tmp_path / "pictures"
    stored = save_collection(root, [("../../evil", bar(30, 30)), ("CON", bar(30, 60))], [])
    assert stored.counts == {"CON-class": 1, "evil": 1}
    assert {path.name for path in tmp_path.iterdir()} == {"pictures"}


def test_names_that_differ_in_case_alone_are_one_class() -> None:
    groups = group_classes([("Mug", bar(30, 30)), ("mug", bar(40, 40)), ("cup", bar(50, 50))])
    assert {name: len(pictures) for name, pictures in groups.items()} == {"Mug": 2, "cup": 1}


@pytest.mark.parametrize(
    ("cutouts", "reason"),
    [
        ([], "no object"),
        ([("mug", bar(30, 30)), ("MUG", bar(30, 60))], r"only 1 class \(mug\)"),
        ([("mug", bar(30, 30)), ("//", bar(30, 60))], "expected letters"),
        ([("mug", bar(30, 30)), ("cup", Image.new("RGBA", (50, 50)))], "nothing is left"),
        ([("mug", bar(30, 30)), ("cup", bar(30, 60))] * 301, "602; at most 600"),
    ],
    ids=["none", "one class", "bad name", "empty mask", "too many"],
)
def test_refused_in_one_line(tmp_path: Path, cutouts: list[tuple[str, Image.Image]], reason: str) -> None:
    with pytest.raises(SpecError, match=reason) as caught:
        save_collection(tmp_path, cutouts, [])
    assert "\n" not in str(caught.value)
    assert files(tmp_path) == []


@pytest.mark.parametrize(("limit", "reason"), [("MAX_COLLECTION_BYTES", "MB together"), ("QUOTA_BYTES", "no room")])
def test_limits_of_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, reason: str) -> None:
    first = save_collection(tmp_path, two_classes(), [])
    monkeypatch.setattr(collection, limit, sum(path.stat().st_size for path in tmp_path.rglob("*.png")) + 10)
    more = [(name, bar(50, 60 + 9 * number, canvas=400)) for number, name in enumerate("abcdefgh")]
    with pytest.raises(SpecError, match=reason):
        save_collection(tmp_path, more, [Image.effect_noise((300, 300), 80)])
    assert len(files(tmp_path)) == 3
    assert save_collection(tmp_path, two_classes(), []) == first, "what is stored already needs no room"


def test_a_root_that_is_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "pictures").write_text("")
    with pytest.raises(SpecError, match="cannot be stored"):
        save_collection(tmp_path / "pictures", two_classes(), [])


def test_a_cutout_that_touches_the_border_still_gets_a_clear_margin() -> None:
    square = square_cutout(Image.new("RGBA", (300, 100), ORANGE))
    alpha = np.asarray(square.getchannel("A"))
    assert square.width == square.height and square.width > 300
    assert not alpha[0].any() and not alpha[:, 0].any()
    assert alpha.astype(bool).sum() == 300 * 100


def test_large_pictures_are_stored_small_and_a_background_is_its_centre() -> None:
    assert square_cutout(Image.new("RGBA", (900, 1200), ORANGE)).size == (STORED_PX, STORED_PX)
    ground = Image.new("RGB", (1800, 600), "red")
    ground.paste((0, 0, 255), (600, 0, 1200, 600))
    stored = square_background(ground)
    assert stored.size == (STORED_PX, STORED_PX) and stored.getcolors() == [(STORED_PX**2, (0, 0, 255))]
