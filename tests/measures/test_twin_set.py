"""Twins told apart: every view is what was rendered, and no image is there twice."""

from __future__ import annotations

import torch
from torch import Tensor

from invariance.data.engine import Engine
from invariance.measures.twin_set import TWIN_SEEDS, TwinSet, told_apart, twin_set, untransformed
from invariance.spec import TRANSFORM_NAMES, DatasetSpec

DATA = DatasetSpec(objects="noise", backgrounds="noise", classes=("noise-00", "noise-01", "noise-02"), image_size=16)


def flat(images: Tensor) -> Tensor:
    return images.flatten(1).to(torch.float32)


def views(clean: Tensor, twins: TwinSet) -> tuple[Tensor, Tensor]:
    """The images of both views, by way of features that are the images."""
    return twins.features(flat, flat(clean))


def test_by_hand() -> None:
    clean = torch.arange(5, dtype=torch.uint8)[:, None, None, None].expand(5, 3, 1, 1)
    first, second = clean.clone(), clean.clone()
    second[1] = 100  # only the second is changed
    first[2] = 101  # only the first
    first[3] = second[3] = 102  # both alike
    first[4], second[4] = 103, 104  # both, not alike
    twins = told_apart(clean, first, second)
    assert twins.images[:, 0, 0, 0].tolist() == [101, 102, 103, 100, 104]
    assert twins.differs.tolist() == [False, True, True, False, True]
    assert [view[:, 0].tolist() for view in views(clean, twins)] == [[0, 1, 101, 102, 103], [0, 100, 2, 102, 104]]


def test_a_transformation_that_changed_nothing_needs_no_new_image() -> None:
    clean = torch.zeros(4, 3, 2, 2, dtype=torch.uint8)
    twins = told_apart(clean, clean, clean)
    assert len(twins.images) == 0 and not bool(twins.differs.any())
    assert views(clean, twins)[0].shape == (4, 12)


def test_every_transformation_s_views_are_those_of_the_engine() -> None:
    engine = Engine(DATA)
    clean, _ = untransformed(engine, 30)
    for name in TRANSFORM_NAMES:
        twins = twin_set(engine, name, clean)
        expected = [
            engine.with_spec_changes(transforms=(name,), transform_seed=seed).render(engine.indices("test", 30))[0]
            for seed in TWIN_SEEDS
        ]
        found = views(clean, twins)
        assert all(torch.equal(view, flat(images)) for view, images in zip(found, expected, strict=True)), name
        assert torch.equal(twins.differs, (expected[0] != expected[1]).flatten(1).any(dim=1)), name
    assert len(twin_set(engine, "h_flip", clean).images) <= 30  # one look besides the untransformed
