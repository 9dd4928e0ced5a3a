"""Representations made by hand: what they hold is found, what they lack is not, and shuffled labels give nothing."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from invariance.data.engine import Engine
from invariance.measures.factor_images import FactorImages, image_sets, render_set
from invariance.measures.factor_probe import Split, held_out_means
from invariance.measures.factor_scores import (
    NUM_SHUFFLES,
    FactorScore,
    _orders_within,
    angle_errors_deg,
    change,
    chosen_class,
    factor_scores,
    losses,
)
from invariance.measures.factors import Target, known_factors, resolve_factors, target_of
from invariance.spec import DatasetSpec

NUM = 600
CLASSES = ("banana", "bus", "mug", "owl", "teapot")
NUMBER, CIRCLE, CHOICE = (
    next(one for one in known_factors() if one.name == name) for name in ("scale.factor", "rotate.angle_deg", "class")
)
EACH_ALONE = Split(torch.arange(300) % 5, torch.arange(300))
MIXED = ("class", "translate", "rotate", "hue", "v_flip")


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(DatasetSpec(classes=CLASSES))


@pytest.fixture(scope="module")
def mixed(engine: Engine) -> FactorImages:
    """Images in which position, angle, hue and flip vary at once."""
    return images_of(engine, *MIXED, together=True)


def images_of(engine: Engine, *names: str, together: bool = False) -> FactorImages:
    (wanted,) = image_sets(resolve_factors(names), together=together)
    return render_set(engine, wanted, num=NUM, num_folds=5, seed=0)


def scores_of(features: Tensor, found: FactorImages, *names: str, objects: str = "known") -> dict[str, FactorScore]:
    factors = resolve_factors(names)
    targets = [target_of(factor, found.recipe) for factor in factors]
    scores = factor_scores(features, factors, targets, found.splits[objects], seed=0)
    return {factor.name: score for factor, score in zip(factors, scores, strict=True)}


def test_a_representation_that_holds_x_alone_gives_x_alone(mixed: FactorImages) -> None:
    features = mixed.recipe.parameters["translate.x"][:, None] * torch.tensor([[3.0, -1.0]]) + 2.0
    scores = scores_of(features, mixed, *MIXED)
    found = scores["translate.x"]
    assert (found.skill.low, found.skill.estimate, found.skill.high) == pytest.approx((1.0, 1.0, 1.0), abs=1e-6)
    assert found.p_value == 1 / (1 + NUM_SHUFFLES)
    for name, score in scores.items():
        if name != "translate.x":
            assert score.skill.estimate < 0.05 and score.skill.low <= 0.03, name
            assert score.skill.low <= score.skill.estimate <= score.skill.high


def test_an_angle_is_decoded_by_cosine_and_sine_and_not_by_its_number(mixed: FactorImages) -> None:
    degrees = mixed.recipe.parameters["rotate.angle_deg"].to(torch.float64)
    circle = torch.stack((degrees.deg2rad().cos(), degrees.deg2rad().sin()), dim=1)
    scores = scores_of(circle, mixed, *MIXED)
    assert scores["rotate.angle_deg"].skill.estimate == pytest.approx(1.0, abs=1e-6)
    assert scores["rotate.angle_deg"].angle_error_deg == pytest.approx(0.0, abs=0.01)
    assert scores["hue.shift"].skill.estimate < 0.05 and scores["hue.shift"].angle_error_deg == pytest.approx(90, abs=8)
    number = scores_of(degrees[:, None], mixed, "rotate")["rotate.angle_deg"]
    # A line through the number catches the sine's trend, 6 / pi^2 of its variance, and nothing of the cosine.
    assert number.skill.estimate == pytest.approx(3 / math.pi**2, abs=0.06)
    assert math.isnan(scores["translate.x"].angle_error_deg)


def object_colour(found: FactorImages, engine: Engine, *transforms: str) -> Tensor:
    """The mean colour of the object's own pixels, for each class in columns of its own."""
    moved = engine.with_spec_changes(transforms=transforms)
    batch = moved.batch(moved.indices("test", NUM))
    assert len(found.images) == NUM, "no repetition was dropped"
    weight = batch.masks[:, None]
    colour = (batch.images * weight).sum(dim=(2, 3)) / weight.sum(dim=(2, 3))
    members = torch.nn.functional.one_hot(batch.objects, len(CLASSES)).to(colour)
    return torch.cat([members, (members[:, :, None] * colour[:, None]).flatten(1)], dim=1)


