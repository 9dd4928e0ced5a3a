"""Rankings against scipy, against loops that spell definitions out, and where the answer is known."""

import numpy as np
import pytest
from scipy.stats import weightedtau

from invariance.measures.ranking import rank, shares_of_best, weighted_taus

ONCE = np.ones((1, 12))


@pytest.fixture
def values():
    random = np.random.default_rng(5)
    accuracies = random.uniform(size=(12, 6))
    return accuracies + random.normal(scale=0.2, size=accuracies.shape), accuracies


def test_tau_is_that_of_scipy_with_and_without_ties(values):
    scores, accuracies = (each[:, 0] for each in values)
    assert weighted_taus(scores, accuracies, ONCE)[0] == pytest.approx(weightedtau(scores, accuracies).statistic)
    for tied in (scores.round(1), np.sign(scores - scores.mean())):
        assert weighted_taus(tied, accuracies, ONCE)[0] == pytest.approx(weightedtau(tied, accuracies).statistic)
    assert np.isnan(weighted_taus(np.zeros(12), accuracies, ONCE)[0])


def test_who_is_left_out_of_a_resample_counts_for_nothing(values):
    scores, accuracies = (each[:, 0] for each in values)
    times = np.array([[0, 0, 1, 2] + [0] * 8])
    agree = np.sign(scores[2] - scores[3]) * np.sign(accuracies[2] - accuracies[3])
    assert weighted_taus(scores, accuracies, times)[0] == pytest.approx(agree), "of two networks one pair is left"
    chosen = max((2, 3), key=lambda one: scores[one])
    assert shares_of_best(scores, accuracies, times)[0] == pytest.approx(accuracies[chosen] / accuracies[2:4].max())
    drawn = shares_of_best(np.zeros(12), accuracies, times)[0]
    assert drawn == pytest.approx((accuracies[2] + 2 * accuracies[3]) / 3 / accuracies[2:4].max()), "all share it"


def test_a_ranking_is_a_mean_over_tasks_and_within_architectures(values):
    scores, accuracies = values
    groups = np.array(["a"] * 5 + ["b"] * 7)
    found = rank(scores, accuracies, groups)
    pairs = list(zip(scores.T, accuracies.T, strict=True))
    assert found.tau.estimate == pytest.approx(np.mean([weightedtau(*pair).statistic for pair in pairs]))
    within = [weightedtau(one[own], two[own]).statistic for one, two in pairs for own in (groups == "a", groups == "b")]
    assert found.tau_within.estimate == pytest.approx(np.mean(within))
    shares = [two[one.argmax()] / two.max() for one, two in pairs]
    assert found.share_of_best.estimate == pytest.approx(np.mean(shares))
    assert found.tau.low < found.tau.estimate < found.tau.high and (found.num_networks, found.num_tasks) == (12, 6)


def test_the_best_and_the_worst_score_and_one_that_not_all_have(values):
    _, accuracies = values
    groups = np.array(["a"] * 12)
    best, worst = rank(accuracies**3, accuracies, groups), rank(-accuracies, accuracies, groups)
    assert (best.tau.low, best.tau.high, best.share_of_best.low) == pytest.approx((1, 1, 1))
    assert (worst.tau.low, worst.tau.high) == pytest.approx((-1, -1))
    partly, few = accuracies.copy(), accuracies.copy()
    partly[:4], few[:, 2:] = np.nan, np.nan
    found = rank(partly, few, groups)
    assert (found.num_networks, found.num_tasks) == (8, 2) and found.tau.estimate == pytest.approx(1)
    assert np.isnan(rank(np.full((12, 6), np.nan), accuracies, groups).tau.estimate)
