"""Equivariance where the answer is known, and against a second implementation that spells everything out."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from invariance.data.engine import Engine
from invariance.data.random import permutation
from invariance.measures.equivariance import NUM_FOLDS, equivariance_scores, verdict_of
from invariance.measures.equivariance_pairs import told_pairs
from invariance.measures.factor_probe import group_folds
from invariance.measures.grouped_ridge import PENALTIES, grouped_ridge, places_of
from invariance.measures.variance import normalised_variance
from invariance.spec import DatasetSpec
from invariance.vocabulary.equivariance import EQUIVARIANT, INVARIANT, PARTLY, SCRAMBLED

OBJECTS = torch.arange(24).repeat_interleave(8)
NUM = len(OBJECTS)


@pytest.fixture
def random() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def normal(random: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=random, dtype=torch.float64)


def waves(angles: Tensor) -> Tensor:
    return torch.stack([wave(k * angles) for k in (1, 2) for wave in (torch.cos, torch.sin)], dim=1)


def turned(features: Tensor, angles: Tensor) -> Tensor:
    """Every pair of units turned by the angle: an orthogonal representation of the circle."""
    one, other = features[:, ::2], features[:, 1::2]
    cos, sin = angles.cos()[:, None], angles.sin()[:, None]
    return torch.stack((one * cos - other * sin, one * sin + other * cos), dim=2).flatten(1)


def test_a_representation_that_turns_with_its_input_is_equivariant(random: torch.Generator) -> None:
    first, angles = normal(random, NUM, 12), 2 * math.pi * torch.rand(NUM, generator=random, dtype=torch.float64)
    found = equivariance_scores(first, turned(first, angles), waves(angles), OBJECTS, seed=1)
    assert found.r2_told > 0.999 and found.equivariance > 0.999 and found.interval[0] > 0.999
    assert found.control < 0.1 and found.control_high < 0.2
    assert found.r2_linear < 0.1 and found.r2_parameter < 0.1
    assert verdict_of(0.9, found) == EQUIVARIANT


def test_features_that_change_at_random_are_not_predictable(random: torch.Generator) -> None:
    first, angles = normal(random, NUM, 12), 2 * math.pi * torch.rand(NUM, generator=random, dtype=torch.float64)
    found = equivariance_scores(first, normal(random, NUM, 12), waves(angles), OBJECTS, seed=1)
    assert abs(found.equivariance) < 0.05 and abs(found.control) < 0.05
    assert verdict_of(0.9, found) == SCRAMBLED
    assert verdict_of(0.19, found) == INVARIANT and verdict_of(0.2, found) == SCRAMBLED


def test_a_half_that_turns_beside_a_half_that_changes_at_random_is_partly(random: torch.Generator) -> None:
    first, angles = normal(random, NUM, 16), 2 * math.pi * torch.rand(NUM, generator=random, dtype=torch.float64)
    second = torch.cat((turned(first[:, :6], angles), normal(random, NUM, 10)), dim=1)
    found = equivariance_scores(first, second, waves(angles), OBJECTS, seed=1)
    assert 0.1 < found.equivariance < 0.5 and verdict_of(0.9, found) == PARTLY


def test_what_never_changes_is_predicted_exactly_by_no_change(random: torch.Generator) -> None:
    first = normal(random, NUM, 12)
    found = equivariance_scores(first, first.clone(), waves(normal(random, NUM)), OBJECTS, seed=1)
    assert found.r2_unchanged == found.r2_linear == found.r2_parameter == found.r2_told == 1.0
    assert verdict_of(0.0, found) == INVARIANT


def test_few_objects_with_many_views_need_no_more_than_one_thread(random: torch.Generator) -> None:
    """Left out together they are systems of 190 equations, on which oneMKL's threads give up."""
    objects = torch.arange(3).repeat_interleave(190)
    first, angles = normal(random, len(objects), 4), normal(random, len(objects))
    torch.set_num_threads(2)
    found = equivariance_scores(first, turned(first, angles), waves(angles), objects, seed=1)
    assert found.equivariance > 0.999


def test_one_element_needs_no_telling(random: torch.Generator) -> None:
    first = normal(random, NUM, 12)
    flipped = first[:, torch.arange(11, -1, -1)]
    found = equivariance_scores(first, flipped, first[:, :0], OBJECTS, one_element=True, seed=1)
    assert found.r2_linear == found.r2_told > 0.999 and found.equivariance > 0.999 and found.control == 0.0
    untold = equivariance_scores(first, flipped, first[:, :0], OBJECTS, seed=1)
    assert untold.equivariance == 0.0, "what cannot be told does not help"


