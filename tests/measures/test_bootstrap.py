import math

import pytest
import torch

from invariance.measures.bootstrap import resampled_means
from tests.measures.test_sens import normal


def test_the_spread_is_that_of_a_mean() -> None:
    values = normal(2, 1_000, seed=1).double()
    means = resampled_means(values, seed=0, num_resamples=2_000)
    assert means.shape == (2_000, 2)
    assert means.mean(dim=0).tolist() == pytest.approx(values.mean(dim=1).tolist(), abs=0.003)
    assert means.std(dim=0).tolist() == pytest.approx([1 / math.sqrt(1_000)] * 2, rel=0.15)


def test_all_series_are_resampled_alike() -> None:
    values = normal(1, 100).double()
    means = resampled_means(torch.cat((values, 2 * values + 1, torch.ones(1, 100))), seed=3, num_resamples=50)
    assert torch.allclose(means[:, 1], 2 * means[:, 0] + 1)
    assert torch.equal(means[:, 2], torch.ones(50, dtype=torch.float64))


def test_neighbours_that_agree_widen_it() -> None:
    # Sums of two neighbours have a mean of variance 4 / N, of which single draws would see 2 / N.
    noise = normal(1, 1_000).double()
    means = resampled_means(noise + noise.roll(1, dims=1), seed=0)
    assert float(means.std()) == pytest.approx(2 / math.sqrt(1_000), rel=0.15)


def test_every_sample_is_as_likely() -> None:
    # One hot series: its resampled mean is how often that sample was drawn, its last sample as its first.
    means = resampled_means(torch.eye(27, dtype=torch.float64), seed=0, num_resamples=4_000).mean(dim=0)
    assert means.tolist() == pytest.approx([1 / 27] * 27, rel=0.1)


def test_the_draws_are_a_function_of_the_seed() -> None:
    values = normal(1, 40).double()
    torch.manual_seed(1)
    means = resampled_means(values, seed=0)
    torch.manual_seed(2)
    assert torch.equal(resampled_means(values, seed=0), means)
    assert not torch.equal(resampled_means(values, seed=1), means)


@pytest.mark.parametrize("num", [2, 3, 9, 10])
def test_a_few_samples_are_enough(num: int) -> None:
    means = resampled_means(torch.arange(num, dtype=torch.float64)[None], seed=0, num_resamples=200)
    assert 0 <= float(means.min()) < (num - 1) / 2 < float(means.max()) <= num - 1
