import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from invariance.measures.cka import linear_cka
from tests.measures.test_sens import normal


def hsic_of_song(k: NDArray[np.float64], m: NDArray[np.float64]) -> float:
    """The unbiased HSIC as Song et al. 2012 print it: three terms, diagonals set to zero."""
    n = len(k)
    k, m, ones = k - np.diag(np.diag(k)), m - np.diag(np.diag(m)), np.ones(n)
    terms = np.trace(k @ m) + (ones @ k @ ones) * (ones @ m @ ones) / ((n - 1) * (n - 2))
    return float((terms - 2 / (n - 2) * (ones @ k @ m @ ones)) / (n * (n - 3)))


def cka_of_batches(x: NDArray[np.float64], y: NDArray[np.float64], *, sizes: list[int]) -> float:
    """Nguyen et al. 2021: means of the terms over batches, then the ratio."""
    cuts = np.cumsum(sizes)[:-1]
    pairs = [(a @ a.T, b @ b.T) for a, b in zip(np.split(x, cuts), np.split(y, cuts), strict=True)]
    cross, own_x, own_y = (
        np.mean([hsic_of_song(*pick) for pick in picks])
        for picks in (pairs, [(k, k) for k, _ in pairs], [(m, m) for _, m in pairs])
    )
    return float(cross / math.sqrt(own_x * own_y))


@pytest.mark.parametrize(("batch_size", "sizes"), [(64, [30]), (12, [10, 10, 10]), (16, [15, 15]), (8, [8, 8, 7, 7])])
def test_it_is_the_published_formula(batch_size: int, sizes: list[int]) -> None:
    first = normal(30, 6, seed=1).double()
    second = first[:, :4] + 0.7 * normal(30, 4, seed=2).double() + 3
    expected = cka_of_batches(first.numpy(), second.numpy(), sizes=sizes)
    assert 0.2 < expected < 0.9
    assert linear_cka(first, second, batch_size=batch_size) == pytest.approx(expected, rel=1e-9)


def test_equal_views_score_one_and_so_do_rotated_and_scaled_ones() -> None:
    features = normal(100, 8)
    rotation = torch.linalg.qr(normal(8, 8, seed=1).double()).Q
    assert linear_cka(features, features.clone()) == pytest.approx(1.0, abs=1e-12)
    assert linear_cka(features, features.double() @ rotation * 1e3 + 5) == pytest.approx(1.0, abs=1e-9)
    other = features + normal(100, 8, seed=2)
    assert linear_cka(features, other.double() @ rotation * 1e-4 - 2) == pytest.approx(linear_cka(features, other))


def test_stretching_one_direction_is_not_the_same() -> None:
    # CKA forgives rotations and one scale, not every linear map: F = 2 with variances (1, 1) against (1, 9).
    features = normal(20_000, 2).double()
    stretched = features * torch.tensor([1.0, 3.0])
    assert linear_cka(features, stretched) == pytest.approx(10 / math.sqrt(2 * 82), abs=0.01)


def test_independent_features_score_zero_however_many_they_are() -> None:
    # The plain estimator says about F / (F + N) = 0.8 here: what the unbiased one is for.
    first, second = normal(240, 200, seed=1).double(), normal(240, 200, seed=2).double()
    assert abs(linear_cka(first, second, batch_size=60)) < 0.03
    centred = [x - x.mean(dim=0) for x in (first[:60], second[:60])]
    grams = [x @ x.T for x in centred]
    plain = float((grams[0] * grams[1]).sum() / grams[0].norm() / grams[1].norm())
    assert plain > 0.7


def test_a_known_share_of_noise_is_the_score() -> None:
    # x standard normal, y = x + a n: ||Cov(x, y)||^2 = F, ||Cov(y)||^2 = F (1 + a^2)^2.
    first = normal(8_000, 10, seed=1)
    second = first + 0.8 * normal(8_000, 10, seed=2)
    assert linear_cka(first, second) == pytest.approx(1 / (1 + 0.8**2), abs=0.01)


def test_without_a_scale_there_is_none() -> None:
    constant, features = torch.full((30, 4), 0.1), normal(30, 4)
    assert math.isnan(linear_cka(constant, constant * (1 + 1e-7)))
    assert math.isnan(linear_cka(features, constant)) and math.isnan(linear_cka(constant, features))
    assert math.isnan(linear_cka(features[:3], features[:3]))
    lonely = torch.zeros(30, 4)
    lonely[3] = 1.0
    assert math.isnan(linear_cka(lonely[:8], lonely[:8]))


def test_batches_below_four_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="batch_size = 7: at least 8"):
        linear_cka(normal(30, 2), normal(30, 2), batch_size=7)
