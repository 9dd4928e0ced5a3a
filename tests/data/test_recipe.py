"""A recipe holds what was drawn, in words and in numbers that make the sample again."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from invariance.data.engine import SPLIT_START, Engine
from invariance.data.laws import drawn_parameters, laws, laws_of
from invariance.data.recipe import recipe_of, recipes
from invariance.data.transforms import BEYOND, TRANSFORMS
from invariance.spec import DatasetSpec, dataset_from_dict

SPEC = DatasetSpec(
    objects="noise", backgrounds="noise", transforms=("scale", "rotate", "elastic", "hue"), seed=9, strength=0.7
)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(SPEC)


def test_the_json_alone_makes_the_sample_again(engine: Engine) -> None:
    expected = engine.batch(engine.indices("test", 4))
    for position in range(4):
        values = json.loads(recipe_of(engine, position=position, split="test").to_json())
        again = Engine(dataset_from_dict(values["spec"])).batch(torch.tensor([values["index"]]))
        torch.testing.assert_close(again.images[0], expected.images[position], atol=1e-6, rtol=0)
        assert values["index"] == SPLIT_START["test"] + position and values["seed"] == values["transform_seed"] == 9


def test_numbers_are_those_of_the_batch(engine: Engine) -> None:
    batch = engine.batch(engine.indices("train", 6)[2:])
    for row, recipe in enumerate(recipes(engine, batch, first=2, split="train")):
        assert (recipe.position, recipe.index) == (2 + row, 2 + row)
        assert recipe.class_name == engine.class_names[batch.labels[row]] == recipe.object_name
        assert recipe.background == -1 and recipe.prototype == 0
        assert torch.equal(torch.tensor(recipe.box), batch.boxes[row])
        for key, column in batch.parameters.items():
            assert torch.equal(torch.tensor(recipe.parameters[key], dtype=column.dtype), column[row])


def test_parameters_without_images_are_those_of_the_images(engine: Engine) -> None:
    twin = engine.with_spec_changes(transform_seed=5)
    for one in (engine, twin):
        batch, alone = one.batch(one.indices("train", 30)), drawn_parameters(one.spec, num=30)
        assert set(alone) == set(batch.parameters)
        assert all(np.array_equal(alone[key], column) for key, column in batch.parameters.items())


def test_rows_say_everything_in_words(engine: Engine) -> None:
    recipe = recipe_of(engine, position=3)
    rows = {key: rest for key, *rest in recipe.rows()}
    assert set(rows) == {"class", "prototype", "background", "box", "index", *recipe.parameters}
    angle = recipe.parameters["rotate.angle_deg"]
    signed = (angle + 180) % 360 - 180
    title, value, law = rows["rotate.angle_deg"]
    assert title == "rotate: Angle, counter-clockwise" and law == "uniform, −126 to 126°"
    assert float(value.replace("−", "-").removesuffix("°")) == pytest.approx(signed, rel=5e-3)
    applied = "yes" if recipe.parameters["elastic.applied"] else "no"
    assert rows["elastic.applied"][1:] == [applied, "yes with p = 0.5"]
    assert rows["index"][1] == "seed 9, index 3"


def test_a_twin_s_recipe_names_its_own_seed(engine: Engine) -> None:
    twin = recipe_of(engine.with_spec_changes(transform_seed=4), position=0)
    assert twin.address == "seed 9, transform_seed 4, index 0"
    assert json.loads(twin.to_json())["transform_seed"] == 4


def test_every_declared_parameter_has_a_law_a_title_and_a_range() -> None:
    for transform in (*TRANSFORMS, *BEYOND):
        found = laws(transform.name)
        assert [law.name for law in found] == [parameter.name for parameter in transform.parameters]
        assert all(law.title and law.low <= law.high for law in found)


@pytest.mark.parametrize(
    ("key", "strength", "words"),
    [
        ("rotate.angle_deg", 1.0, "uniform, −180 to 180°"),
        ("scale.factor", 0.5, "uniform, 0.7 to 1 ×"),
        ("h_flip.applied", 0.5, "yes with p = 0.25"),
        ("invert.applied", 0.5, "yes with p = 0.5"),
        ("erasing.side_px", 1.0, "always 14 px (at 32)"),
        ("hue.shift", 0.0, "always 0"),
        ("noise.field", 1.0, "a random field"),
    ],
)
def test_laws_in_words(key: str, strength: float, words: str) -> None:
    (law,) = (law for law in laws(key.split(".")[0], strength) if law.key == key)
    assert law.words == words


def test_availability_is_drawn_and_has_its_law() -> None:
    engine = Engine(DatasetSpec(objects="noise", backgrounds="noise", fg_availability=0.25))
    assert laws_of(engine.spec)["availability.applied"].words == "yes with p = 0.25"
    rows = {key: rest for key, *rest in recipe_of(engine, position=0).rows()}
    assert rows["availability.applied"][0] == "availability: Object is there"
