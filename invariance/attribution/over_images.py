"""How sure a mean over images is, where images share objects and backgrounds.

Images of one object are not independent, nor are those on one background. Both are resampled, each independently of
the other (see :func:`~invariance.statistics.two_way_bootstrap_means`), so that an interval speaks of other objects and
backgrounds, too. Where nearly every image has an object and a background of its own this counts what varies between
images up to three times: it errs on the side of wide intervals, and a difference that it shows is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from invariance.data.engine import Engine
from invariance.data.random import STREAMS, Draws
from invariance.statistics import Interval, percentile_interval, t_interval, two_way_bootstrap_means
from invariance.vocabulary.attribution import HIGHER, LOWER, UNDECIDED

MIN_LEVELS: Final = 10
"""With fewer objects, or backgrounds, than this among the images they are taken as given: so few say nothing of others.
"""
MIN_IMAGES: Final = 20
"""With fewer images than this the interval is Student's over single images: so few cannot be resampled."""
NUM_RESAMPLES: Final = 1_000
_SEED: Final = 0
_AT_A_TIME: Final = 100
_ROUNDING: Final = 1e-6
"""Of scores that are made in float32: what is less than this beside 0 is 0."""


@dataclass(frozen=True)
class SharedParts:
    """What images have in common.

    Attributes:
        objects: (N,) int64, class of each image's object.
        backgrounds: (N,) int64, its background; -1 for one that no other image has.
    """

    objects: Tensor
    backgrounds: Tensor

    def __getitem__(self, chosen: Tensor) -> SharedParts:
        """Of some images: positions, or (N,) bool."""
        return SharedParts(self.objects[chosen], self.backgrounds[chosen])

    def interval(self, values: Tensor) -> Interval:
        """Mean of a value (N,) of each image, and its 95 % interval; NaNs are left out."""
        known = values.isfinite().cpu()
        kept = values.double().cpu()[known]
        if len(kept) < MIN_IMAGES:
            return t_interval(kept.tolist())
        rows, columns = self[known]._levels()
        shape = (int(rows.max()) + 1, int(columns.max()) + 1)
        sums, counts = torch.zeros(2, *shape, dtype=torch.float64)
        sums.index_put_((rows, columns), kept, accumulate=True)
        counts.index_put_((rows, columns), torch.ones_like(kept), accumulate=True)
        # Of sums and of counts: their ratio weighs every image alike, however many its object has.
        both, cells = torch.stack((sums, counts)), torch.ones(shape)
        totals = torch.cat([two_way_bootstrap_means(both, cells, *drawn) for drawn in _draws(shape)])
        means = totals[:, 0] / totals[:, 1]
        low, high = percentile_interval(means)
        return Interval(float(kept.mean()), low, high, len(kept))

    def share_interval(self, values: Tensor) -> Interval:
        """The same of values in [0, 1], which no end of the interval leaves."""
        return self.interval(values).within(0.0, 1.0)

    def _levels(self) -> tuple[Tensor, Tensor]:
        """Row and column of each image in a table of what is resampled."""
        rows = self.objects.unique(return_inverse=True)[1]
        columns = self.backgrounds.unique(return_inverse=True)[1]
        if bool((self.backgrounds < 0).any()) or int(columns.max()) + 1 < MIN_LEVELS:
            columns = torch.arange(len(columns))
        return (rows if int(rows.max()) + 1 >= MIN_LEVELS else torch.zeros_like(rows)), columns


def shared_parts(engine: Engine, indices: Tensor) -> SharedParts:
    """What the samples of a data set at (N,) indices have in common."""
    drawn = engine.draw(indices.to(engine.device))
    return SharedParts(drawn.labels.cpu(), drawn.numbers.cpu())


def direction(low: float, high: float) -> str:
    """On which side of 0 a difference is shown to lie by the ends of its interval; NaN shows nothing."""
    if low > _ROUNDING:
        return HIGHER
    return LOWER if high < -_ROUNDING else UNDECIDED


def _draws(shape: tuple[int, int]) -> Iterator[tuple[Tensor, Tensor]]:
    """Rows and columns of all resamples, always the same for a table of one shape."""
    levels = torch.tensor(shape).repeat_interleave(torch.tensor(shape))
    for numbers in torch.arange(NUM_RESAMPLES).split(_AT_A_TIME):
        words = Draws(_SEED, numbers, STREAMS["bootstrap"]).words(sum(shape))
        rows, columns = ((words * levels) >> 32).split(shape, dim=1)
        yield rows, columns
