"""Whole pictures, backgrounds with classes, and how objects and backgrounds are paired."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from invariance.data.engine import SPLIT_START, Engine
from invariance.spec import DatasetSpec, SpecError

NUM_EACH = 20
SCENES = ("desert", "forest", "sea")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes of uniform pictures, each with a colour of its own: red says the class, green the picture."""
    root = tmp_path_factory.mktemp("scenes")
    for label, name in enumerate(SCENES):
        (root / name).mkdir()
        for number in range(NUM_EACH):
            Image.new("RGB", (40, 40), (60 * label + 20, 10 * number, 0)).save(root / name / f"{number:02d}.png")
    return root


@pytest.fixture(scope="module")
def pictures(folder: Path) -> Engine:
    return Engine(DatasetSpec(objects=f"images:{folder}", backgrounds="#000000", image_size=16))


def colours(images: torch.Tensor) -> list[tuple[int, int]]:
    """(class, number of the picture) that each image's colour says."""
    middle = (images[:, :2, 8, 8] * 255).round().to(torch.int64)
    return [((red - 20) // 60, green // 10) for red, green in middle.tolist()]


def test_whole_pictures_fill_the_image_and_are_labelled_by_their_class(pictures: Engine) -> None:
    batch = pictures.batch(pictures.indices("train", 30))
    assert pictures.class_names == SCENES
    assert (batch.masks == 1).all()
    assert [label for label, _ in colours(batch.images)] == batch.labels.tolist()
    assert torch.equal(pictures.labels(pictures.indices("train", 30)), batch.labels)


def test_each_picture_comes_once_before_any_comes_again_and_in_one_split_alone(pictures: Engine) -> None:
    seen = {}
    for split in SPLIT_START:
        pool = len(pictures._objects.picture_set.splits[split])
        found = colours(pictures.batch(pictures.indices(split, 2 * pool)).images)
        assert len(set(found[:pool])) == pool and set(found[pool:]) == set(found[:pool])
        seen[split] = set(found)
    assert sum(map(len, seen.values())) == len(set.union(*seen.values())) == len(SCENES) * NUM_EACH


def test_seed_changes_the_order_and_transformations_apply(pictures: Engine) -> None:
    indices = pictures.indices("train", 20)
    other = pictures.with_spec_changes(seed=1)
    assert colours(other.batch(indices).images) != colours(pictures.batch(indices).images)
    erased = pictures.with_spec_changes(transforms=("erasing",)).batch(indices)
    assert torch.equal((erased.masks == 0).flatten(1).any(1), erased.parameters["erasing.applied"])


def test_classes_of_whole_pictures_can_be_chosen_in_any_order(folder: Path) -> None:
    engine = Engine(DatasetSpec(objects=f"images:{folder}", backgrounds="#000000", classes=("sea", "desert")))
    batch = engine.batch(engine.indices("test", 12))
    assert [(2, 0)[label] for label in batch.labels.tolist()] == [label for label, _ in colours(batch.images)]
    with pytest.raises(SpecError, match="unknown class 'moon'"):
        Engine(DatasetSpec(objects=f"images:{folder}", classes=("sea", "moon")))


SMALL = DatasetSpec(objects="noise", classes=("noise-03", "noise-01", "noise-02", "noise-00"), image_size=16)


def behind(engine: Engine, num: int, split: str = "train") -> tuple[torch.Tensor, torch.Tensor]:
    """Class of the object and of the background of samples."""
    batch = engine.batch(engine.indices(split, num))
    return batch.objects, engine._backgrounds.labels(batch.backgrounds)


@pytest.mark.parametrize("correlation", [0.0, 0.4, 0.9, 1.0])
@pytest.mark.parametrize("split", ["train", "test"])
def test_realised_correlation_is_the_one_asked_for(folder: Path, correlation: float, split: str) -> None:
    engine = Engine(replace(SMALL, backgrounds=f"images:{folder}", fg_bg_correlation=correlation))
    num = 4000
    objects, backgrounds = behind(engine, num, split)
    share = (objects == backgrounds).float().mean().item()
    expected = correlation + (1 - correlation) / 4
    assert share == pytest.approx(expected, abs=4 * (0.25 / num) ** 0.5)
    if correlation < 1:
        free = objects[objects != backgrounds]
        assert free.bincount(minlength=4).min() > 0, "the rest is spread over all objects"


def test_pairing_is_stated_and_is_what_happens(folder: Path) -> None:
    engine = Engine(replace(SMALL, backgrounds=f"images:{folder}", fg_bg_correlation=1.0, seed=5))
    assert engine.pairing == {"desert": "noise-03", "forest": "noise-01", "sea": "noise-02"}
    for split in ("train", "test"):
        objects, backgrounds = behind(engine, 200, split)
        pairs = {
            (SCENES[background], engine.object_names[label])
            for label, background in zip(objects.tolist(), backgrounds.tolist(), strict=True)
        }
        assert pairs == set(engine.pairing.items())


def test_fewer_objects_than_background_classes_are_gone_through_again(folder: Path) -> None:
    spec = replace(SMALL, classes=("noise-07", "noise-08"), backgrounds=f"images:{folder}", fg_bg_correlation=1.0)
    engine = Engine(spec)
    assert list(engine.pairing.values()) == ["noise-07", "noise-08", "noise-07"]
    objects, backgrounds = behind(engine, 100)
    assert torch.equal(objects, backgrounds % 2)


@pytest.mark.parametrize("availability", [0.0, 0.3, 1.0])
def test_object_is_there_as_often_as_asked(availability: float) -> None:
    engine = Engine(replace(SMALL, backgrounds="#00ff00", fg_availability=availability))
    batch = engine.batch(torch.arange(3000))
    there = batch.masks.flatten(1).amax(1) > 0
    assert there.float().mean().item() == pytest.approx(availability, abs=0.04)
    if 0 < availability < 1:
        assert torch.equal(there, batch.parameters["availability.applied"])
        assert (batch.images[~there] == torch.tensor([0.0, 1.0, 0.0])[:, None, None]).all()


def test_label_may_be_the_background_s(folder: Path) -> None:
    engine = Engine(replace(SMALL, backgrounds=f"images:{folder}", label="background", transforms=("scale",)))
    assert engine.class_names == SCENES and engine.num_classes == 3
    batch = engine.batch(engine.indices("test", 50))
    corner = (batch.images[:, 0, 0, 0] * 255).round().to(torch.int64)
    assert torch.equal((corner - 20) // 60, batch.labels)
    assert torch.equal(engine.labels(engine.indices("test", 50)), batch.labels)
    assert engine.with_spec_changes(label="object").class_names == SMALL.classes


def test_what_is_not_asked_for_changes_no_sample() -> None:
    """Turning correlation or availability on and to their neutral value leaves the data set as it was."""
    plain = Engine(replace(SMALL, backgrounds="noise")).batch(torch.arange(20))
    nearly = Engine(replace(SMALL, backgrounds="noise", fg_availability=1 - 1e-9)).batch(torch.arange(20))
    np.testing.assert_array_equal(plain.images.numpy(), nearly.images.numpy())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fg_bg_correlation": 0.5}, "fg_bg_correlation = 0.5: builtin backgrounds have no classes"),
        ({"label": "background"}, "label = background: builtin backgrounds have no classes"),
        ({"fg_bg_correlation": 1.5}, "fg_bg_correlation = 1.5: expected a number from 0 to 1"),
        ({"fg_availability": -0.1}, "fg_availability = -0.1: expected a number from 0 to 1"),
        ({"label": "colour"}, "label = 'colour': expected object or background"),
    ],
)
def test_what_cannot_be_is_said(change: dict[str, object], message: str) -> None:
    with pytest.raises(SpecError) as raised:
        Engine(replace(SMALL, **change))  # type: ignore[arg-type]
    assert message in str(raised.value)


def test_correlation_needs_cut_outs(folder: Path) -> None:
    source = f"images:{folder}"
    with pytest.raises(SpecError, match="needs cut-out objects"):
        Engine(DatasetSpec(objects=source, backgrounds=source, fg_bg_correlation=0.5))


def test_one_source_as_objects_and_backgrounds_shows_two_pictures(folder: Path) -> None:
    source = f"images:{folder}"
    engine = Engine(DatasetSpec(objects=source, backgrounds=source))
    batch = engine.batch(engine.indices("train", 40))
    assert (batch.prototypes != batch.backgrounds).float().mean() > 0.9
