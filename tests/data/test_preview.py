"""What pages show of a data set is what the engine makes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from invariance.data.engine import SPLIT_START, Engine, to_bytes
from invariance.data.preview import (
    clean_backgrounds,
    describe_transforms,
    most_changed,
    positions_of,
    samples,
    strips,
    twin_samples,
)
from invariance.spec import KNOWN_TRANSFORMS, DatasetSpec, SpecError


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(DatasetSpec(objects="noise", backgrounds="noise", transforms=("rotate", "blur"), seed=3))


def test_samples_are_the_engine_s(engine: Engine) -> None:
    found = samples(engine, num=3, start=5, split="test")
    batch = engine.batch(torch.arange(5, 8) + SPLIT_START["test"])
    np.testing.assert_array_equal(found.images, to_bytes(batch.images).permute(0, 2, 3, 1).numpy())
    assert found.class_names == tuple(engine.class_names[label] for label in batch.labels)
    assert (found.parameters["rotate.angle_deg"] == batch.parameters["rotate.angle_deg"].numpy()).all()
    assert (found.backgrounds == -1).all()


def test_first_twin_is_the_sample_and_the_second_differs_in_the_transformation_alone(engine: Engine) -> None:
    first, second = twin_samples(engine, num=4)
    np.testing.assert_array_equal(first.images, samples(engine, num=4).images)
    assert first.class_names == second.class_names
    assert (first.parameters["rotate.angle_deg"] != second.parameters["rotate.angle_deg"]).all()
    outside = (first.masks == 0) & (second.masks == 0)
    np.testing.assert_array_equal(first.images[outside], second.images[outside])


def test_strips_begin_with_the_clean_image(engine: Engine) -> None:
    found = strips(engine, ("hue", "rotate"), num=3, position=2)
    clean = samples(engine.with_spec_changes(transforms=()), num=1, start=2).images[0]
    assert list(found) == ["hue", "rotate"]
    np.testing.assert_array_equal(found["hue"], strips(engine, ("hue",), num=4, position=2)["hue"][:3])
    for images in found.values():
        assert images.shape == (3, 32, 32, 3)
        np.testing.assert_array_equal(images[0], clean)
        assert (images[1] != images[2]).any()


def test_clean_backgrounds_are_what_shows_beside_the_object(engine: Engine) -> None:
    index = torch.tensor([7, 1])
    batch, clean = engine.batch(index), clean_backgrounds(engine, index)
    beside = (batch.masks == 0)[:, None].expand_as(clean)
    assert beside.any()
    torch.testing.assert_close(clean[beside], batch.images[beside])


def test_every_transformation_is_described() -> None:
    assert tuple(describe_transforms()) == tuple(KNOWN_TRANSFORMS)
    assert all(describe_transforms().values())


def test_positions_of_a_class_are_all_of_it_in_order(engine: Engine) -> None:
    name = engine.class_names[7]
    found = positions_of(engine, name, num=5)
    shown = samples(engine, num=found[-1] + 1, split="test").class_names
    assert found == [position for position, other in enumerate(shown) if other == name]
    with pytest.raises(SpecError, match="class 'unicorn': expected one of noise-00"):
        positions_of(engine, "unicorn", num=1)


def test_most_changed_is_the_draw_farthest_from_the_first() -> None:
    strip = np.zeros((4, 2, 2, 3), np.uint8)
    strip[1], strip[2, 0], strip[3] = 9, 200, 40
    assert np.array_equal(most_changed(strip), strip[2])
