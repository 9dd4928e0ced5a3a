"""How much of a test was seen in training."""

from __future__ import annotations

import math
from itertools import product

import pytest
import torch

from invariance.data.engine import Engine, to_bytes
from invariance.data.seen import Seen, count_seen
from invariance.spec import DatasetSpec

CLASSES = ("bee", "guitar", "mug", "rocket", "teapot", "whale")
NUM_TRAIN, NUM_TEST = 4_000, 300
COMPOSITIONS = ((), ("v_flip",), ("noise",), ("v_flip", "invert", "posterize"))


@pytest.fixture(scope="module")
def engines() -> dict[bool, Engine]:
    return {
        shared: Engine(DatasetSpec(classes=CLASSES, shared_backgrounds=shared, image_size=16))
        for shared in (False, True)
    }


def seen(engines: dict[bool, Engine], transforms: tuple[str, ...], *, shared: bool) -> Seen:
    engine = engines[shared].with_spec_changes(transforms=transforms)
    return count_seen(engine, num_train=NUM_TRAIN, num_test=NUM_TEST)


@pytest.mark.parametrize("transforms", COMPOSITIONS, ids="+".join)
def test_no_image_of_the_test_is_one_of_training(engines: dict[bool, Engine], transforms: tuple[str, ...]) -> None:
    found = seen(engines, transforms, shared=False)
    assert found.images == 0
    # Objects are as in training, which is another matter: half of the noise is new, the others' few states are not.
    share = found.cutouts / NUM_TEST
    assert 0.4 < share < 0.6 if transforms == ("noise",) else share == 1.0


@pytest.mark.parametrize("transforms", COMPOSITIONS, ids="+".join)
def test_with_shared_backgrounds_they_often_are(engines: dict[bool, Engine], transforms: tuple[str, ...]) -> None:
    """As often as draws coincide: object, background and states, each with its probability."""
    found = seen(engines, transforms, shared=True)
    states = [(0.5, 0.0)] if transforms == ("noise",) else [(0.5, 0.5)] * len(transforms)
    expected = 0.0
    for chosen in product(*states):
        probability = math.prod(chosen)
        expected += probability * (1 - math.exp(-NUM_TRAIN * probability / (len(CLASSES) * 216)))
    assert found.images / NUM_TEST == pytest.approx(expected, abs=4 * math.sqrt(0.25 / NUM_TEST))
    assert transforms or expected > 0.95


def test_the_counts_are_those_of_a_comparison_of_all_with_all(engines: dict[bool, Engine]) -> None:
    engine = engines[True].with_spec_changes(transforms=("v_flip", "hue"), strength=0.0)
    found = count_seen(engine, num_train=200, num_test=50)
    train, test = engine.batch(engine.indices("train", 200)), engine.batch(engine.indices("test", 50))
    alike = (to_bytes(test.images)[:, None] == to_bytes(train.images)[None]).flatten(2).all(2).any(1)
    assert found.images == int(alike.sum()) > 0
    objects = torch.isin(test.objects, train.objects)  # at strength 0 an object is the only thing about a cut-out
    assert found.cutouts == int(objects.sum())
    assert found.words.startswith(f"of 50 test images, {found.images} are one of 200 training images")


def test_an_object_in_front_is_part_of_a_cutout() -> None:
    engine = Engine(DatasetSpec(classes=CLASSES, image_size=16, transforms=("occlude",)))
    assert count_seen(engine, num_train=100, num_test=40).cutouts < 40