def test_a_model_that_reads_the_object_s_mean_colour_keeps_hue_and_loses_the_angle(engine: Engine) -> None:
    hue = images_of(engine, "hue")
    kept = scores_of(object_colour(hue, engine, "hue"), hue, "hue")["hue.shift"]
    assert kept.skill.estimate > 0.9 and kept.angle_error_deg < 20
    rotated = images_of(engine, "rotate")
    lost = scores_of(object_colour(rotated, engine, "rotate"), rotated, "rotate")["rotate.angle_deg"]
    assert lost.skill.estimate < 0.1


def test_shuffled_labels_are_at_chance_on_average(mixed: FactorImages) -> None:
    # Even from features that hold everything.
    features = torch.cat([target_of(factor, mixed.recipe).columns for factor in resolve_factors(MIXED)], dim=1)
    scores = scores_of(features, mixed, *MIXED)
    assert all(score.skill.estimate > 0.99 for score in scores.values())
    assert np.mean([score.control for score in scores.values()]) == pytest.approx(0.0, abs=0.02)
    assert all(score.control < score.control_high < 0.1 for score in scores.values())


def test_balanced_accuracy_counts_classes_alike_and_skill_starts_at_chance() -> None:
    labels = torch.tensor([0] * 8 + [1] * 2)
    target = (labels[:, None] == torch.arange(2)).to(torch.float64)
    means = held_out_means(target, torch.arange(10) % 2)
    all_zero = torch.tensor([[1.0, 0.0]], dtype=torch.float64).expand(10, 2)
    cost, guessed = losses(CHOICE, target, all_zero, means, target.sum(dim=0))
    assert 1 - float(cost.sum() / guessed.sum()) == pytest.approx(0.0)
    half_of_the_rare = all_zero.clone()
    half_of_the_rare[8] = torch.tensor([0.0, 1.0], dtype=torch.float64)
    cost, guessed = losses(CHOICE, target, half_of_the_rare, means, target.sum(dim=0))
    assert 1 - float(cost.sum() / guessed.sum()) == pytest.approx(0.5)  # balanced accuracy .75


def test_numbers_are_measured_against_the_mean_of_the_other_folds() -> None:
    target = torch.tensor([[1.0], [3.0], [5.0], [7.0]], dtype=torch.float64)
    means = held_out_means(target, torch.tensor([0, 0, 1, 1]))
    cost, guessed = losses(NUMBER, target, target + 1.0, means, target.sum(dim=0))
    assert cost.tolist() == [1.0] * 4 and guessed.tolist() == [25.0, 9.0, 9.0, 25.0]


def test_the_class_is_chosen_relative_to_its_frequency() -> None:
    frequencies = torch.tensor([[0.9, 0.1, 0.0]])
    assert chosen_class(torch.tensor([[0.85, 0.15, 0.5]]), frequencies).tolist() == [1]
    assert chosen_class(torch.tensor([[0.95, 0.05, 0.0]]), frequencies).tolist() == [0]


def test_distances_on_the_circle() -> None:
    angles = torch.tensor([[0.0, 350.0], [10.0, 190.0], [90.0, 45.0]]).deg2rad()
    points = torch.stack((angles.cos(), angles.sin()), dim=2)
    assert angle_errors_deg(points[:, 0], 3.0 * points[:, 1]).tolist() == pytest.approx([10, 180, 45], abs=1e-3)


