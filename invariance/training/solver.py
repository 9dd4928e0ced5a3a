"""Multinomial logistic regression: several problems of one size solved side by side, each to its own optimum."""

from __future__ import annotations

import copy
from collections.abc import Generator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

GRADIENT_TOLERANCE = 1e-5
"""A problem counts as solved where no class has a longer gradient, weights and bias together."""
_HISTORY = 12
_SUFFICIENT_DECREASE = 1e-4
_MAX_HALVINGS = 30
_SMALLEST_VARIANCE = 1e-10  # of an axis, as a share of the largest: what is below is rounding


@dataclass(frozen=True)
class Axes:
    """Standardised features in their principal axes.

    Attributes:
        scores: (…, N, R) float64, with a last column of ones for the bias.
        variances: (…, R - 1) of the scores, 0 for an axis along which nothing varies.
        back: (…, F, R - 1), from scores to standardised features, orthonormal columns.
    """

    scores: Tensor
    variances: Tensor
    back: Tensor


def principal_axes(inputs: Tensor) -> Axes:
    """Rotates standardised features (…, N, F) float64; at most min(N, F) axes are kept."""
    num, width = inputs.shape[-2:]
    if width <= num:
        variances, back = torch.linalg.eigh(inputs.mT @ inputs / num)
    else:  # the same axes from the smaller matrix of inner products between samples
        variances, ours = torch.linalg.eigh(inputs @ inputs.mT / num)
        back = inputs.mT @ (ours / (num * variances.clamp(min=1e-300)).sqrt().unsqueeze(-2))
    is_real = variances > _SMALLEST_VARIANCE * variances.amax(dim=-1, keepdim=True).clamp(min=1e-300)
    variances = torch.where(is_real, variances, 0.0)
    back = torch.where(is_real.unsqueeze(-2), back, 0.0)
    return Axes(functional.pad(inputs @ back, (0, 1), value=1.0), variances, back)


class Problems:
    """Mean cross entropy + penalty / 2 * sum of squared weights, for B problems at once.

    The unknowns are weights along the principal axes, each scaled so that the objective has the same curvature along
    all of them where the weights are zero and all classes equally likely. In the features' own coordinates, where they
    are correlated, L-BFGS needs about twice as many steps.

    Args:
        axes: of the features: shared by all problems, or with a first dimension B.
        labels: (N,) or (B, N) int64.
        penalties: (B,) float64.
        num_classes: K.
    """

    def __init__(self, axes: Axes, labels: Tensor, penalties: Tensor, num_classes: int) -> None:
        self._scores, self.num_classes = axes.scores, num_classes
        self._targets = functional.one_hot(labels, num_classes).to(torch.float64)
        curvature = axes.variances / num_classes + penalties[:, None]
        scale = torch.where(axes.variances > 0, curvature.rsqrt(), 0.0)
        bias_scale = torch.full_like(scale[:, :1], num_classes**0.5)
        self.scale = torch.cat((scale, bias_scale), dim=1)[:, None, :]
        self._penalties = functional.pad(penalties[:, None].expand_as(scale), (0, 1))[:, None, :]

    def evaluate(self, unknowns: Tensor) -> tuple[Tensor, Tensor]:
        """The objectives (B,) and their gradients (B, K, R) at unknowns (B, K, R)."""
        weights = unknowns * self.scale
        log_probabilities = functional.log_softmax(self._logits(weights), dim=-1)
        num = self._scores.shape[-2]
        loss = -(self._targets * log_probabilities).sum(dim=(-2, -1)) / num
        loss = loss + 0.5 * (self._penalties * weights.square()).sum(dim=(1, 2))
        residuals = (log_probabilities.exp() - self._targets) / num
        slope = residuals.mT @ self._scores + self._penalties * weights
        return loss, slope * self.scale

    def steepest(self, gradients: Tensor) -> Tensor:
        """(B,) the length of the longest gradient of a class, in the coordinates of the standardised features."""
        slope = torch.where(self.scale > 0, gradients / self.scale, 0.0)
        return slope.norm(dim=2).amax(dim=1)

    def only(self, chosen: Tensor) -> Problems:
        """Some of the problems, by their numbers."""
        part = copy.copy(self)
        part.scale, part._penalties = self.scale[chosen], self._penalties[chosen]
        if self._scores.dim() == 3:
            part._scores = self._scores[chosen]
        if self._targets.dim() == 3:
            part._targets = self._targets[chosen]
        return part

    def _logits(self, weights: Tensor) -> Tensor:
        """(B, N, K)."""
        if self._scores.dim() == 3:
            return self._scores @ weights.mT
        num_problems, num_classes, width = weights.shape  # one product for all problems
        together = self._scores @ weights.reshape(-1, width).T
        return together.view(-1, num_problems, num_classes).transpose(0, 1)


