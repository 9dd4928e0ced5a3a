"""How sure an accuracy is, and whether two networks differ: on the same test images, with others in their place.

Test images share objects and backgrounds, so they are no independent samples: both are resampled, see
:func:`invariance.statistics.two_way_bootstrap_means`. What was trained is given; another seed would be another network.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from invariance.measures.bootstrap import few_levels, two_way_positions
from invariance.statistics import Interval, t_quantile, two_way_bootstrap_means
from invariance.training.answers import Answers

NUM_RESAMPLES: Final = 2_000


@dataclass(frozen=True, eq=False)
class Accuracies:
    """Accuracies on one test split, as they are and on resamples of its objects and backgrounds.

    Attributes:
        values: (K,) float64, means over classes of the share that is recognised, in [0, 1].
        resampled: (R, K) float64, the same on the same R resamples.
        num_images: N.
        num_objects: classes among the images.
        num_backgrounds: among the images; as many as images where each has noise of its own.
    """

    values: Tensor
    resampled: Tensor
    num_images: int
    num_objects: int
    num_backgrounds: int

    def interval(
        self, weights: Sequence[float], on: Callable[[Tensor], Tensor] = lambda accuracies: accuracies
    ) -> Interval:
        """A weighted sum of the accuracies with its 95 % interval: 1 and -1 for a difference.

        Args:
            weights: (K,).
            on: another scale, to which each accuracy is brought before.
        """
        weighing = torch.tensor(weights, dtype=torch.float64)
        estimate = float(on(self.values) @ weighing)
        half = self._quantile * float((on(self.resampled) @ weighing).std())
        return Interval(estimate, estimate - half, estimate + half, self.num_images)

    @property
    def _quantile(self) -> float:
        """Standard deviations of the resamples to either side."""
        degrees, widening = few_levels(self.num_objects, self.num_backgrounds)
        return t_quantile(degrees) * widening if degrees else math.nan

    def logits(self, accuracies: Tensor) -> Tensor:
        """Accuracies on the scale of log odds, of (k + 1/2) / (n + 1) with k of n images right, so that all is finite.

        On it differences near 0 and 1 count for more (Cox and Snell: Analysis of Binary Data, section 2.1).
        """
        return torch.logit((accuracies * self.num_images + 0.5) / (self.num_images + 1))


def accuracies_of(answers: Sequence[Answers], *, seed: int = 0, num_resamples: int = NUM_RESAMPLES) -> Accuracies:
    """What networks reach on the same test images.

    Args:
        answers: of each, at least one.
        seed: of the resamples.
        num_resamples: R.

    Raises:
        ValueError: the images are not the same ones.
    """
    first = answers[0]
    for other in answers[1:]:
        if not (np.array_equal(first.labels, other.labels) and np.array_equal(first.backgrounds, other.backgrounds)):
            raise ValueError("the answers are to other test images: compare networks on one target task")
    objects, rows = np.unique(first.labels, return_inverse=True)
    own = np.where(first.backgrounds < 0, -1 - np.arange(len(first.labels)), first.backgrounds)
    backgrounds, columns = np.unique(own, return_inverse=True)
    shape = len(objects), len(backgrounds)
    cells = torch.from_numpy(rows.reshape(-1) * shape[1] + columns.reshape(-1))
    correct = torch.from_numpy(np.stack([each.predicted == each.labels for each in answers])).double()
    counts = torch.zeros(shape[0] * shape[1], dtype=torch.float64).index_add(0, cells, torch.ones(len(cells)).double())
    totals = torch.zeros(len(answers), len(counts), dtype=torch.float64).index_add(1, cells, correct)
    totals, counts = totals.reshape(-1, *shape), counts.reshape(shape)
    return Accuracies(
        values=(totals.sum(dim=2) / counts.sum(dim=1)).mean(dim=1),
        resampled=two_way_bootstrap_means(totals, counts, *two_way_positions(*shape, num_resamples, seed)),
        num_images=len(cells),
        num_objects=shape[0],
        num_backgrounds=shape[1],
    )


def difference(first: Answers, second: Answers) -> Interval:
    """Accuracy of the first network less that of the second on the same images; ValueError where they are not.

    The first is better on such images only if all of the interval lies above 0.
    """
    return accuracies_of([first, second]).interval([1.0, -1.0])