def test_the_interval_covers_the_skill_on_other_images() -> None:
    # y = x + noise of the same size has an R^2 of one half; intervals of nine in ten samples or more contain it.
    hits = 0
    for seed in range(40):
        generator = torch.Generator().manual_seed(seed)
        x, noise = torch.randn(2, 300, 1, dtype=torch.float64, generator=generator)
        target = Target(x + noise, torch.ones(300, dtype=torch.bool), (x + noise)[:, 0])
        (score,) = factor_scores(x, [NUMBER], [target], EACH_ALONE, seed=seed)
        hits += score.skill.low <= 0.5 <= score.skill.high
    assert 34 <= hits <= 40


def test_what_does_not_vary_has_no_score_and_a_constant_representation_no_skill(mixed: FactorImages) -> None:
    ones = Target(torch.ones(NUM, 1, dtype=torch.float64), torch.ones(NUM, dtype=torch.bool), torch.ones(NUM))
    (score,) = factor_scores(
        torch.randn(NUM, 3), [NUMBER], [ones], Split(torch.arange(NUM) % 5, torch.arange(NUM)), seed=0
    )
    assert all(math.isnan(one) for one in (score.skill.estimate, score.skill.low, score.control, score.p_value))
    for score in scores_of(torch.ones(len(mixed.images), 4), mixed, *MIXED).values():
        assert score.skill.estimate == pytest.approx(0.0, abs=0.06)


def test_a_parameter_that_shows_only_where_it_is_applied_is_decoded_there(engine: Engine) -> None:
    found = images_of(engine, "erasing")
    applied = found.recipe.parameters["erasing.applied"]
    x = torch.where(applied, found.recipe.parameters["erasing.x"], 100.0)
    score = scores_of(x[:, None], found, "erasing")["erasing.x"]
    assert score.num_images == int(applied.sum()) < len(found.images)
    assert score.skill.estimate == pytest.approx(1.0, abs=1e-6)


def test_fewer_folds_or_another_seed_change_the_split_and_little_else(mixed: FactorImages) -> None:
    features = torch.cat((mixed.recipe.parameters["translate.x"][:, None], torch.randn(len(mixed.images), 5)), dim=1)
    split = mixed.splits["known"]
    halves = Split(split.folds % 2, split.units)
    one = scores_of(features, mixed, "translate.x")["translate.x"]
    other = scores_of(features, replace(mixed, splits={"known": halves}), "translate.x")["translate.x"]
    assert one.skill.estimate == pytest.approx(other.skill.estimate, abs=0.01)
    means = held_out_means(target_of(CHOICE, mixed.recipe).columns, split.folds)
    assert torch.allclose(means.sum(dim=1), torch.ones(len(means), dtype=torch.float64))


def of_objects(seed: int, *, specific: bool, num_objects: int = 20, each: int = 30) -> tuple[Tensor, Target, Tensor]:
    """A number that is one feature for all objects, or for each object a feature of its own, and the objects."""
    generator = torch.Generator().manual_seed(seed)
    value = torch.randn(num_objects * each, dtype=torch.float64, generator=generator)
    objects = torch.arange(num_objects).repeat_interleave(each)
    own = torch.nn.functional.one_hot(objects).to(torch.float64)
    features = own * value[:, None] if specific else torch.stack((value, torch.randn_like(value)), dim=1)
    return features, Target(value[:, None], torch.ones(len(value), dtype=torch.bool), value), objects


@pytest.mark.parametrize("specific", [False, True], ids=["for all objects", "for each object alone"])
def test_what_each_object_says_in_its_own_way_is_not_decoded_from_a_new_one(specific: bool) -> None:
    features, target, objects = of_objects(0, specific=specific)
    within = Split(torch.arange(600) % 5, torch.arange(600))
    (known,) = factor_scores(features, [NUMBER], [target], within, seed=0)
    (new,) = factor_scores(features, [NUMBER], [target], Split(objects % 5, objects), seed=0)
    assert known.skill.estimate > 0.999 and known.skill.num == 600 and new.skill.num == 20
    if specific:
        assert new.skill.estimate == pytest.approx(0.0, abs=0.02) and new.skill.low <= 0
    else:
        assert new.skill.estimate > 0.999 and new.p_value == 1 / (1 + NUM_SHUFFLES)