def minimise(problems: Problems, start: Tensor, *, max_iterations: int) -> Generator[Tensor, None, Tensor]:
    """L-BFGS with backtracking (Nocedal and Wright, Numerical Optimization, ch. 3.1 and 7.2), all problems in step.

    The objectives are convex, so that curvature along a step is never negative and backtracking is enough.

    Args:
        problems: what is minimised.
        start: (B, K, R) float64, where to start.
        max_iterations: bound on the iterations.

    Yields:
        The objectives (B,) after each iteration.

    Returns:
        The unknowns (B, K, R), the generator's value.
    """
    unknowns, results = start, start.clone()
    loss, gradients = problems.evaluate(unknowns)
    losses, numbers = loss.clone(), torch.arange(len(start), device=start.device)
    history: list[tuple[Tensor, Tensor, Tensor]] = []
    for _ in range(max_iterations):
        is_open = problems.steepest(gradients) > GRADIENT_TOLERANCE
        if not bool(is_open.any()):
            break
        if 2 * int(is_open.sum()) <= len(numbers):  # those that are solved are no longer carried along
            chosen = is_open.nonzero()[:, 0]
            problems, numbers, is_open = problems.only(chosen), numbers[chosen], is_open[chosen]
            unknowns, loss, gradients = unknowns[chosen], loss[chosen], gradients[chosen]
            history = [(step[chosen], change[chosen], weight[chosen]) for step, change, weight in history]
        direction = _direction(gradients, history) * is_open[:, None, None]
        moved, loss, new_gradients = _backtrack(problems, unknowns, loss, gradients, direction)
        step, change = moved - unknowns, new_gradients - gradients
        curvature = _inner(step, change)
        if not bool((curvature > 0).any()):
            break  # nothing moves any more: the limit of float64
        # Where a problem stood still, a pair of zeros with weight zero leaves its later directions alone.
        history.append((step, change, torch.where(curvature > 0, curvature.reciprocal(), 0.0)))
        del history[:-_HISTORY]
        unknowns, gradients = moved, new_gradients
        results[numbers], losses[numbers] = unknowns, loss
        yield losses.clone()
    return results


def _direction(gradients: Tensor, history: list[tuple[Tensor, Tensor, Tensor]]) -> Tensor:
    """The two loops of L-BFGS."""
    direction, shares = -gradients, []
    for step, change, weight in reversed(history):
        share = weight * _inner(step, direction)
        direction = direction - share[:, None, None] * change
        shares.append(share)
    if history:
        step, change, weight = history[-1]
        ratio = _inner(step, change) / _inner(change, change).clamp(min=1e-300)
        direction = direction * torch.where(weight > 0, ratio, 1.0)[:, None, None]
    for (step, change, weight), share in zip(history, reversed(shares), strict=True):
        direction = direction + step * (share - weight * _inner(change, direction))[:, None, None]
    return direction


def _backtrack(
    problems: Problems, unknowns: Tensor, loss: Tensor, gradients: Tensor, direction: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Halves the steps of those problems whose objective does not fall enough; one that never does stays."""
    fall = _inner(gradients, direction)
    size = torch.ones_like(loss)
    for _ in range(_MAX_HALVINGS):
        moved = unknowns + size[:, None, None] * direction
        new_loss, new_gradients = problems.evaluate(moved)
        # The last digits of the objective are rounding, which must not stop the last steps.
        is_enough = new_loss <= loss + _SUFFICIENT_DECREASE * size * fall + 1e-14 * loss.abs()
        if bool(is_enough.all()):
            return moved, new_loss, new_gradients
        size = torch.where(is_enough, size, 0.5 * size)
    stays = ~is_enough
    return (
        torch.where(stays[:, None, None], unknowns, moved),
        torch.where(stays, loss, new_loss),
        torch.where(stays[:, None, None], gradients, new_gradients),
    )


def _inner(first: Tensor, second: Tensor) -> Tensor:
    return (first * second).sum(dim=(1, 2))