def test_no_change_explains_what_the_normalised_variance_leaves(random: torch.Generator) -> None:
    first, second = normal(random, NUM, 12), normal(random, NUM, 12)
    found = equivariance_scores(first, first + 0.5 * second, first[:, :0], OBJECTS, seed=1)
    assert found.r2_unchanged == pytest.approx(1 - 2 * normalised_variance(first, first + 0.5 * second), abs=1e-12)


def test_the_objects_of_pretraining_are_told_apart(random: torch.Generator) -> None:
    first, angles = normal(random, NUM, 12), 2 * math.pi * torch.rand(NUM, generator=random, dtype=torch.float64)
    known = torch.arange(24) < 12
    second = torch.where(known[OBJECTS][:, None], turned(first, angles), normal(random, NUM, 12))
    found = equivariance_scores(first, second, waves(angles), OBJECTS, known=known, seed=1)
    assert found.known > found.equivariance + 0.1
    assert math.isnan(equivariance_scores(first, second, waves(angles), OBJECTS, seed=1).known)


def test_a_collapsed_representation_has_no_scores() -> None:
    same = torch.ones(NUM, 5)
    assert math.isnan(equivariance_scores(same, same, waves(torch.zeros(NUM)), OBJECTS, seed=1).equivariance)
    with pytest.raises(ValueError, match="1 objects: at least 2"):
        equivariance_scores(same, same, same[:, :0], torch.zeros(NUM, dtype=torch.int64), seed=1)


def plain_ridge(
    inputs: np.ndarray, outputs: np.ndarray, groups: np.ndarray, asked: np.ndarray
) -> tuple[float, np.ndarray]:
    """Error and predictions by refitting without each group, for every penalty."""
    design, wanted = (np.hstack((part, np.ones((len(part), 1)))) for part in (inputs, asked))

    def fitted(kept: np.ndarray, penalty: float) -> np.ndarray:
        rows = design[kept]
        return np.linalg.solve(rows.T @ rows + penalty * np.eye(rows.shape[1]), rows.T @ outputs[kept])

    everything, best, chosen = np.ones(len(inputs), bool), float((outputs**2).sum()), math.inf
    for penalty in len(inputs) * PENALTIES.numpy():
        error = 0.0
        for group in np.unique(groups):
            left = groups == group
            error += float(((outputs[left] - design[left] @ fitted(~left, penalty)) ** 2).sum())
        if error < best:
            best, chosen = error, penalty
    return best, 0 * wanted[:, :1] @ outputs[:1] if chosen == math.inf else wanted @ fitted(everything, chosen)


@pytest.mark.parametrize("share", [1.0, 0.3, 0.0])
def test_groups_are_left_out_as_by_refitting_without_them(random: torch.Generator, share: float) -> None:
    groups = torch.arange(13).repeat_interleave(4)[:50]
    inputs, asked = normal(random, 50, 6), normal(random, 9, 6)
    outputs = share * inputs @ normal(random, 6, 3) + normal(random, 50, 3)
    found = grouped_ridge(inputs, outputs, places_of(groups), asked)
    error, expected = plain_ridge(inputs.numpy(), outputs.numpy(), groups.numpy(), asked.numpy())
    assert found.error == pytest.approx(error, abs=1e-8)
    np.testing.assert_allclose(found.predicted.numpy(), expected, atol=1e-8)


