"""Multinomial logistic regression on fixed features, solved to its optimum."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from invariance.events import CancelFlag, Cancelled, never
from invariance.models.initial import blank_linear
from invariance.training.evaluation import mean_class_accuracy
from invariance.training.solver import Problems, minimise, principal_axes

_Result = TypeVar("_Result")

PRIOR_PRECISION = 5.0
"""Of the Gaussian prior on the weights for standardised features: the penalty on the mean loss is this / N. The best
penalties for small networks and 200, 600 and 2000 samples were about 0.05, 0.02 and 0.002, flat around; this stays near
to them. Without any penalty, few samples are separable and have no optimum at all."""
PENALTY_GRID = tuple(10.0 ** (exponent / 2) for exponent in range(-8, 3))
"""Penalties on the mean loss, from 1e-4 to 10 in half decades, among which a validation split chooses."""
MAX_ITERATIONS = 200
_REPORT_EVERY = 10


def fit_linear(
    features: Tensor,
    labels: Tensor,
    num_classes: int,
    *,
    l2: float | None = None,
    max_iterations: int = MAX_ITERATIONS,
    cancelled: CancelFlag = never,
) -> Generator[tuple[int, int, float], None, nn.Linear]:
    """Solves a linear probe: the last layer that fits best while everything below it stays as it is.

    The features are standardised, since their scales differ by orders of magnitude and one penalty has to suit all of
    them; the standardisation is folded into the layer that is returned. The problem is convex, so the result depends
    neither on a learning rate nor on a starting point, which is zero. See :mod:`invariance.training.solver`.

    Args:
        features: (N, F) float, of the training samples.
        labels: (N,) int64 in [0, num_classes).
        num_classes: outputs of the layer.
        l2: penalty: the objective is mean cross entropy + l2 / 2 * sum of squared weights. None is
            :data:`PRIOR_PRECISION` / N.
        max_iterations: bound on the iterations.
        cancelled: asked every ten iterations.

    Yields:
        Every ten iterations: iterations done, iterations in all (as many as done, once the optimum is found), and the
        objective: mean cross entropy in nats and penalty.

    Returns:
        A layer for raw features, float32, on their device (the generator's value).

    Raises:
        Cancelled: the flag was set.
    """
    penalty = PRIOR_PRECISION / len(features) if l2 is None else l2
    work = fit_several(
        features, labels, num_classes, penalties=(penalty,), max_iterations=max_iterations, cancelled=cancelled
    )
    while True:
        try:
            done, planned, losses = next(work)
        except StopIteration as end:
            layer: nn.Linear = end.value[0]
            return layer
        yield done, planned, float(losses[0])


def fit_several(
    features: Tensor,
    labels: Tensor,
    num_classes: int,
    *,
    penalties: Sequence[float],
    max_iterations: int = MAX_ITERATIONS,
    cancelled: CancelFlag = never,
) -> Generator[tuple[int, int, Tensor], None, list[nn.Linear]]:
    """Solves several linear probes at once: of several data sets, under several penalties, or both.

    Args:
        features: (N, F) float, which all probes share, or (B, N, F), a set for each.
        labels: (N,) or (B, N) int64 in [0, num_classes).
        num_classes: outputs of each layer.
        penalties: B numbers, see ``l2`` of :func:`fit_linear`.
        max_iterations: bound on the iterations.
        cancelled: asked every ten iterations.

    Yields:
        As :func:`fit_linear`, the objective being a tensor (B,).

    Returns:
        B layers for raw features, float32, on their device (the generator's value).

    Raises:
        Cancelled: the flag was set.
    """
    if cancelled():
        raise Cancelled
    mean, scale = _moments(features)
    axes = principal_axes((features.to(torch.float64) - mean) / scale)
    problems = Problems(axes, labels, mean.new_tensor(penalties), num_classes)
    start = mean.new_zeros(len(penalties), num_classes, axes.scores.shape[-1])
    work, done, losses = minimise(problems, start, max_iterations=max_iterations), 0, None
    while True:
        with torch.no_grad():  # not while somebody hears of it: a generator that is left would leave it switched off
            try:
                reached = next(work)
            except StopIteration as end:
                unknowns: Tensor = end.value
                break
        if losses is not None and done % _REPORT_EVERY == 0:  # only now is it known that this was not the end
            yield done, max_iterations, losses
            if cancelled():
                raise Cancelled
        done, losses = done + 1, reached
    if losses is None:
        losses = problems.evaluate(start)[0]
    yield max(done, 1), max(done, 1), losses
    weights = unknowns * problems.scale
    folded = weights[..., :-1] @ axes.back.mT / scale
    biases = weights[..., -1] - (folded * mean).sum(dim=-1)
    return [_layer(weight, bias) for weight, bias in zip(folded, biases, strict=True)]


def choose_penalty(
    features: Tensor,
    labels: Tensor,
    num_classes: int,
    *,
    validation_features: Tensor,
    validation_labels: Tensor,
    cancelled: CancelFlag = never,
) -> tuple[float, list[float]]:
    """The penalty of :data:`PENALTY_GRID` whose probe does best on samples that it was not fitted to.

    All are fitted at once.

    Args:
        features: (N, F) float, of the training samples.
        labels: (N,) int64 in [0, num_classes).
        num_classes: outputs of the layer.
        validation_features: (M, F) float, of samples that are neither trained nor tested on.
        validation_labels: (M,) int64.
        cancelled: asked every ten iterations.

    Returns:
        The penalty, of equally good ones the largest; and the mean per-class accuracy on the validation samples for
        each penalty of the grid.

    Raises:
        Cancelled: the flag was set.
    """
    layers = solved(fit_several(features, labels, num_classes, penalties=PENALTY_GRID, cancelled=cancelled))
    with torch.no_grad():
        predictions = [layer(validation_features).argmax(dim=1) for layer in layers]
    accuracies = [mean_class_accuracy(each, validation_labels) for each in predictions]
    best = max(range(len(PENALTY_GRID)), key=lambda number: (accuracies[number], PENALTY_GRID[number]))
    return PENALTY_GRID[best], accuracies


def solved(solver: Generator[Any, None, _Result]) -> _Result:
    """What :func:`fit_linear` or :func:`fit_several` comes to, without its reports."""
    while True:
        try:
            next(solver)
        except StopIteration as end:
            result: _Result = end.value
            return result


def _moments(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation over samples of each feature, (…, F) float64; a feature that never changes has scale 1."""
    features = features.to(torch.float64)
    scale, mean = torch.std_mean(features, dim=-2, correction=0, keepdim=True)
    is_constant = scale <= 1e-6 * features.abs().amax(dim=-2, keepdim=True)
    return mean, torch.where(is_constant, 1.0, scale)


def _layer(weight: Tensor, bias: Tensor) -> nn.Linear:
    layer = blank_linear(weight.shape[1], weight.shape[0], device=weight.device)
    with torch.no_grad():
        layer.weight.copy_(weight)
        layer.bias.copy_(bias)
    return layer
