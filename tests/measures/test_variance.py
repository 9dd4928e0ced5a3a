import math

import numpy as np
import pytest
import torch

from invariance.measures.variance import normalised_variance
from tests.measures.test_sens import normal


def test_an_invariant_representation_scores_zero() -> None:
    features = normal(50, 4)
    assert normalised_variance(features, features.clone()) == 0.0


def test_two_samples_by_hand() -> None:
    # Twins 3 and 4 apart: (9 + 16) / 2 / 2 = 6.25. Views: 2 * 12.5 = 25, and (2^2 + 1^2) / 2 = 2.5; their mean 13.75.
    first = torch.tensor([[0.0, 0.0], [5.0, 5.0]])
    second = torch.tensor([[3.0, 0.0], [5.0, 1.0]])
    assert normalised_variance(first, second) == pytest.approx(6.25 / 13.75)


def test_a_known_share_of_noise_is_the_score() -> None:
    # Twins s + a n1 and s + a n2: a^2 of 1 + a^2, whatever the number of units.
    for num_units in (1, 30):
        signal = normal(20_000, num_units, seed=1)
        first, second = (signal + 0.5 * normal(20_000, num_units, seed=seed) for seed in (2, 3))
        assert normalised_variance(first, second) == pytest.approx(0.25 / 1.25, rel=0.03)


def test_independent_twins_score_one_already_in_small_samples() -> None:
    # Both variances are unbiased: with 5 images the mean of many is still 1 (dividing by N would give 1.25).
    scores = [normalised_variance(normal(5, 50, seed=2 * k), normal(5, 50, seed=2 * k + 1)) for k in range(200)]
    assert np.mean(scores) == pytest.approx(1.0, abs=0.03)


def test_scale_mean_and_rotation_do_not_matter() -> None:
    first, second = normal(100, 4, seed=1).double(), normal(100, 4, seed=2).double()
    rotation = torch.linalg.qr(normal(4, 4, seed=3).double()).Q
    moved = [1e-3 * x @ rotation + 7 for x in (first, second)]
    assert normalised_variance(*moved) == pytest.approx(normalised_variance(first, second), rel=1e-9)


def test_a_constant_representation_has_no_score() -> None:
    constant = torch.full((30, 4), 0.1)
    assert math.isnan(normalised_variance(constant, constant * (1 + 1e-7)))


def test_one_pair_is_not_enough() -> None:
    with pytest.raises(ValueError, match="1 pairs of twins: at least 2"):
        normalised_variance(torch.zeros(1, 2), torch.zeros(1, 2))


def test_it_is_the_formula_written_otherwise() -> None:
    # Unbiased variances of two draws for each image and unit, and of all images for each view and unit.
    first, second = normal(30, 6, seed=1), normal(30, 6, seed=1) + normal(30, 6, seed=2)
    values = torch.stack((first, second), dim=1).double().numpy()
    expected = values.var(axis=1, ddof=1).mean(axis=0).sum() / values.var(axis=0, ddof=1).mean(axis=0).sum()
    assert 0.2 < expected < 0.6
    assert normalised_variance(first, second) == pytest.approx(expected, rel=1e-12)
