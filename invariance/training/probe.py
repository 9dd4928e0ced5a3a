"""Multinomial logistic regression on fixed features, solved to its optimum."""

from __future__ import annotations

from collections.abc import Generator

import torch
from torch import Tensor, nn
from torch.nn import functional

from invariance.training.evaluation import mean_class_accuracy
from invariance.training.events import CancelFlag, Cancelled, never

PRIOR_PRECISION = 5.0
"""Of the Gaussian prior on the weights for standardised features: the penalty on the mean loss is this / N. The best
penalties for small networks and 200, 600 and 2000 samples were about 0.05, 0.02 and 0.002, flat around; this stays near
to them. Without any penalty, few samples are separable and have no optimum at all."""
GRID = tuple(10.0 ** (exponent / 2) for exponent in range(-8, 3))
"""Penalties on the mean loss, from 1e-4 to 10 in half decades, among which a validation split chooses."""
MAX_ITERATIONS = 200
_ITERATIONS_A_ROUND = 10
_GRADIENT_TOLERANCE = 1e-5


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
    neither on a learning rate nor on a starting point, which is zero. L-BFGS with strong Wolfe line search (Nocedal
    and Wright, Numerical Optimization, ch. 7) in float64.

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
    mean, scale = _moments(features)
    inputs = (features.to(torch.float64) - mean) / scale
    weight = torch.zeros(num_classes, features.shape[1], dtype=torch.float64, device=features.device)
    bias = torch.zeros(num_classes, dtype=torch.float64, device=features.device)
    parameters = [weight.requires_grad_(), bias.requires_grad_()]
    solver = torch.optim.LBFGS(
        parameters,
        max_iter=_ITERATIONS_A_ROUND,
        history_size=20,
        tolerance_grad=_GRADIENT_TOLERANCE,
        line_search_fn="strong_wolfe",
    )

    def objective() -> Tensor:
        solver.zero_grad()
        loss = functional.cross_entropy(functional.linear(inputs, weight, bias), labels)
        loss = loss + 0.5 * penalty * weight.square().sum()
        loss.backward()
        return loss

    for done in range(_ITERATIONS_A_ROUND, max_iterations + 1, _ITERATIONS_A_ROUND):
        if cancelled():
            raise Cancelled
        with torch.enable_grad():
            solver.step(objective)
            loss = objective()
        slope = max(float(parameter.grad.abs().max()) for parameter in parameters if parameter.grad is not None)
        is_solved = slope <= _GRADIENT_TOLERANCE
        yield done, done if is_solved else max_iterations, float(loss.detach())
        if is_solved:
            break
    return _fold(weight.detach(), bias.detach(), mean, scale)


def choose_penalty(
    features: Tensor,
    labels: Tensor,
    num_classes: int,
    *,
    validation_features: Tensor,
    validation_labels: Tensor,
    cancelled: CancelFlag = never,
) -> Generator[float, None, float]:
    """The penalty of :data:`GRID` whose probe does best on samples that it was not fitted to.

    Args:
        features: (N, F) float, of the training samples.
        labels: (N,) int64 in [0, num_classes).
        num_classes: outputs of the layer.
        validation_features: (M, F) float, of samples that are neither trained nor tested on.
        validation_labels: (M,) int64.
        cancelled: asked every ten iterations.

    Yields:
        After each penalty, from the largest on, the mean per-class accuracy on the validation samples.

    Returns:
        The penalty; of equally good ones the largest (the generator's value).

    Raises:
        Cancelled: the flag was set.
    """
    best_accuracy, best_penalty = -1.0, GRID[-1]
    for penalty in reversed(GRID):
        layer = solved(fit_linear(features, labels, num_classes, l2=penalty, cancelled=cancelled))
        with torch.no_grad():
            predictions = layer(validation_features).argmax(dim=1)
        accuracy = mean_class_accuracy(predictions, validation_labels)
        if accuracy > best_accuracy:
            best_accuracy, best_penalty = accuracy, penalty
        yield accuracy
    return best_penalty


def solved(solver: Generator[tuple[int, int, float], None, nn.Linear]) -> nn.Linear:
    """The layer of :func:`fit_linear`, without its reports."""
    while True:
        try:
            next(solver)
        except StopIteration as end:
            layer: nn.Linear = end.value
            return layer


def _moments(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each feature, (F,) float64; a feature that never changes has scale 1."""
    features = features.to(torch.float64)
    scale, mean = torch.std_mean(features, dim=0, correction=0)
    is_constant = scale <= 1e-6 * features.abs().amax(dim=0)
    return mean, torch.where(is_constant, torch.ones_like(scale), scale)


def _fold(weight: Tensor, bias: Tensor, mean: Tensor, scale: Tensor) -> nn.Linear:
    """W (x - mean) / scale + b, written as one layer of x."""
    folded = weight / scale
    # Without skip_init the layer would first draw weights from torch's global generator.
    layer: nn.Linear = nn.utils.skip_init(nn.Linear, weight.shape[1], weight.shape[0], device=weight.device)
    with torch.no_grad():
        layer.weight.copy_(folded)
        layer.bias.copy_(bias - folded @ mean)
    return layer
