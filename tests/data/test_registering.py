"""A user's own transformation: what it does to pictures and to a run's identity, and what is refused."""

from __future__ import annotations

import importlib
import json
import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import invariance
from invariance import DatasetSpec, Engine, FactorSpec, MeasureSpec, PretrainSpec, SpecError
from invariance.data.as_code import command_line, python_code
from invariance.data.registering import register_transform
from invariance.data.transforms import get_transform
from invariance.measures.factors import resolve_factors
from invariance.spec import ALL_CATEGORIES, FLAT_TRANSFORMS, canonical_json, dataset_from_dict, run_from_json
from invariance.vocabulary.laws import Uniform
from tests.registered import module_of

SPEC = {"num_samples": 64, "image_size": 32, "seed": 5}


@pytest.fixture
def swirl(tmp_path: Path) -> Iterator[str]:
    with module_of(tmp_path) as name:
        importlib.import_module(name)
        yield name


def images_of(transforms: tuple[str, ...], **changes: Any) -> Tensor:
    engine = Engine(DatasetSpec(transforms=transforms, **(SPEC | changes)))
    return engine.render(engine.indices("train", 64))[0]


def test_a_change_of_colours_keeps_the_outline_and_only_where_its_switch_is_on(swirl: str) -> None:
    engine = Engine(DatasetSpec(transforms=("negate",), **SPEC))
    found, plain = engine.batch(engine.indices("train", 64)), Engine(DatasetSpec(**SPEC)).batch(torch.arange(64))
    applied = found.parameters["negate.applied"]
    assert 16 < int(applied.sum()) < 48 and found.masks.equal(plain.masks)
    assert found.images[~applied].equal(plain.images[~applied])
    solid = (plain.masks == 1)[:, None].expand_as(plain.images) & applied[:, None, None, None]
    torch.testing.assert_close(found.images[solid], 1 - plain.images[solid])


def test_a_movement_takes_the_outline_along(swirl: str) -> None:
    engine = Engine(DatasetSpec(transforms=("swirl",), **SPEC))
    found, plain = engine.batch(engine.indices("train", 64)), Engine(DatasetSpec(**SPEC)).batch(torch.arange(64))
    behind = engine.batch(engine.indices("train", 64), behind=torch.zeros(1, 3, 32, 32))
    assert not found.masks.equal(plain.masks) and found.masks.max() == 1
    assert (behind.images.amax(dim=1) <= found.masks + 1e-6).all(), "nothing shines outside the outline"
    turned = replace(engine.spec, strength=0.0)
    assert (Engine(turned).render(torch.arange(64))[0].float() - images_of(())).abs().max() <= 1, "strength 0 is none"
    angles = found.parameters["swirl.angle_deg"]
    assert angles.min() < -90 and angles.max() > 90 and len(angles.unique()) == 64


def test_a_sample_depends_on_its_index_alone_and_joins_what_is_built_in(swirl: str) -> None:
    whole = images_of(("rotate", "swirl", "hue"))
    engine = Engine(DatasetSpec(transforms=("rotate", "swirl", "hue"), **SPEC))
    assert engine.render(torch.tensor([41, 3]))[0].equal(whole[[41, 3]])
    assert not whole.equal(images_of(("rotate", "hue")))
    assert pickle.loads(pickle.dumps(engine)).render(torch.arange(4))[0].equal(whole[:4])
    assert ALL_CATEGORIES["registered"] == ("swirl", "negate") and "swirl" in FLAT_TRANSFORMS
    assert [one.name for one in resolve_factors(["swirl"])] == ["swirl.angle_deg"]


def test_module_version_and_stream_are_part_of_the_identity_and_of_no_other_run(swirl: str, tmp_path: Path) -> None:
    data = DatasetSpec(transforms=("hue", "negate"))
    said = {"negate": {"module": swirl, "version": 1, "stream": 1001}}
    assert json.loads(canonical_json(data))["registered"] == said
    runs = [
        PretrainSpec(data=data),
        MeasureSpec(sources=("-",), transforms=("negate",)),
        FactorSpec(sources=("-",), factors=("swirl.angle_deg",)),
    ]
    before = [run.run_id for run in runs]
    assert [run_from_json(canonical_json(run)) for run in runs] == runs
    assert "registered" not in canonical_json(PretrainSpec(data=DatasetSpec(transforms=("hue",))))
    written, changed = canonical_json(data), canonical_json(runs[1])
    with module_of(tmp_path, version=2) as name:
        importlib.import_module(name)
        assert [run.run_id == old for run, old in zip(runs, before, strict=True)] == [False, False, True]
        with pytest.raises(
            SpecError, match=r"'negate' \(version 1\) is registered by module my_swirl, and here with ver"
        ):
            run_from_json(changed)
    assert dataset_from_dict(json.loads(written)) == data


