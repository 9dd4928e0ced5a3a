"""Scores that foresee how well a network will transfer, from one pass over the target's training images.

Each maps the features (N, F) that a network gives to N images of the target, their labels (N,) and, where the network
has a head, its logits (N, K) for the classes that it was pretrained on, to one number: more is better.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, softmax

from invariance.vocabulary.attach import attach
from invariance.vocabulary.transfer_scores import TRANSFER_SCORES

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
Score = Callable[[Floats, Labels, Floats | None], float]

_TOLERANCE: Final = 1e-6
_MAX_ROUNDS: Final = 1_000
_SMALL: Final = 1e-12


def logme(features: Floats, labels: Labels, source_logits: Floats | None = None) -> float:
    """Logarithm of the maximum evidence of a Bayesian linear model of the labels (You et al. 2021, arXiv 2102.11005).

    For each class, whether an image is of it is y = f w + noise with w ~ N(0, 1 / alpha) and noise ~ N(0, 1 / beta);
    alpha and beta are those of the largest evidence, found by MacKay's fixed point, in the coordinates of the singular
    vectors of the features. The constant is not added, as in the paper.

    Args:
        features: (N, F) finite.
        labels: (N,) in [0, classes).
        source_logits: not used.

    Returns:
        Mean over the classes that there are, for each image.
    """
    left, spread, _ = np.linalg.svd(np.asarray(features, dtype=np.float64), full_matrices=False)
    kept = spread > _SMALL * spread[0]
    squares, num_features = spread[kept] ** 2, features.shape[1]
    found = []
    for label in np.unique(labels):
        target = (labels == label).astype(np.float64)
        projected = left.T[kept] @ target
        found.append(_evidence(projected**2, float(target @ target), squares, len(labels), num_features))
    return float(np.mean(found))


def _evidence(projected: Floats, total: float, squares: Floats, num: int, num_features: int) -> float:
    """The largest log evidence for each image.

    Args:
        projected: squared coordinates of the target along the left singular vectors.
        total: squared length of the target.
        squares: squared singular values.
        num: images.
        num_features: weights, those along which no feature varies too.
    """
    outside = max(total - float(projected.sum()), 0.0)
    alpha = beta = 1.0
    for _ in range(_MAX_ROUNDS):
        shrunk = alpha + beta * squares
        effective = float((beta * squares / shrunk).sum())
        weights = float((beta**2 * squares * projected / shrunk**2).sum())
        residual = outside + float(((alpha / shrunk) ** 2 * projected).sum())
        before = alpha / beta
        alpha, beta = effective / max(weights, _SMALL), (num - effective) / max(residual, _SMALL)
        if abs(alpha / beta - before) <= _TOLERANCE * before:
            break
    shrunk = alpha + beta * squares
    weights = float((beta**2 * squares * projected / shrunk**2).sum())
    residual = outside + float(((alpha / shrunk) ** 2 * projected).sum())
    log_determinant = float(np.log(shrunk).sum()) + (num_features - len(squares)) * np.log(alpha)
    evidence = num * np.log(beta) + num_features * np.log(alpha) - num * np.log(2 * np.pi)
    return float((evidence - beta * residual - alpha * weights - log_determinant) / (2 * num))


def h_score(features: Floats, labels: Labels, source_logits: Floats | None = None) -> float:
    """Variance between classes in units of the variance of the features (Bao et al. 2019, arXiv 2212.10082).

    tr(Cov(f)^+ Cov(E[f | y])); where features are linearly dependent the pseudo-inverse stands for the inverse.

    Args:
        features: (N, F) finite.
        labels: (N,) in [0, classes).
        source_logits: not used.
    """
    centred = np.asarray(features, dtype=np.float64) - np.mean(features, axis=0, dtype=np.float64)
    means = np.empty_like(centred)
    for label in np.unique(labels):
        means[labels == label] = centred[labels == label].mean(axis=0)
    inverse = np.linalg.pinv(centred.T @ centred, rcond=_SMALL, hermitian=True)
    return float(np.trace(inverse @ (means.T @ means)))


def leep(features: Floats, labels: Labels, source_logits: Floats | None = None) -> float:
    """Mean log probability of the labels from the source's classes (Nguyen et al. 2020, arXiv 2002.12462).

    Args:
        features: not used.
        labels: (N,) in [0, classes).
        source_logits: (N, K); None for a network without a head.

    Returns:
        At most 0; NaN without a head.
    """
    if source_logits is None:
        return float("nan")
    probabilities = softmax(np.asarray(source_logits, dtype=np.float64), axis=1)
    given = _labels_given_source(probabilities, labels)
    return float(np.log((probabilities * given[:, labels].T).sum(axis=1)).mean())


def nce(features: Floats, labels: Labels, source_logits: Floats | None = None) -> float:
    """Negative conditional entropy of the labels given the source's predictions (Tran et al. 2019, arXiv 1908.08142).

    Args:
        features: not used.
        labels: (N,) in [0, classes).
        source_logits: (N, K); None for a network without a head.

    Returns:
        At most 0, in nats; NaN without a head.
    """
    if source_logits is None:
        return float("nan")
    predicted = log_softmax(np.asarray(source_logits, dtype=np.float64), axis=1).argmax(axis=1)
    given = _labels_given_source(np.eye(source_logits.shape[1])[predicted], labels)
    return float(np.log(given[predicted, labels]).mean())


def _labels_given_source(probabilities: Floats, labels: Labels) -> Floats:
    """P(y | z) from P(z | image) (N, K) and labels: (K, classes); rows of what is never predicted are 0."""
    joint: Floats = probabilities.T @ np.eye(int(labels.max()) + 1)[labels]
    marginal = joint.sum(axis=1, keepdims=True)
    return np.divide(joint, marginal, out=np.zeros_like(joint), where=marginal > 0)


SCORES: Final[dict[str, Score]] = attach(
    "transfer score", TRANSFER_SCORES, {"logme": logme, "h_score": h_score, "leep": leep, "nce": nce}
)
"""By name, as :data:`~invariance.vocabulary.transfer_scores.TRANSFER_SCORES` declares them."""
