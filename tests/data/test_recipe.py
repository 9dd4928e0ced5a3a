"""A recipe holds what was drawn, in words and in numbers that make the sample again."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from invariance.data.catalogue import read_background
from invariance.data.engine import SPLIT_START, Engine
from invariance.data.laws import laws, laws_of
from invariance.data.preview import drawn_parameters
from invariance.data.recipe import recipe_of, recipes
from invariance.data.transforms import TRANSFORMS
from invariance.data.uploads.collection import write_pictures
from invariance.data.uploads.packed import Packed
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


@pytest.mark.parametrize(
    ("objects", "backgrounds", "picture", "behind"),
    [
        ("builtin", "builtin", "view-1.webp", r"[a-z]+-\d+\.webp"),
        ("noise", "noise", "number 1", "fresh noise"),
        ("noise", "#80a0ff", "number 0", "#80a0ff"),
        ("{folder}/foregrounds", "{folder}/backgrounds", r"001\.png", r"00\d\.png"),
    ],
)
def test_pictures_are_called_by_their_files_and_never_by_folders(
    tmp_path: Path, objects: str, backgrounds: str, picture: str, behind: str
) -> None:
    pictures = [Image.effect_noise((20, 20), 80).convert("RGB") for _ in range(3)]
    cutouts = [Image.merge("RGBA", (*one.split(), Image.linear_gradient("L").resize((20, 20)))) for one in pictures]
    packed = [Packed.of(one) for one in cutouts]
    write_pictures(tmp_path, {"ape": packed, "bee": packed}, [Packed.of(one) for one in pictures])
    objects, backgrounds = (source.format(folder=tmp_path) for source in (objects, backgrounds))
    engine = Engine(DatasetSpec(objects=objects, backgrounds=backgrounds, num_prototypes=2))
    found = recipes(engine, engine.batch(engine.indices("train", 40)), first=0, split="train")
    rows = [{key: value for key, _, value, _ in recipe.rows()} for recipe in found]
    assert any(re.fullmatch(picture, row["prototype"]) for row in rows), rows[0]
    assert all(re.fullmatch(behind, row["background"]) for row in rows), rows[0]
    assert not any(str(tmp_path) in value for row in rows for value in row.values())
    for recipe in found:
        name = recipe.background_name
        if (place := Path(backgrounds) / name).is_file():
            shown = engine._backgrounds.pictures[recipe.background]
            assert torch.equal(shown, read_background(place, engine.spec.image_size))


def test_whole_pictures_are_called_by_their_files(tmp_path: Path) -> None:
    for number, name in enumerate(f"{kind}/{kind}_{view}.png" for kind in ("ape", "bee") for view in range(5)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (16, 16), (20 * number, 0, 0)).save(tmp_path / name)
    source = f"images:{tmp_path}"
    engine = Engine(DatasetSpec(objects=source, classes=("bee", "ape"), backgrounds=source))
    for recipe in recipes(engine, engine.batch(engine.indices("train", 6)), first=0, split="train"):
        assert re.fullmatch(rf"{recipe.class_name}_\d\.png", recipe.prototype_name)
        red = 20 * (5 * (recipe.background_name[0] == "b") + int(recipe.background_name[4]))
        assert int(engine._backgrounds.pictures[recipe.background, 0, 0, 0]) == red


def test_a_twin_s_recipe_names_its_own_seed(engine: Engine) -> None:
    twin = recipe_of(engine.with_spec_changes(transform_seed=4), position=0)
    assert twin.address == "seed 9, transform_seed 4, index 0"
    assert json.loads(twin.to_json())["transform_seed"] == 4


def test_every_declared_parameter_has_a_law_a_title_and_a_range() -> None:
    for transform in TRANSFORMS.values():
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