def test_who_lacks_the_registration_is_told_where_it_is(tmp_path: Path) -> None:
    with module_of(tmp_path) as name:
        importlib.import_module(name)
        run = canonical_json(PretrainSpec(data=DatasetSpec(transforms=("swirl",)), model="tiny"))
        engine = pickle.dumps(Engine(DatasetSpec(transforms=("swirl",))))
        shown = python_code(DatasetSpec(transforms=("swirl",)), num=2)
        assert shown.startswith("import my_swirl\n\nfrom PIL")
        assert "--import my_swirl --transforms swirl" in command_line(DatasetSpec(transforms=("swirl",)), num=2)
    line = "transform 'swirl' (version 1) is registered by module my_swirl: import it, or set --import my_swirl"
    with pytest.raises(SpecError) as refused:
        run_from_json(run)
    assert str(refused.value) == line
    with pytest.raises(SpecError, match="unknown transformation 'swirl'.*import the module that registers it"):
        DatasetSpec(transforms=("swirl",))
    with module_of(tmp_path):  # whoever reads a pickle imports what it needs
        assert pickle.loads(engine).spec.transforms == ("swirl",)


def good(images: Tensor, parameters: dict[str, Tensor]) -> Tensor:
    return images * parameters["factor"][:, None, None, None]


def noisy(images: Tensor, parameters: dict[str, Tensor]) -> Tensor:
    return images + 0.1 * torch.rand_like(images)


def overwriting(images: Tensor, parameters: dict[str, Tensor]) -> Tensor:
    parameters["factor"].add_(1)
    return images


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "rotate"}, "name = 'rotate': that is a built-in transformation; choose another"),
        ({"name": "My Swirl"}, "name = 'My Swirl': expected small letters"),
        ({"name": "all"}, "name = 'all': expected small letters"),
        ({"stream": 36}, "stream = 36: expected a whole number from 1000"),
        ({"stream": 1001}, "stream = 1001: 'negate' draws from it"),
        ({"version": 0}, "version = 0: expected a whole number from 1"),
        ({"apply": "good"}, "apply = 'good': expected a function"),
        ({"parameters": {}}, r"parameters = \{\}: expected names with"),
        ({"parameters": {"factor": (2, 1)}}, r"parameters\['factor'\] = \(2, 1\): expected \(low, high\)"),
        ({"parameters": {"factor": (0.5, 2)}}, "neutral value of 'factor' = 0.0: expected 0.5, 2 or the middle"),
        ({"apply": lambda images, _: images[:, :1]}, r"returned \(3, 1, 16, 16\) torch.float32: expected images"),
        ({"apply": lambda images, p: images * p["factor"]}, r"failed on 3 images of 16 px .*\[:, None, None, None\]"),
        ({"apply": lambda images, _: images / 0 * 0}, "returns numbers that are not finite"),
        ({"apply": lambda images, _: images - images.mean()}, "mixes the images of a batch"),
        ({"apply": noisy}, "draws random numbers of its own"),
        ({"apply": overwriting}, "changes what it is given"),
    ],
)
def test_what_cannot_be_used_is_refused(changes: dict[str, Any], said: str, swirl: str) -> None:
    arguments = {"apply": good, "parameters": {"factor": (0.5, 1, 1)}, "stream": 1002} | changes
    name = str(arguments.pop("name", "dim"))
    with pytest.raises(SpecError, match=said):
        register_transform(name, **arguments)
    assert "dim" not in FLAT_TRANSFORMS


def test_laws_can_be_given_in_full_and_again(swirl: str) -> None:
    law = Uniform("any", 0.0, 1.0, neutral=1.0, title="Factor", reach=(0.0, 2.0))
    for version in (1, 2):
        invariance.register_transform("dim", good, parameters={"factor": law}, stream=1002, version=version)
    declared = get_transform("dim").declared
    assert declared.parameters == (replace(law, name="factor"),) and declared.version == 2
    assert declared.module == __name__ and declared.title == "Dim"