def test_the_scores_are_those_of_a_plain_implementation(random: torch.Generator) -> None:
    first, angles = normal(random, NUM, 7), 2 * math.pi * torch.rand(NUM, generator=random, dtype=torch.float64)
    second = 0.6 * torch.cat((turned(first[:, :6], angles), first[:, 6:]), dim=1) + 0.7 * normal(random, NUM, 7) + 0.2
    found = equivariance_scores(first, second, waves(angles), OBJECTS, seed=5)
    before, change, told = first.numpy(), (second - first).numpy(), waves(angles).numpy()
    folds, groups = group_folds(OBJECTS, num_folds=NUM_FOLDS, seed=5).numpy(), OBJECTS.numpy()
    sums = dict.fromkeys(("linear", "parameter", "told", "shuffled"), 0.0)
    for fold in range(NUM_FOLDS):
        held = folds == fold
        centre = before[~held].mean(axis=0)
        variances, directions = np.linalg.eigh(np.cov(before[~held].T, bias=True))
        shown = (before - centre) @ directions / np.sqrt(variances.mean())
        inputs = {"linear": shown, "parameter": told}
        for name, known in (("told", told), ("shuffled", told[permutation(NUM, seed=5).numpy()])):
            products = (shown[:, :, None] * known[:, None, :]).reshape(NUM, -1)
            inputs[name] = np.hstack((shown, 0.3 * known, 0.3 * products))
        fits = {
            name: plain_ridge(known[~held], change[~held], groups[~held], known[held]) for name, known in inputs.items()
        }
        for name, (error, predicted) in fits.items():
            if name in ("told", "shuffled") and fits["linear"][0] < error:
                predicted = fits["linear"][1]
            sums[name] += float(((change[held] - predicted) ** 2).sum())
    variance = NUM * (before.var(axis=0, ddof=1).sum() + (before + change).var(axis=0, ddof=1).sum()) / 2
    best = min(sums["linear"], sums["parameter"])
    assert found.r2_linear == pytest.approx(1 - sums["linear"] / variance, abs=1e-8)
    assert found.r2_parameter == pytest.approx(1 - sums["parameter"] / variance, abs=1e-8)
    assert found.r2_told == pytest.approx(1 - sums["told"] / variance, abs=1e-8)
    assert found.equivariance == pytest.approx(1 - sums["told"] / best, abs=1e-8)
    assert found.control == pytest.approx(1 - sums["shuffled"] / best, abs=1e-8)
    assert found.interval[0] < found.equivariance < found.interval[1]
    for (low, high), estimate in zip(
        found.r2_intervals, (found.r2_unchanged, found.r2_linear, found.r2_parameter, found.r2_told), strict=True
    ):
        assert low < estimate < high and high - low < 0.5


def test_objects_that_are_held_out_are_read_where_the_known_ones_are_drawn_to_a_point(random: torch.Generator) -> None:
    """A network that knows the classes leaves within them nothing but noise, along which new objects lie far out."""
    classes = 10 * normal(random, 24, 40)
    first = classes[OBJECTS] + 0.01 * normal(random, NUM, 40)
    found = equivariance_scores(first, normal(random, NUM, 40) * 3 + first, first[:, :0], OBJECTS, seed=1)
    assert found.r2_linear > found.r2_unchanged - 0.05


def test_pairs_are_as_many_of_each_object_and_told_what_leads_from_one_to_the_other() -> None:
    engine = Engine(DatasetSpec(classes=("teapot", "duck", "bus")))
    pairs = told_pairs(engine, "rotate", num_views=5)
    assert torch.bincount(pairs.objects).tolist() == [5, 5, 5] and not pairs.one_element
    indices = engine.indices("test", 2_000)
    labels = engine.labels(indices)
    chosen = torch.cat([indices[labels == label][:5] for label in range(3)]).sort().values
    drawn = [
        engine.with_spec_changes(transforms=("rotate",), transform_seed=seed).batch(chosen).parameters
        for seed in (1, 2)
    ]
    angles = torch.deg2rad((drawn[1]["rotate.angle_deg"] - drawn[0]["rotate.angle_deg"]).to(torch.float64))
    torch.testing.assert_close(pairs.told, waves(angles), atol=1e-5, rtol=0)


def test_an_offset_is_told_in_pixels_and_a_field_of_noise_not_at_all() -> None:
    engine = Engine(DatasetSpec(classes=("teapot", "duck")))
    pairs = told_pairs(engine, "translate", num_views=4)
    offsets = torch.atan2(pairs.told[:, [1, 5]], pairs.told[:, [0, 4]]) / math.pi * 32
    for first, second, (x, y) in zip(pairs.first, pairs.second, offsets.round().int().tolist(), strict=True):
        same = first == second  # what is behind both objects
        moved = torch.roll(first, (y, x), dims=(1, 2))
        assert float((moved == second)[~same].float().mean()) > 0.25, "what differs is mostly the object moved there"
    assert told_pairs(engine, "noise", num_views=2).told.shape[1] == 0
    assert (
        told_pairs(engine, "v_flip", num_views=2).one_element
        and not told_pairs(engine, "noise", num_views=2).one_element
    )
    untouched, scaled = told_pairs(engine, "scale", num_views=2), engine.with_spec_changes(transforms=())
    assert (untouched.first == scaled.render(engine.indices("test", 40))[0][:, None]).flatten(2).all(2).any(0).all()
