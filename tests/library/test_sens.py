"""What a notebook measures is what the command line measures, of whatever images and transformations it brings."""

import io
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset, TensorDataset

import invariance
from invariance.library import work
from invariance.measures.sens import sens_scores
from invariance.models import create_model
from invariance.runs.gallery import entries
from invariance.spec import DatasetSpec, SpecError

IMAGES = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (12, 3, 32, 32), dtype=np.uint8))


def colours(images: Tensor) -> Tensor:
    """A network: the mean colour."""
    return images.mean(dim=(2, 3))


def noisy(images: Tensor, generator: torch.Generator) -> Tensor:
    return images + 0.2 * torch.randn(images.shape, generator=generator)


def test_a_table_is_that_of_the_command_line(commanded: Callable[[str], pd.DataFrame]) -> None:
    expected = commanded("measure --models none,hue --transforms rotate,invert --num-pairs 24 --seed 3")
    found = invariance.sens(["none", "hue"], ["rotate", "invert"], num_pairs=24, seed=3, device="cpu")
    pd.testing.assert_frame_equal(found, expected, rtol=1e-12, check_dtype=False)
    spec = DatasetSpec(seed=3)
    again = invariance.sens({"one": "none", "two": "hue"}, "rotate,invert", images=spec, num_pairs=24, device="cpu")
    pd.testing.assert_frame_equal(again.drop(columns="model"), found.drop(columns="model"))
    assert again["model"].tolist() == ["one", "one", "two", "two"]


def test_a_function_that_draws_nothing_changes_the_second_twin_alone() -> None:
    (row,) = invariance.sens(colours, {"half": lambda images, _: images / 2}, images=IMAGES).to_dict("records")
    order = [int(place) for place in _order(12)]
    bright = IMAGES[order].float() / 255
    dark = (bright * 127.5).add(0.5).floor() / 255
    score = sens_scores(colours(bright), colours(dark), torch.ones(12, dtype=torch.bool), seed=0)
    assert row["sens"] == pytest.approx(score.raw, rel=1e-4)
    assert (row["num_pairs"], row["num_differing"]) == (12, 12)
    assert np.isnan(row["accuracy"]), "nothing is known of classes"


def _order(num: int) -> Tensor:
    """In which the pictures of a test split are gone through."""
    from invariance.data.foreground import _order as order_of

    return order_of(num, 0, 4, torch.device("cpu"))


def test_a_function_draws_for_every_image_from_the_seed_alone() -> None:
    def shifted(images: Tensor, generator: torch.Generator) -> Tensor:
        return (images + torch.rand(1)).clamp(0, 1)  # one number a call, and from the global generator

    before = torch.get_rng_state()
    own = {"noisy": noisy, "shifted": shifted}
    first, again, other = (
        invariance.sens("none", own, images=IMAGES, seed=seed)["sens"].tolist() for seed in (1, 1, 2)
    )
    assert torch.equal(torch.get_rng_state(), before)
    assert first == again
    assert all(one != another for one, another in zip(first, other, strict=True))
    assert invariance.sens(colours, {"shifted": shifted}, images=IMAGES)["cosine"].iloc[0] > 0.05, "one draw for all"


class Pictures(Dataset[Any]):
    """PIL images with classes that a gallery network knows."""

    def __init__(self, classes: tuple[str, ...]) -> None:
        self.classes = classes

    def __len__(self) -> int:
        return len(IMAGES)

    def __getitem__(self, index: int) -> tuple[Image.Image, int]:
        return Image.fromarray(IMAGES[index].permute(1, 2, 0).numpy()), index % 2


def test_images_of_any_kind_are_the_same_images(tmp_path: Path) -> None:
    (known,) = (entry.spec.data.classes for entry in entries() if entry.name == "none")
    pictures = Pictures(known[:2])
    for index in range(len(pictures)):
        (tmp_path / "one").mkdir(exist_ok=True)
        pictures[index][0].save(tmp_path / "one" / f"{index:02d}.png")
    last, flipped = IMAGES.permute(0, 2, 3, 1).numpy(), IMAGES.flip(0).numpy()[::-1]
    kinds = (
        *(IMAGES, IMAGES.float() / 255, TensorDataset(IMAGES), pictures, tmp_path, str(tmp_path / "one")),
        *(last, last / 255, flipped, list(last), [{"label": 1, "img": picture} for picture, _ in pictures]),
    )
    tables = [invariance.sens("none", ["erasing", {"noisy": noisy}], images=kind) for kind in kinds]
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table.drop(columns="accuracy"), tables[0].drop(columns="accuracy"))
    assert tables[3]["accuracy"].between(0, 1).all()
    assert invariance.sens("none", "hue", images=pictures, num_pairs=5)["num_pairs"].tolist() == [5]


def test_what_is_left_out_of_a_folder_is_said(tmp_path: Path) -> None:
    for number, image in enumerate(IMAGES[:3]):
        Image.fromarray(image.permute(1, 2, 0).numpy()).save(tmp_path / f"{number}.png")
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.warns(UserWarning, match=r"^images .*: 3 pictures; left out: files of other kinds \(1\): notes.txt$"):
        invariance.sens(colours, "hue", images=tmp_path, num_pairs=3)


