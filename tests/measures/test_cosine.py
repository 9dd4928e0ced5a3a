import math

import numpy as np
import pytest
import torch

from invariance.measures.cosine import cosine_scores
from invariance.measures.sens import derangement
from tests.measures.test_sens import normal


def test_an_invariant_representation_scores_zero_exactly() -> None:
    features = normal(50, 4)
    score = cosine_scores(features, features.clone(), seed=0)
    assert score.score == 0.0 and score.twin_cosine == 1.0


def test_lengths_do_not_matter_directions_do() -> None:
    # Four directions around a mean of zero; the first twin is three times as long, the others stand still.
    first = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    longer = first * torch.tensor([[3.0], [3.0], [1.0], [1.0]])
    assert cosine_scores(first, longer, seed=0).score == pytest.approx(0.0, abs=1e-12)
    turned = first @ torch.tensor([[0.0, 1.0], [-1.0, 0.0]])
    assert cosine_scores(first, turned, seed=0).twin_cosine == pytest.approx(0.0, abs=1e-12)


def test_a_known_share_of_noise_is_the_score() -> None:
    # Twins s + a n1 and s + a n2 in many dimensions: their cosine is 1 / (1 + a^2), that of strangers 0.
    signal, share = normal(2_000, 400, seed=1), 0.5
    first, second = (signal + share * normal(2_000, 400, seed=seed) for seed in (2, 3))
    score = cosine_scores(first, second, seed=0)
    assert score.twin_cosine == pytest.approx(1 / (1 + share**2), abs=0.005)
    assert score.pair_cosine == pytest.approx(0.0, abs=0.005)
    assert score.score == pytest.approx(share**2 / (1 + share**2), abs=0.005)


def test_independent_twins_score_one() -> None:
    assert cosine_scores(normal(10_000, 5, seed=1), normal(10_000, 5, seed=2), seed=0).score == pytest.approx(
        1, abs=0.02
    )


def test_a_large_mean_does_not_hide_anything() -> None:
    # Teaching trap: after a ReLU all features share a mean, beside which every cosine is near 1.
    first, second = normal(500, 8, seed=1), normal(500, 8, seed=2)
    assert cosine_scores(first + 100, second + 100, seed=0).score == pytest.approx(
        cosine_scores(first, second, seed=0).score, rel=1e-4
    )


def test_it_is_the_formula_written_otherwise() -> None:
    first, second = normal(30, 6, seed=1), normal(30, 6, seed=2) + 0.5
    centre = np.concatenate((first.double().numpy(), second.double().numpy())).mean(axis=0)
    a, b = first.double().numpy() - centre, second.double().numpy() - centre
    strangers = a[derangement(30, seed=4).numpy()]

    def mean_cosine(u: np.ndarray, v: np.ndarray) -> float:
        return float(np.mean([x @ y / math.sqrt(x @ x) / math.sqrt(y @ y) for x, y in zip(u, v, strict=True)]))

    score = cosine_scores(first, second, seed=4)
    assert score.twin_cosine == pytest.approx(mean_cosine(a, b), rel=1e-12)
    assert score.pair_cosine == pytest.approx(mean_cosine(a, strangers), rel=1e-12)
    assert score.score == pytest.approx((1 - mean_cosine(a, b)) / (1 - mean_cosine(a, strangers)), rel=1e-12)


def test_a_constant_representation_has_no_score() -> None:
    constant = torch.full((30, 4), 0.1)
    score = cosine_scores(constant, constant * (1 + 1e-7), seed=0)
    assert math.isnan(score.score) and math.isnan(score.twin_cosine) and math.isnan(score.pair_cosine)


def test_one_pair_is_not_enough() -> None:
    with pytest.raises(ValueError, match="1 pairs of twins: at least 2"):
        cosine_scores(torch.zeros(1, 2), torch.zeros(1, 2), seed=0)
