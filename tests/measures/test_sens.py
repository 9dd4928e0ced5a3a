import math

import pytest
import torch
from torch import Tensor

from invariance.measures.sens import derangement, sens_scores


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def all_differ(num: int) -> Tensor:
    return torch.ones(num, dtype=torch.bool)


def test_an_invariant_representation_scores_zero() -> None:
    features = normal(50, 4)
    score = sens_scores(features, features.clone(), all_differ(50), seed=0)
    assert score.raw == 0.0
    assert score.conditional == 0.0
    assert not score.collapsed


def test_two_samples_by_hand() -> None:
    # Twins are 3 and 4 apart, the two samples 5 * sqrt(2): each is the other's only possible partner.
    first = torch.tensor([[0.0, 0.0], [5.0, 5.0]])
    second = torch.tensor([[3.0, 0.0], [5.0, 1.0]])
    score = sens_scores(first, second, torch.tensor([True, False]), seed=0)
    assert score.twin_distance == 3.5
    assert score.pair_distance == pytest.approx(5 * math.sqrt(2))
    assert score.raw == pytest.approx(3.5 / (5 * math.sqrt(2)))
    assert score.conditional == pytest.approx(3.0 / (5 * math.sqrt(2)))
    assert (score.num_pairs, score.num_differing) == (2, 1)


def test_twins_as_unlike_as_strangers_score_one() -> None:
    # Independent standard normal features in 3 dimensions: the mean distance of any two is 4 / sqrt(pi).
    score = sens_scores(normal(40_000, 3, seed=1), normal(40_000, 3, seed=2), all_differ(40_000), seed=0)
    assert score.twin_distance == pytest.approx(4 / math.sqrt(math.pi), rel=0.01)
    assert score.pair_distance == pytest.approx(4 / math.sqrt(math.pi), rel=0.01)
    assert score.raw == pytest.approx(1.0, abs=0.02)


def test_a_known_share_of_the_scale_is_the_score() -> None:
    # Twins moved by a * noise: their distance is a * |n|, that of strangers sqrt(2) * |n| on average.
    first = normal(20_000, 8, seed=1)
    score = sens_scores(first, first + 0.3 * normal(20_000, 8, seed=2), all_differ(20_000), seed=0)
    assert score.raw == pytest.approx(0.3 / math.sqrt(2), rel=0.01)


def test_identical_twins_lower_the_raw_score_only() -> None:
    first, differs = normal(10_000, 4, seed=1), normal(10_000, seed=3) > 0
    second = torch.where(differs[:, None], first + normal(10_000, 4, seed=2), first)
    score = sens_scores(first, second, differs, seed=0)
    assert score.raw == pytest.approx(score.conditional * score.num_differing / 10_000)
    assert score.num_differing == int(differs.sum())


def test_a_constant_representation_has_no_score() -> None:
    constant = torch.full((30, 4), 0.1)
    score = sens_scores(constant, constant * (1 + 1e-7), all_differ(30), seed=0)
    assert math.isnan(score.raw) and math.isnan(score.conditional)
    assert score.collapsed
    assert all(math.isnan(end) for end in (*score.raw_interval, *score.conditional_interval))
    assert sens_scores(torch.zeros(30, 4), torch.zeros(30, 4), all_differ(30), seed=0).collapsed


def test_without_twins_that_differ_there_is_no_conditional_score() -> None:
    features = normal(30, 4)
    score = sens_scores(features, features, torch.zeros(30, dtype=torch.bool), seed=0)
    assert math.isnan(score.conditional) and score.raw == 0.0
    assert not score.collapsed


def test_the_scale_of_the_features_does_not_matter_and_neither_does_half_precision() -> None:
    first, second = normal(100, 4, seed=1), normal(100, 4, seed=2)
    score = sens_scores(first, second, all_differ(100), seed=0)
    assert sens_scores(first * 1e-4, second * 1e-4, all_differ(100), seed=0).raw == pytest.approx(score.raw, rel=1e-6)
    half = sens_scores(first.bfloat16(), second.bfloat16(), all_differ(100), seed=0)
    assert half.raw == pytest.approx(score.raw, rel=0.01)


def test_the_random_pairs_are_a_function_of_the_seed() -> None:
    # Slip 8: the authors' shuffle is never seeded, so no score can be had twice.
    first, second = normal(100, 4, seed=1), normal(100, 4, seed=2)
    torch.manual_seed(1)
    score = sens_scores(first, second, all_differ(100), seed=0)
    torch.manual_seed(2)
    assert sens_scores(first, second, all_differ(100), seed=0) == score
    assert sens_scores(first, second, all_differ(100), seed=1).pair_distance != score.pair_distance


@pytest.mark.parametrize("num", [2, 3, 5, 100])
def test_nobody_is_his_own_partner_and_everybody_is_one(num: int) -> None:
    # Slip 8: fixed points of a plain permutation count as distances of zero.
    for seed in range(20):
        partners = derangement(num, seed=seed)
        assert not bool((partners == torch.arange(num)).any())
        assert torch.equal(partners.sort().values, torch.arange(num))


def test_every_other_sample_is_as_likely_a_partner() -> None:
    partners = torch.stack([derangement(5, seed=seed) for seed in range(400)])
    counts = torch.bincount(partners[:, 0], minlength=5)
    assert counts[0] == 0
    assert int(counts[1:].min()) > 65 and int(counts[1:].max()) < 135


def test_one_pair_is_not_enough() -> None:
    with pytest.raises(ValueError, match="1 pairs of twins: at least 2"):
        sens_scores(torch.zeros(1, 2), torch.zeros(1, 2), all_differ(1), seed=0)


def test_its_interval_holds_the_truth_as_often_as_it_says() -> None:
    # Twins share their length, which varies a lot, so distances of twins and of random pairs go together.
    truth, hits, num_tries = 0.8985, 0, 200
    for seed in range(num_tries):
        length = (0.8 * normal(200, 1, seed=3 * seed)).exp()
        first, second = (length * normal(200, 8, seed=3 * seed + view) for view in (1, 2))
        low, high = sens_scores(first, second, all_differ(200), seed=seed).raw_interval
        hits += low <= truth <= high
    assert 0.91 <= hits / num_tries <= 0.99


def test_identical_twins_are_left_out_of_the_conditional_interval() -> None:
    first, differs = normal(1_000, 4, seed=1), normal(1_000, seed=3) > 0
    second = torch.where(differs[:, None], first + normal(1_000, 4, seed=2), first)
    score = sens_scores(first, second, differs, seed=0)
    assert score.raw_interval[0] < score.raw < score.raw_interval[1] < score.conditional_interval[0]
    assert score.conditional_interval[0] < score.conditional < score.conditional_interval[1]
    # Half as many twins, all of them moved: narrower all the same, since how many moved is no chance any more.
    widths = [high - low for low, high in (score.raw_interval, score.conditional_interval)]
    assert widths[1] / score.conditional < widths[0] / score.raw
    always = sens_scores(first, second, all_differ(1_000), seed=0)
    assert always.conditional_interval == pytest.approx(always.raw_interval)


def test_four_times_the_twins_halve_the_interval() -> None:
    widths = []
    for num in (500, 2_000):
        first = normal(num, 4, seed=1)
        low, high = sens_scores(first, first + normal(num, 4, seed=2), all_differ(num), seed=0).raw_interval
        widths.append(high - low)
    assert widths[1] == pytest.approx(widths[0] / 2, rel=0.2)