def test_a_bar_shows_how_far_a_long_work_is(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    monkeypatch.setattr(shown, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setattr(work, "PATIENCE_S", 3600.0)
    invariance.sens(colours, "hue,v_flip", images=IMAGES)
    assert shown.getvalue().strip() == "", "it was over before anybody waited"
    monkeypatch.setattr(work, "PATIENCE_S", 0.0)
    invariance.sens(colours, "hue,v_flip", images=IMAGES)
    assert "sens: 100%" in shown.getvalue() and "2/2" in shown.getvalue()


def test_a_name_changes_a_whole_picture() -> None:
    table = invariance.sens(colours, "h_flip,rotate,brightness", images=IMAGES).set_index("transform")
    assert table.loc["h_flip", "sens"] < 1e-5, "mirrored, it has the same mean colour"
    assert table.loc["h_flip", "num_differing"] > 0
    assert table.loc["brightness", "sens"] > 0.5
    assert table.loc["rotate", "sens"] > 0.01, "backgrounds show in the corners"


def test_cutouts_in_a_folder_are_objects(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        rgba = np.zeros((40, 40, 4), np.uint8)
        rgba[10:30, 10:30] = (200, 40 if name == "a" else 200, 90, 255)
        Image.fromarray(rgba).save(tmp_path / name / "x.png")
    found = invariance.sens("none", "hue", images=tmp_path, num_pairs=16)
    expected = invariance.sens("none", "hue", images=DatasetSpec(objects=str(tmp_path)), num_pairs=16)
    pd.testing.assert_frame_equal(found, expected)


def test_the_last_layer_of_a_profile_is_the_representation() -> None:
    own = {"noisy": noisy}
    profile = invariance.profile("none", ["hue", own], num_pairs=16, device="cpu")
    (hue, noise) = invariance.sens("none", ["hue", own], num_pairs=16, device="cpu")["sens"]
    assert list(profile.columns[:4]) == ["model", "transform", "layer", "depth"]
    last = profile.groupby("transform").last()
    assert last.loc["hue", "sens"] == pytest.approx(hue, rel=1e-4)
    assert last.loc["noisy", "sens"] == pytest.approx(noise, rel=1e-4)
    assert profile.groupby("transform").first()["layer"].tolist() == ["pixels", "pixels"]


class Broken:
    """A data set that cannot be read."""

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> object:
        raise OSError("no disk")


OWN = np.random.default_rng(0)


def test_what_a_function_draws_from_global_generators_depends_on_the_seed_alone() -> None:
    own = {"own": lambda images, _: images * float(np.random.rand()) * random.random()}  # noqa: NPY002 -- as people do
    before = random.getstate(), repr(np.random.get_state(legacy=True))  # noqa: NPY002
    first, second = (invariance.sens(colours, own, images=IMAGES) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    assert first["num_differing"].tolist() == [len(IMAGES)]
    assert before == (random.getstate(), repr(np.random.get_state(legacy=True)))  # noqa: NPY002


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"transforms": "rotat"}, r"unknown transformation 'rotat' \(the nearest is rotate\): choose from"),
        ({"transforms": []}, "name at least one transformation"),
        ({"transforms": 3}, "transforms = 3: expected names, or"),
        ({"transforms": {"mine": 3}}, r"mine = 3: expected a function \(images, generator\)"),
        ({"transforms": ["hue", {"hue": noisy}]}, "'hue' is given twice"),
        ({"transforms": {"cut": lambda x, g: x[..., :9]}}, r"cut gave the shape \(1, 3, 32, 9\): expected \(1, 3, 32"),
        ({"transforms": {"nan": lambda x, g: x * torch.nan}}, "nan gave values that are not finite"),
        ({"transforms": {"bytes": lambda x, g: x.byte()}}, "bytes gave torch.uint8: expected floats"),
        ({"transforms": {"both": lambda x, g: (x, g)}}, "both gave a tuple: expected a tensor"),
        ({"transforms": {"one": lambda x: x}}, r"one failed \(TypeError: .*; it is called with images of shape"),
        ({"transforms": {"large": lambda x, g: x * 255}}, r"large gave values from 5 to 255: expected \[0, 1\]"),
        ({"transforms": {"own": lambda x, g: x * OWN.random()}}, "own gave another image for the same draws: take all"),
        ({"images": {0: IMAGES}}, "images = dict: expected None"),
        ({"images": [{"pixels": 1}]}, "images give a dict of pixels: expected image and label in it"),
        ({"images": Broken()}, r"images\[0\] failed \(OSError: no disk\): mend the data set"),
        ({"transforms": "pose", "images": IMAGES}, "pose needs objects, and images are whole pictures: choose"),
        ({"images": IMAGES[0]}, r"images have the shape \(3, 32, 32\): expected \(N, 3, S, S\)"),
        ({"images": IMAGES.permute(0, 2, 3, 1)}, r"images have the shape \(12, 32, 32, 3\): expected"),
        ({"images": IMAGES.float()}, r"images have values from 0 to 255: expected floats in \[0, 1\]"),
        ({"images": IMAGES[:1]}, "number of images = 1: expected at least 2"),
        ({"images": "/nowhere"}, "images = /nowhere: no such folder"),
        ({"images": IMAGES.numpy().astype(str)}, "images are an array of <U3: expected floats"),
        ({"images": 3}, "images = int: expected None, a DatasetSpec, a folder"),
        ({"images": DatasetSpec(transforms=("hue",))}, "images.transforms"),
        ({"images": DatasetSpec(seed=1), "seed": 2}, "seed = 2, and images have seed = 1"),
        ({"num_pairs": 1}, "num_pairs = 1: expected a whole number from 2"),
        ({"seed": -1}, "seed = -1"),
        ({"device": "tpu"}, "device = 'tpu'"),
        (
            {"networks": create_model("small", 2, seed=0)},
            r"network small is in training mode: call its .eval\(\) first",
        ),
    ],
    ids=lambda value: "" if isinstance(value, str) else "-".join(value),
)
def test_what_cannot_be_used_is_refused_in_one_line(options: dict[str, Any], line: str) -> None:
    with pytest.raises(SpecError, match=line) as refused:
        invariance.sens(**{"networks": "none", "transforms": "hue", "num_pairs": 4, **options})
    assert "\n" not in str(refused.value)
