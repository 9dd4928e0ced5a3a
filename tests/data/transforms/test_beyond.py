"""Pose and occlude: other viewpoints of the same object, and another object in front."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from invariance.data.engine import Engine
from invariance.data.transforms.beyond import drawn_other, drawn_view
from invariance.spec import TRANSFORM_NAMES, DatasetSpec, SpecError, parse_transforms

SPEC = DatasetSpec(classes=("mug", "snail", "pear"), backgrounds="#404040")


@pytest.fixture(scope="module")
def plain() -> Engine:
    return Engine(SPEC)


@pytest.fixture(scope="module")
def posed() -> Engine:
    return Engine(DatasetSpec(**{**vars(SPEC), "transforms": ("pose",)}))


def test_view_is_the_nearest_around_the_circle() -> None:
    view = torch.tensor([0.0, 0.13, 0.26, 0.38, 0.51, 0.9999])
    found = drawn_view({"view": view}, torch.zeros(6, dtype=torch.int64), torch.full((6,), 8))
    assert found.tolist() == [0, 1, 7, 2, 6, 4]


def test_other_is_every_class_but_the_own_evenly() -> None:
    labels = torch.arange(3).repeat_interleave(3000)
    other = drawn_other({"other": torch.rand(9000, generator=torch.Generator().manual_seed(0))}, labels, 3)
    counts = torch.zeros(3, 3, dtype=torch.int64).index_put_((labels, other), torch.tensor(1), accumulate=True)
    assert counts.diagonal().sum() == 0
    assert (counts[counts > 0] - 1500).abs().max() < 150


def test_pose_shows_another_picture_of_the_same_class(plain: Engine, posed: Engine) -> None:
    indices = torch.arange(200)
    before, after = plain.batch(indices), posed.batch(indices)
    assert torch.equal(before.labels, after.labels) and torch.equal(before.prototypes, after.prototypes)
    views = drawn_view({"view": after.parameters["pose.view"]}, after.prototypes, torch.full((200,), 8))
    pictures = posed._objects.pictures[after.labels, views]
    assert torch.equal(after.masks, pictures[:, 3])
    same = views == 0
    assert torch.equal(before.images[same], after.images[same])
    assert (before.images[~same] - after.images[~same]).abs().amax(dim=(1, 2, 3)).min() > 0.1
    assert (views.bincount(minlength=8) > 8).all()


def test_pose_without_strength_is_the_sample_itself(plain: Engine, posed: Engine) -> None:
    indices = torch.arange(20)
    assert torch.equal(posed.with_spec_changes(strength=0.0).batch(indices).images, plain.batch(indices).images)


def test_pose_reaches_further_round_with_strength(posed: Engine) -> None:
    half = posed.with_spec_changes(strength=0.5).batch(torch.arange(300)).parameters["pose.view"]
    assert half.max() < 0.5 and half.max() > 0.45


def test_pose_can_be_added_to_an_engine_whose_pictures_are_loaded(plain: Engine, posed: Engine) -> None:
    indices = torch.arange(10)
    assert torch.equal(plain.with_spec_changes(transforms=("pose",)).batch(indices).images, posed.batch(indices).images)
    assert plain.with_spec_changes(transforms=("hue",))._objects is plain._objects


def test_another_view_of_an_object_that_is_not_there_is_not_there(posed: Engine) -> None:
    batch = posed.with_spec_changes(fg_availability=0.5).batch(torch.arange(100))
    there = batch.parameters["availability.applied"]
    assert torch.equal(batch.masks.flatten(1).amax(1) > 0, there)


def test_occluder_hides_the_object_where_it_stands(plain: Engine) -> None:
    engine = plain.with_spec_changes(transforms=("occlude",))
    indices = torch.arange(300)
    before, after = plain.batch(indices), engine.batch(indices)
    applied = after.parameters["occlude.applied"]
    assert 110 < applied.sum() < 190
    assert torch.equal(before.images[~applied], after.images[~applied])
    assert torch.equal(before.masks[~applied], after.masks[~applied])
    assert (after.masks <= before.masks + 1e-6).all()
    hidden = ((before.masks - after.masks).sum((1, 2)) / before.masks.sum((1, 2)))[applied]
    assert hidden.median() > 0.05 and hidden.max() < 0.9, "it hides some of the object and never all"


def test_occluder_of_no_size_is_not_there(plain: Engine) -> None:
    indices = torch.arange(20)
    engine = plain.with_spec_changes(transforms=("occlude",), strength=0.0)
    assert torch.equal(engine.batch(indices).images, plain.batch(indices).images)


def test_occluder_follows_an_object_that_was_moved(plain: Engine) -> None:
    engine = plain.with_spec_changes(transforms=("translate", "occlude"))
    batch = engine.batch(torch.arange(400))
    alone = plain.with_spec_changes(transforms=("translate",)).batch(torch.arange(400))
    assert torch.equal(batch.boxes, alone.boxes)
    changed = (batch.images - alone.images).abs().amax(1) > 0.02
    rows = torch.arange(32.0)
    there = batch.parameters["occlude.applied"] & changed.flatten(1).any(1)
    middle = (changed.float().sum(1)[there] * rows).sum(1) / changed.float().sum((1, 2))[there]
    inside = (middle > batch.boxes[there, 0]) & (middle < batch.boxes[there, 2])
    assert inside.float().mean() > 0.95


def test_order_is_pose_first_and_occlude_last_whatever_was_given() -> None:
    one = DatasetSpec(transforms=("occlude", "hue", "pose", "rotate"))
    assert one.transforms == ("pose", "hue", "rotate", "occlude")
    assert one == DatasetSpec(transforms=("pose", "hue", "occlude", "rotate"))


def test_the_paper_s_transformations_stay_18() -> None:
    assert parse_transforms("all") == TRANSFORM_NAMES and len(TRANSFORM_NAMES) == 18
    assert parse_transforms("pose,hue") == ("pose", "hue")


@pytest.mark.parametrize("transform", ["pose", "occlude"])
def test_twins_differ_in_it_alone(plain: Engine, transform: str) -> None:
    first, second = plain.twins(torch.arange(60), (transform,))
    assert torch.equal(first.labels, second.labels) and torch.equal(first.backgrounds, second.backgrounds)
    assert (first.images - second.images).abs().amax(dim=(1, 2, 3)).gt(0.05).float().mean() > 0.4


def test_pose_needs_several_pictures(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="pose needs objects seen from several sides: noise has none"):
        Engine(DatasetSpec(objects="noise", transforms=("pose",)))
    for name in ("cup", "jug"):
        (tmp_path / name).mkdir()
        Image.new("RGBA", (20, 20), (200, 0, 0, 90)).save(tmp_path / name / "only.png")
    with pytest.raises(SpecError, match=r"pose needs several pictures of each class: cup of .* has one; add views"):
        Engine(DatasetSpec(objects=str(tmp_path), transforms=("pose",)))
