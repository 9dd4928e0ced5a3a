"""Scores of transfer against implementations that spell out their definitions."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize

from invariance.measures.transfer_scores import SCORES, h_score, leep, logme, nce
from invariance.vocabulary.transfer_scores import TRANSFER_SCORES


@pytest.fixture
def task():
    random = np.random.default_rng(2)
    labels = random.integers(0, 4, 60)
    features = random.normal(size=(60, 7)) + 1.5 * np.eye(7)[labels]
    logits = random.normal(size=(60, 5)) + 2 * np.eye(5)[(labels * 3) % 5]
    return features, labels, logits


def log_evidence(features, target, alpha, beta):
    """log N(y; 0, F F^T / alpha + 1 / beta)."""
    covariance = features @ features.T / alpha + np.eye(len(target)) / beta
    _, log_determinant = np.linalg.slogdet(covariance)
    return -0.5 * (len(target) * math.log(2 * math.pi) + log_determinant + target @ np.linalg.solve(covariance, target))


@pytest.mark.parametrize("width", [7, 80])
def test_logme_is_the_largest_evidence_of_a_linear_model(task, width):
    features, labels, _ = task
    features = features @ np.random.default_rng(1).normal(size=(7, width))
    best = []
    for label in range(4):
        target = (labels == label).astype(float)

        def lost(logs, target=target):
            return -log_evidence(features, target, *np.exp(logs))

        best.append(
            -min((minimize(lost, start, method="Nelder-Mead") for start in ([0, 0], [3, 2])), key=lambda f: f.fun).fun
        )
    assert logme(features, labels) == pytest.approx(np.mean(best) / 60, abs=2e-4)


def test_h_score_is_the_trace_of_between_over_all(task):
    features, labels, _ = task
    means = np.stack([features[labels == label].mean(axis=0) for label in labels])
    expected = np.trace(np.linalg.inv(np.cov(features.T)) @ np.cov(means.T))
    assert h_score(features, labels) == pytest.approx(expected, abs=1e-9)
    doubled = np.hstack((features, features))
    assert h_score(doubled, labels) == pytest.approx(expected, abs=1e-6), "what is said twice says no more"
    assert h_score(np.eye(4)[labels], labels) == pytest.approx(3.0), "classes - 1 where features are the labels"


def test_leep_and_nce_by_their_sums(task):
    _, labels, logits = task
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    joint = np.zeros((4, 5))
    hard = np.zeros((4, 5))
    for one, label in zip(probabilities, labels, strict=True):
        joint[label] += one / 60
        hard[label, one.argmax()] += 1 / 60
    expected = 0.0
    for one, label in zip(probabilities, labels, strict=True):
        expected += math.log(sum(one[z] * joint[label, z] / joint[:, z].sum() for z in range(5))) / 60
    assert leep(None, labels, logits) == pytest.approx(expected, abs=1e-12)
    entropy = -sum(
        hard[y, z] * math.log(hard[y, z] / hard[:, z].sum()) for y in range(4) for z in range(5) if hard[y, z]
    )
    assert nce(None, labels, logits) == pytest.approx(-entropy, abs=1e-12)


def test_a_better_network_scores_higher_and_one_without_a_head_has_no_score_of_it(task):
    features, labels, logits = task
    noise = np.random.default_rng(3).normal(size=features.shape)
    for name, score in SCORES.items():
        declared = TRANSFER_SCORES[name]
        worse = score(noise, labels, np.random.default_rng(4).normal(size=logits.shape))
        assert score(features, labels, logits) > worse, name
        assert math.isnan(score(features, labels, None)) is declared.needs_head