def test_labels_are_shuffled_within_their_folds_and_otherwise_anyhow() -> None:
    folds = torch.tensor([0, 1, 0, 2, 1, 0, 2, 0])
    orders = _orders_within(folds, seed=3)
    assert orders.shape == (NUM_SHUFFLES, 8) and torch.equal(folds[orders], folds.expand(NUM_SHUFFLES, 8))
    assert torch.equal(orders.sort(dim=1).values, torch.arange(8).expand(NUM_SHUFFLES, 8))
    # Every sample comes to each of the four places of fold 0 about equally often.
    times = torch.stack([(orders[:, 0] == place).sum() for place in (0, 2, 5, 7)]).double()
    assert float((times / NUM_SHUFFLES - 0.25).abs().max()) < 4 * math.sqrt(0.25 * 0.75 / NUM_SHUFFLES)


def test_the_permutation_test_is_exact_where_nothing_is_said() -> None:
    # P-values of 200 nulls are uniform: at most 5 % are below 0.05, up to 3 standard errors.
    p_values = []
    for seed in range(10):
        features = torch.randn(120, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        drawn = torch.randn(120, 20, dtype=torch.float64, generator=torch.Generator().manual_seed(100 + seed))
        targets = [Target(column[:, None], torch.ones(120, dtype=torch.bool), column) for column in drawn.T]
        split = Split(torch.arange(120) % 4, torch.arange(120))
        p_values += [one.p_value for one in factor_scores(features, [NUMBER] * 20, targets, split, seed=seed)]
    assert np.mean(np.array(p_values) < 0.05) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 200)
    assert np.mean(p_values) == pytest.approx(0.5, abs=3 / math.sqrt(12 * 200))
    assert min(p_values) >= 1 / (1 + NUM_SHUFFLES)


def test_a_change_is_that_of_the_skills_and_pairs_cancel_what_they_share() -> None:
    generator = torch.Generator().manual_seed(0)
    x, noise, other = torch.randn(3, 300, 1, dtype=torch.float64, generator=generator)
    target = Target(x + noise, torch.ones(300, dtype=torch.bool), (x + noise)[:, 0])
    split = EACH_ALONE
    (half,) = factor_scores(x, [NUMBER], [target], split, seed=0)
    (same,) = factor_scores(x + 0.02 * other, [NUMBER], [target], split, seed=0)
    (none,) = factor_scores(other, [NUMBER], [target], split, seed=0)
    lost, p_value = change(none, half)
    assert lost.estimate == pytest.approx(none.skill.estimate - half.skill.estimate)
    assert lost.high < -0.3 and p_value < 1e-9
    nearly, p_value = change(same, half)
    assert nearly.low < 0 < nearly.high and p_value > 0.05
    assert nearly.high - nearly.low < 0.1 * (half.skill.high - half.skill.low)
    itself, p_value = change(half, half)
    assert (itself.low, itself.estimate, itself.high, p_value) == (0.0, 0.0, 0.0, 1.0)
    gain, _ = change(half, replace(half, costs=3 * half.guesses))  # from worse than guessing it can be above 1
    assert 1 < gain.low < gain.estimate < gain.high and gain.estimate == pytest.approx(half.skill.estimate + 2)


def test_intervals_over_objects_hold_the_skill_on_other_objects() -> None:
    # Each object shifts the decoded number by an amount of its own: images of one object are wrong together.
    hits = {"objects": 0, "images": 0}
    for seed in range(40):
        generator = torch.Generator().manual_seed(seed)
        objects = torch.arange(20).repeat_interleave(20)
        value = torch.randn(400, dtype=torch.float64, generator=generator)
        features = (value + torch.randn(20, dtype=torch.float64, generator=generator)[objects])[:, None]
        target = Target(value[:, None], torch.ones(400, dtype=torch.bool), value)
        for unit, units in (("objects", objects), ("images", torch.arange(400))):
            (score,) = factor_scores(features, [NUMBER], [target], Split(objects % 5, units), seed=0)
            hits[unit] += score.skill.low <= 0.5 <= score.skill.high
    assert hits["objects"] >= 34 > hits["images"]
