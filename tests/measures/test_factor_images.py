"""Which images factors are decoded from: nothing twice, nothing on both sides, only what is asked for varies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from invariance.data.engine import Engine, to_bytes
from invariance.events import Cancelled
from invariance.measures.factor_images import NUM_BACKGROUNDS, image_sets, render_set
from invariance.measures.factor_probe import Split
from invariance.measures.factor_scores import factor_scores
from invariance.measures.factors import resolve_factors, target_of
from invariance.spec import DatasetSpec, SpecError

DATA = DatasetSpec(objects="noise", backgrounds="noise", classes=("noise-00", "noise-01", "noise-02"), image_size=16)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """Noise objects on 20 plain backgrounds."""
    for number in range(20):
        pixels = np.full((16, 16, 3), 10 * number, dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number:02}.png")
    return Engine(replace(DATA, backgrounds=str(tmp_path)))


def test_one_at_a_time_each_transformation_has_images_of_its_own() -> None:
    sets = image_sets(resolve_factors(("class", "background", "translate", "hue")), together=False)
    found = [(one.transforms, one.few_backgrounds, [factor.name for factor in one.factors]) for one in sets]
    assert found == [
        ((), False, ["class"]),
        ((), True, ["background"]),
        (("translate",), False, ["translate.x", "translate.y"]),
        (("hue",), False, ["hue.shift"]),
    ]


def test_together_all_transformations_act_on_the_same_images() -> None:
    sets = image_sets(resolve_factors(("class", "background", "translate", "hue")), together=True)
    assert [one.transforms for one in sets] == [("translate", "hue")] * 2
    assert [factor.name for factor in sets[0].factors] == ["class", "translate.x", "translate.y", "hue.shift"]


def test_no_image_comes_twice_and_the_same_picture_is_never_on_both_sides(engine: Engine) -> None:
    (flips,) = image_sets(resolve_factors(("h_flip",)), together=False)
    found = render_set(engine, flips, num=300, num_folds=5, seed=0)
    rows = found.images.flatten(1)
    assert len(torch.unique(rows, dim=0)) == len(rows) <= 3 * 20 * 2  # classes x backgrounds x flips
    folds = found.splits["known"].folds
    assert len(rows) == len(folds) == len(found.recipe.labels) == len(found.recipe.parameters["h_flip.applied"])
    pairs = found.recipe.objects * 100 + found.recipe.backgrounds
    for pair in pairs.unique():
        assert len(folds[pairs == pair].unique()) == 1
    assert folds.unique().tolist() == [0, 1, 2, 3, 4]
    assert len(found.splits["known"].units.unique()) == len(pairs.unique())


def test_images_are_those_of_the_test_split_with_what_was_drawn(engine: Engine) -> None:
    (wanted,) = image_sets(resolve_factors(("rotate",)), together=False)
    found = render_set(engine, wanted, num=30, num_folds=3, seed=0)
    rotated = engine.with_spec_changes(transforms=("rotate",))
    indices = rotated.indices("test", 30)
    batch = rotated.batch(indices)
    assert torch.equal(found.images, to_bytes(batch.images))
    assert torch.equal(found.recipe.parameters["rotate.angle_deg"], batch.parameters["rotate.angle_deg"])


@pytest.mark.parametrize("shared", [False, True])
def test_backgrounds_are_told_among_few_of_the_test(engine: Engine, shared: bool) -> None:
    engine = engine.with_spec_changes(shared_backgrounds=shared)
    (wanted,) = image_sets(resolve_factors(("background",)), together=False)
    found = render_set(engine, wanted, num=1000, num_folds=4, seed=0)
    few = set(engine.backgrounds_of("test")[:NUM_BACKGROUNDS].tolist())
    assert len(few) == (NUM_BACKGROUNDS if shared else 4)
    assert set(found.recipe.backgrounds.tolist()) == few and len(found.images) == 3 * len(few)


def test_classes_are_told_before_new_backgrounds_and_backgrounds_behind_new_objects() -> None:
    engine = Engine(DatasetSpec(classes=("bus", "mug", "owl", "acorn", "bee"), image_size=16))
    classes, backgrounds = image_sets(resolve_factors(("class", "background")), together=False)
    found = render_set(engine, classes, num=300, num_folds=5, seed=0)
    assert list(found.splits) == ["known"]
    for number in found.recipe.backgrounds.unique():
        assert len(found.splits["known"].folds[found.recipe.backgrounds == number].unique()) == 1
    assert torch.equal(found.splits["known"].units, found.recipe.backgrounds)
    found = render_set(engine, backgrounds, num=300, num_folds=5, seed=0)
    assert list(found.splits) == ["held_out"]
    folds = found.splits["held_out"].folds
    assert [len(folds[found.recipe.objects == label].unique()) for label in range(5)] == [1] * 5
    assert sorted(folds.unique().tolist()) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("num_folds", "expected"), [(2, 2), (3, 3), (5, 3)])
def test_objects_are_held_out_with_all_their_images_one_at_a_time_where_they_are_few(
    engine: Engine, num_folds: int, expected: int
) -> None:
    (wanted,) = image_sets(resolve_factors(("hue",)), together=False)
    found = render_set(engine, wanted, num=90, num_folds=num_folds, seed=0)
    assert list(found.splits) == ["known", "held_out"]
    split = found.splits["held_out"]
    assert torch.equal(split.units, found.recipe.objects) and len(split.folds.unique()) == expected
    for number in found.recipe.objects.unique():
        assert len(split.folds[found.recipe.objects == number].unique()) == 1
    assert max(len(found.recipe.objects[split.folds == fold].unique()) for fold in range(expected)) == -(-3 // expected)


def test_a_representation_of_the_object_alone_guesses_the_background() -> None:
    # With each pair once and folds of pairs it would be wrong every time: what the others lack is the answer.
    engine = Engine(DatasetSpec(classes=("bus", "mug", "owl", "acorn", "bee"), image_size=16))
    (wanted,) = image_sets(resolve_factors(("background",)), together=False)
    found = render_set(engine, wanted, num=500, num_folds=5, seed=0)
    assert len(found.images) == 5 * NUM_BACKGROUNDS
    object_alone = torch.nn.functional.one_hot(found.recipe.objects).to(torch.float32)
    target = target_of(wanted.factors[0], found.recipe)
    (score,) = factor_scores(object_alone, wanted.factors, [target], found.splits["held_out"], seed=0)
    assert abs(score.skill.estimate) < 0.05 and score.p_value > 0.05
    pairs = Split(torch.arange(len(found.images)) % 5, torch.arange(len(found.images)))
    (wrong,) = factor_scores(object_alone, wanted.factors, [target], pairs, seed=0)
    assert wrong.score == pytest.approx(0.0, abs=1e-12)


def test_fresh_noise_repeats_no_background() -> None:
    (wanted,) = image_sets(resolve_factors(("hue",)), together=False)
    found = render_set(Engine(DATA), wanted, num=60, num_folds=5, seed=0)
    assert len(found.images) == 60 and torch.bincount(found.splits["known"].folds).tolist() == [12] * 5


def test_too_few_pictures_and_a_cancelled_run(engine: Engine) -> None:
    plain = Engine(replace(DATA, backgrounds="#102030"))
    (wanted,) = image_sets(resolve_factors(("class",)), together=False)
    with pytest.raises(SpecError, match="num_images = 60: 3 different pictures for 5 folds"):
        render_set(plain, wanted, num=60, num_folds=5, seed=0)
    with pytest.raises(Cancelled):
        render_set(engine, wanted, num=60, num_folds=2, seed=0, cancelled=lambda: True)
