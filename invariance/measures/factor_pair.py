"""Factors decoded from two networks on the same images: how far apart both are, over objects and backgrounds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from invariance.data.engine import Engine
from invariance.measures.bootstrap import few_levels, two_way_positions
from invariance.measures.factor_images import image_sets, render_set
from invariance.measures.factor_probe import held_out, held_out_means
from invariance.measures.factor_scores import losses, skill_of, sums_by_unit
from invariance.measures.factor_strip import Decoding, Strip, strip_of
from invariance.measures.factor_table import decoded_in
from invariance.measures.factors import Factor, target_of
from invariance.measures.task import Represent
from invariance.statistics import Interval, t_quantile, two_sided_p, two_way_bootstrap_means
from invariance.vocabulary.factors import KNOWN

NUM_RESAMPLES: Final = 2_000


@dataclass(frozen=True)
class FactorPair:
    """How well a factor is decoded from two networks on the same held-out images.

    Attributes:
        factor: what is decoded.
        objects: one of :data:`~invariance.vocabulary.factors.OBJECTS`.
        skills: of the first and the second, with the interval that a table of factors has, over units.
        difference: second less first, with its 95 % interval over objects and backgrounds.
        p: two-sided, that it is 0.
        num_images: N.
        strip: five images with what is read off them; None where the factor does not vary.
    """

    factor: Factor
    objects: str
    skills: tuple[Interval, Interval]
    difference: Interval
    p: float
    num_images: int
    strip: Strip | None


def factor_pairs(
    represent: tuple[Represent, Represent],
    engine: Engine,
    factors: Sequence[Factor],
    *,
    objects: str = KNOWN,
    num_images: int,
    num_folds: int,
    on_progress: Callable[[int, int], None] | None = None,
) -> Iterator[FactorPair]:
    """Decodes factors that vary alone from two networks, from the images of :func:`~.factor_table.probe_factors`.

    Args:
        represent: images to features, of the first and the second network.
        engine: objects and backgrounds.
        factors: what is decoded.
        objects: what the probes know of the objects that they are tested on; a factor that is decoded in one way only
            (class, background) is decoded in that.
        num_images: of each set, before repetitions are dropped.
        num_folds: of the cross-validation.
        on_progress: told (sets done, in all); what it raises ends the work.

    Raises:
        SpecError: there are too few different pictures for the folds.
    """
    sets = image_sets(factors, together=False)
    for done, wanted in enumerate(sets, start=1):
        found = render_set(engine, wanted, num=num_images, num_folds=num_folds, seed=engine.spec.seed)
        used = objects if objects in found.splits and decoded_in(wanted, objects) else next(iter(found.splits))
        features = [each(found.images).cpu() for each in represent]
        for factor in decoded_in(wanted, used):
            target, split = target_of(factor, found.recipe), found.splits[used]
            kept = target.defined
            columns, folds = target.columns[kept], split.folds[kept]
            decoding = Decoding(
                factor=factor,
                transforms=wanted.transforms,
                target=columns,
                values=target.values[kept],
                folds=folds,
                features=[each[kept] for each in features],
                predicted=[held_out(each[kept], [columns], folds)[0][0] for each in features],
                indices=found.indices.cpu()[kept],
            )
            shown = [part.cpu()[kept] for part in (found.recipe.objects, found.recipe.backgrounds)]
            yield _pair(decoding, used, split.units[kept], shown, represent, engine)
        if on_progress is not None:
            on_progress(done, len(sets))


def _pair(
    decoding: Decoding,
    objects: str,
    units: Tensor,
    shown: Sequence[Tensor],
    represent: Sequence[Represent],
    engine: Engine,
) -> FactorPair:
    means, sizes = held_out_means(decoding.target, decoding.folds), decoding.target.sum(dim=0)
    lost = [losses(decoding.factor, decoding.target, one, means, sizes) for one in decoding.predicted]
    (first, guesses), (second, _) = lost
    of_first, of_second, guessed = (sums_by_unit(each, units) for each in (first, second, guesses))
    difference, p = two_way_difference(first - second, guesses, *shown)
    return FactorPair(
        factor=decoding.factor,
        objects=objects,
        skills=(skill_of(guessed, guessed - of_first), skill_of(guessed, guessed - of_second)),
        difference=difference,
        p=p,
        num_images=len(guesses),
        strip=strip_of(decoding, represent, engine) if float(guesses.sum()) > 0 else None,
    )


def two_way_difference(
    saved: Tensor, guesses: Tensor, objects: Tensor, backgrounds: Tensor, *, seed: int = 0
) -> tuple[Interval, float]:
    """A share of the cost of guessing, with its 95 % interval over objects and backgrounds, and p of being 0.

    Args:
        saved: (N,) float64, of each image what the first network's probe costs less what the second's does.
        guesses: (N,) float64, what guessing costs.
        objects: (N,) int64, which object an image shows.
        backgrounds: (N,) int64, which background; -1 for one that no other image has.
        seed: of the resamples.

    Returns:
        NaN where guessing costs nothing, and the ends and p also where all images share object and background.
    """
    rows = objects.unique(return_inverse=True)[1]
    own = torch.where(backgrounds < 0, -1 - torch.arange(len(backgrounds)), backgrounds)
    columns = own.unique(return_inverse=True)[1]
    shape = int(rows.max()) + 1, int(columns.max()) + 1
    degrees, widening = few_levels(*shape)
    estimate = float(saved.sum() / guesses.sum()) if float(guesses.sum()) > 0 else math.nan
    if math.isnan(estimate) or not degrees:
        return Interval(estimate, math.nan, math.nan, len(saved)), math.nan
    sums = torch.zeros(2, *shape, dtype=torch.float64)
    for table, values in zip(sums, (saved, guesses), strict=True):
        table.index_put_((rows, columns), values.double(), accumulate=True)
    # Of both sums: their ratio weighs every image alike, however many its object has.
    totals = two_way_bootstrap_means(sums, torch.ones(shape), *two_way_positions(*shape, NUM_RESAMPLES, seed))
    error = widening * float((totals[:, 0] / totals[:, 1]).std())
    half = t_quantile(degrees) * error
    return Interval(estimate, estimate - half, estimate + half, len(saved)), two_sided_p(estimate, error, degrees)
