"""Factors, evidence and what-ifs: the tables of the command line."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import invariance
from invariance.__main__ import main
from invariance.measures import factor_table
from invariance.spec import DatasetSpec, SpecError

Commanded = Callable[[str], pd.DataFrame]


def test_factors_are_those_of_the_command_line(commanded: Commanded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factor_table, "BASIS_IMAGES", 100)  # of the pixels' components, which take most of the time
    classes = tuple(f"noise-{number:02}" for number in range(4))
    data = DatasetSpec(objects="noise", backgrounds="noise", image_size=8, classes=classes)
    words = f"--objects noise --backgrounds noise --image-size 8 --classes {','.join(classes)}"
    expected = commanded(f"factors --models none,hue --factors v_flip --num-images 50 --num-folds 2 {words}")
    found = invariance.factors(["none", "hue"], "v_flip", images=data, num_images=50, num_folds=2, device="cpu")
    written = pd.read_csv(StringIO(found.to_csv(index=False)))
    pd.testing.assert_frame_equal(written, expected)
    assert set(found.loc[found["model"] == "hue", "reference"]) == {"none"}, "it is known what a run was trained on"


def test_equivariance_is_that_of_the_command_line(commanded: Commanded) -> None:
    classes = tuple(f"noise-{number:02}" for number in range(4))
    data = DatasetSpec(objects="noise", backgrounds="noise", image_size=8, classes=classes)
    words = f"--objects noise --backgrounds noise --image-size 8 --classes {','.join(classes)}"
    expected = commanded(f"measure --measure equivariance --models none,hue --transforms v_flip --num-pairs 32 {words}")
    found = invariance.equivariance(["none", "hue"], "v_flip", images=data, num_pairs=32, device="cpu")
    pd.testing.assert_frame_equal(pd.read_csv(StringIO(found.to_csv(index=False))), expected)


def test_equivariance_of_whole_pictures_holds_pictures_out() -> None:
    images = np.random.default_rng(0).integers(0, 256, (12, 16, 16, 3), dtype=np.uint8)
    networks = {"colour": lambda images: images.mean(dim=(2, 3)), "row": lambda images: images[:, 0, 0]}
    found = invariance.equivariance(networks, "h_flip", images=images, num_pairs=24, device="cpu").set_index("model")
    assert found.loc["colour", "verdict"] == "invariant" and found.loc["row", "verdict"] != "invariant"
    assert found["num_objects"].between(6, 12).all(), "the pictures, but those that were never flipped"


def test_evidence_is_that_of_the_command_line(commanded: Commanded) -> None:
    names = ["matched-transfer", "disjoint-transfer"]
    expected = commanded(f"shapley --models {','.join(names)} --num-images 8 --num-references 2")
    found = invariance.shapley(names, num_images=8, num_references=2, by_class=True, device="cpu")
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    pairs = invariance.shapley(names, num_images=8, num_references=2, differences=True, device="cpu")
    assert set(pairs["first"]) == {"matched-transfer"} and set(pairs["second"]) == {"disjoint-transfer"}
    own = invariance.shapley("none", images=DatasetSpec(transforms=("hue",), image_size=16), num_images=2)
    assert set(own["player"]) == {"object", "background"}


def test_the_seed_draws_other_images_where_no_task_is_known() -> None:
    model = nn.Sequential(nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(48, 2)).eval()
    shares = [
        invariance.shapley(model, num_images=4, num_references=2, seed=seed, device="cpu")["shapley"].tolist()
        for seed in (0, 0, 1)
    ]
    assert shares[0] == shares[1] != shares[2]


def test_a_what_if_is_that_of_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sizes = {"epochs": 1, "samples_per_epoch": 64, "batch_size": 32, "num_transfer_samples": 40, "num_classes": 4}
    table = invariance.what_if("hue", "none", runs=tmp_path, device="cpu", **sizes)
    words = [word for name, value in sizes.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    asked = ["what-if", "--target", "hue", "--mismatch", "none", *words, "--runs", str(tmp_path), "--device", "cpu"]
    runs = sorted(path.name for path in tmp_path.iterdir())
    assert main(asked) == 0
    answer = json.loads(capsys.readouterr().out)
    assert table.to_dict("records") == answer["cells"] and len(table) == 4
    assert (table.attrs["verdict"], table.attrs["statement"]) == (answer["verdict"], answer["statement"])
    assert sorted(path.name for path in tmp_path.iterdir()) == runs, "the same runs"


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda: invariance.factors("none", ["colour"]), "unknown factor 'colour'"),
        (
            lambda: invariance.factors("none", images=torch.zeros(2, 3, 8, 8)),
            "images = Tensor: expected None, a .* objects, since of each image has to be known what was drawn$",
        ),
        (
            lambda: invariance.shapley("none", images=np.zeros((2, 8, 8, 3))),
            "images = ndarray: expected None, a .* objects, since object and background are shown apart$",
        ),
        (lambda: invariance.shapley("none", differences=True), "differences = True: they are of two networks or more"),
        (lambda: invariance.factors("none", num_images=1), "num_images = 1"),
        (lambda: invariance.shapley("none", explain="cat"), "class 'cat': no model knows it"),
        (lambda: invariance.shapley("none", num_images=0), "num_images = 0: expected a whole number from 1"),
        (lambda: invariance.shapley(lambda images: images.mean((2, 3))), "has no last linear layer"),
        (lambda: invariance.what_if("hue", "hue"), "target and mismatch are both hue"),
        (lambda: invariance.what_if("hue", "blur", epoch=1), "option = 'epoch': expected objects, backgrounds"),
        (lambda: invariance.what_if("hue", "blur", seeds=()), r"seeds = \(\): expected a list of different"),
        (lambda: invariance.what_if("hue", "blur", seeds=3), "seeds = 3: expected a list"),
        (
            lambda: invariance.ask("hue", "blur", models=["small_vit"]),
            r"^models: say model=…, which takes one or several$",
        ),
        (lambda: invariance.ask("hue", "blur", objectives="simclr"), "^objectives: say objective=…"),
        (lambda: invariance.ask("hue", "blur", methods="fine-tune"), "^methods: say method=…"),
        (lambda: invariance.ask("hue", "blur", seed=1), "^seed: say seeds=…"),
        (
            lambda: invariance.ask("hue", "blur", epoch=1),
            "^argument = 'epoch': expected sources, targets, model, .* num_workers, objects, backgrounds, .* epochs",
        ),
        (
            lambda: invariance.ask([nn.Flatten(), "none"], "blur"),
            r"^sources: a Flatten is no name; a question names its networks.* or FILE\.py:function$",
        ),
        (lambda: invariance.ask("hue", [nn.Flatten()]), "targets = .*: expected names"),
        (lambda: invariance.shapley("none", seed=1), "seed = 1, and images have seed = 0: .* the task of a network"),
        (lambda: invariance.thrown_away("none", "hue", seed=1), "seed = 1, and images have seed = 0"),
        (lambda: invariance.what_if(3, "blur"), "target = 3: expected names"),
        (lambda: invariance.what_if("hue", ["blurr"]), "unknown transformation 'blurr'"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(call: Callable[[], Any], line: str) -> None:
    with pytest.raises(SpecError, match=line) as refused:
        call()
    assert "\n" not in str(refused.value)
