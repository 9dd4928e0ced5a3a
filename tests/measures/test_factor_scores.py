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
from invariance.measures.factor_probe import held_out_means
from invariance.measures.factor_scores import FactorScore, angle_errors_deg, chosen_class, factor_scores, losses
from invariance.measures.factors import FACTORS, Target, resolve_factors, target_of
from invariance.spec import DatasetSpec

NUM = 600
CLASSES = ("banana", "bus", "mug", "owl", "teapot")
NUMBER, CIRCLE, CHOICE = (
    next(one for one in FACTORS if one.name == name) for name in ("scale.factor", "rotate.angle_deg", "class")
)
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


def scores_of(features: Tensor, found: FactorImages, *names: str) -> dict[str, FactorScore]:
    factors = resolve_factors(names)
    targets = [target_of(factor, found.recipe) for factor in factors]
    scores = factor_scores(features, factors, targets, found.folds, seed=0)
    return {factor.name: score for factor, score in zip(factors, scores, strict=True)}


def test_a_representation_that_holds_x_alone_gives_x_alone(mixed: FactorImages) -> None:
    features = mixed.recipe.parameters["translate.x"][:, None] * torch.tensor([[3.0, -1.0]]) + 2.0
    scores = scores_of(features, mixed, *MIXED)
    assert scores["translate.x"].skill == pytest.approx(1.0, abs=1e-6)
    assert scores["translate.x"].interval == pytest.approx((1.0, 1.0), abs=1e-6)
    for name, score in scores.items():
        if name != "translate.x":
            assert score.skill < 0.05 and score.interval[0] <= 0.03, name
            assert score.interval[0] <= score.skill <= score.interval[1]


def test_an_angle_is_decoded_by_cosine_and_sine_and_not_by_its_number(mixed: FactorImages) -> None:
    degrees = mixed.recipe.parameters["rotate.angle_deg"].to(torch.float64)
    circle = torch.stack((degrees.deg2rad().cos(), degrees.deg2rad().sin()), dim=1)
    scores = scores_of(circle, mixed, *MIXED)
    assert scores["rotate.angle_deg"].skill == pytest.approx(1.0, abs=1e-6)
    assert scores["rotate.angle_deg"].angle_error_deg == pytest.approx(0.0, abs=0.01)
    assert scores["hue.shift"].skill < 0.05 and scores["hue.shift"].angle_error_deg == pytest.approx(90, abs=8)
    number = scores_of(degrees[:, None], mixed, "rotate")["rotate.angle_deg"]
    # A line through the number catches the sine's trend, 6 / pi^2 of its variance, and nothing of the cosine.
    assert number.skill == pytest.approx(3 / math.pi**2, abs=0.06)
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
    assert kept.skill > 0.9 and kept.angle_error_deg < 20
    rotated = images_of(engine, "rotate")
    lost = scores_of(object_colour(rotated, engine, "rotate"), rotated, "rotate")["rotate.angle_deg"]
    assert lost.skill < 0.1


def test_shuffled_labels_are_at_chance_on_average(mixed: FactorImages) -> None:
    # Even from features that hold everything.
    features = torch.cat([target_of(factor, mixed.recipe).columns for factor in resolve_factors(MIXED)], dim=1)
    scores = scores_of(features, mixed, *MIXED)
    assert all(score.skill > 0.99 for score in scores.values())
    assert np.mean([score.control for score in scores.values()]) == pytest.approx(0.0, abs=0.02)
    assert all(score.control <= score.control_high < 0.2 for score in scores.values())


def test_balanced_accuracy_counts_classes_alike_and_skill_starts_at_chance() -> None:
    labels = torch.tensor([0] * 8 + [1] * 2)
    target = (labels[:, None] == torch.arange(2)).to(torch.float64)
    folds = torch.arange(10) % 2
    all_zero = torch.tensor([[1.0, 0.0]], dtype=torch.float64).expand(10, 2)
    cost, guessed = losses(CHOICE, target, all_zero, folds)
    assert 1 - float(cost.sum() / guessed.sum()) == pytest.approx(0.0)
    half_of_the_rare = all_zero.clone()
    half_of_the_rare[8] = torch.tensor([0.0, 1.0], dtype=torch.float64)
    cost, guessed = losses(CHOICE, target, half_of_the_rare, folds)
    assert 1 - float(cost.sum() / guessed.sum()) == pytest.approx(0.5)  # balanced accuracy .75


def test_numbers_are_measured_against_the_mean_of_the_other_folds() -> None:
    target = torch.tensor([[1.0], [3.0], [5.0], [7.0]], dtype=torch.float64)
    folds = torch.tensor([0, 0, 1, 1])
    cost, guessed = losses(NUMBER, target, target + 1.0, folds)
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
        (score,) = factor_scores(x, [NUMBER], [target], torch.arange(300) % 5, seed=seed)
        hits += score.interval[0] <= 0.5 <= score.interval[1]
    assert 34 <= hits <= 40


def test_what_does_not_vary_has_no_score_and_a_constant_representation_no_skill(mixed: FactorImages) -> None:
    ones = Target(torch.ones(NUM, 1, dtype=torch.float64), torch.ones(NUM, dtype=torch.bool), torch.ones(NUM))
    (score,) = factor_scores(torch.randn(NUM, 3), [NUMBER], [ones], mixed.folds[:NUM], seed=0)
    assert math.isnan(score.skill) and math.isnan(score.interval[0])
    for score in scores_of(torch.ones(len(mixed.images), 4), mixed, *MIXED).values():
        assert score.skill == pytest.approx(0.0, abs=0.06)


def test_a_parameter_that_shows_only_where_it_is_applied_is_decoded_there(engine: Engine) -> None:
    found = images_of(engine, "erasing")
    applied = found.recipe.parameters["erasing.applied"]
    x = torch.where(applied, found.recipe.parameters["erasing.x"], 100.0)
    score = scores_of(x[:, None], found, "erasing")["erasing.x"]
    assert score.num_images == int(applied.sum()) < len(found.images)
    assert score.skill == pytest.approx(1.0, abs=1e-6)


def test_fewer_folds_or_another_seed_change_the_split_and_little_else(mixed: FactorImages) -> None:
    features = torch.cat((mixed.recipe.parameters["translate.x"][:, None], torch.randn(len(mixed.images), 5)), dim=1)
    one = scores_of(features, mixed, "translate.x")["translate.x"]
    other = scores_of(features, replace(mixed, folds=mixed.folds % 2), "translate.x")["translate.x"]
    assert one.skill == pytest.approx(other.skill, abs=0.01)
    means = held_out_means(target_of(CHOICE, mixed.recipe).columns, mixed.folds)
    assert torch.allclose(means.sum(dim=1), torch.ones(len(means), dtype=torch.float64))
