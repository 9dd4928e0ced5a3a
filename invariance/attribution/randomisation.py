"""Does a map depend on what the network learnt? The randomisation test (Adebayo et al. 2018, arXiv 1810.03292).

A map of a trained network is correlated with those of untrained ones of its architecture. That number alone says
little: maps of two networks that have learnt nothing are alike, too, since both follow the image and the architecture.
So it is compared with how alike untrained networks' maps are to one another. If the trained network is just as like
them as they are, its map is what any draw of weights could have given, and what was learnt is not shown in it; only if
it is less like them, it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from invariance.attribution.map_set import MapSet, Progress
from invariance.attribution.over_images import SharedParts, direction, shared_parts
from invariance.attribution.randomise import randomised, rank_correlations
from invariance.data.engine import Engine
from invariance.models import Classifier
from invariance.spec.checks import require_count
from invariance.statistics import Interval, t_quantile
from invariance.vocabulary.attribution import MAP_PARTS

NUM_IMAGES = 20
NUM_UNTRAINED = 6
MIN_UNTRAINED = 3
"""So that each can be left out and two are left to compare it with."""
MAX_UNTRAINED = 100


@dataclass(frozen=True)
class Randomisation:
    """How alike a network's maps and untrained networks' are, beside how alike those are to one another.

    Attributes:
        maps: what of them is correlated, one of :data:`~invariance.vocabulary.attribution.MAP_PARTS`.
        trained: mean rank correlation of the network's map with those of untrained ones, in [-1, 1].
        trained_low: lower end of its 95 % interval, over images and untrained networks.
        trained_high: upper end.
        null: mean rank correlation of two untrained networks' maps.
        null_low: lower end of its 95 % interval.
        null_high: upper end.
        difference: trained less null.
        difference_low: lower end of its 95 % interval: where a network that learnt nothing, one more draw of the same
            kind, has a difference of 0 inside it.
        difference_high: upper end.
        verdict: ``lower`` where the maps are shown to depend on what was learnt; ``undecided`` or ``higher``.
        num: images; one on which some network's map is the same everywhere is left out.
        num_untrained: untrained networks.
    """

    maps: str
    trained: float
    trained_low: float
    trained_high: float
    null: float
    null_low: float
    null_high: float
    difference: float
    difference_low: float
    difference_high: float
    verdict: str
    num: int
    num_untrained: int


def randomisation_test(
    models: Sequence[Classifier],
    engine: Engine,
    *,
    weights: str = "all",
    num: int = NUM_IMAGES,
    num_untrained: int = NUM_UNTRAINED,
    on_progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> list[list[Randomisation]]:
    """The randomisation test of several networks on the same images.

    Args:
        models: in eval mode, on the engine's device; each is explained for its own prediction, and its untrained twins
            for the same classes.
        engine: the data set.
        weights: what is drawn anew, see :data:`~invariance.attribution.randomise.REDRAWN`. With ``head`` the twins
            share what comes before it.
        num: images, from the start of the split.
        num_untrained: twins of each network, none with the weights that its training started from.
        on_progress: told (maps done, in all); what it raises ends the work.
        **options: ``split``, ``method``, ``baseline``, ``parameters`` and ``batch_size``, as for
            :class:`~invariance.attribution.map_set.MapSet`.

    Returns:
        For each model one record a part of the maps, in the order of ``MAP_PARTS``.

    Raises:
        SpecError: a number is out of range, a name is not known, or a network's first weights are not known.
    """
    require_count("num_untrained", num_untrained, MIN_UNTRAINED, MAX_UNTRAINED)
    twins = [[randomised(model, weights=weights, seed=seed) for seed in range(num_untrained)] for model in models]
    images = MapSet(engine, num=num, **options)
    parts, progress = (
        shared_parts(engine, images.indices),
        Progress(num * len(models) * (num_untrained + 1), on_progress),
    )
    found = []
    for model, untrained in zip(models, twins, strict=True):
        own, targets = images.maps(model, progress)
        maps = torch.stack([own, *(images.maps(twin, progress, targets=targets)[0] for twin in untrained)])
        of_parts = {"strength": maps.abs(), "signed": maps}
        found.append([compare_correlations(name, rank_correlations(of_parts[name]), parts) for name in MAP_PARTS])
    return found


def compare_correlations(name: str, correlations: Tensor, parts: SharedParts) -> Randomisation:
    """A network's correlations with untrained ones beside those of the untrained ones with one another.

    Were the network one more untrained one, its mean correlation with the others would vary as theirs do. So the
    interval of the difference has two parts, added in quadrature: Student's over the untrained networks, for one new
    draw beside the mean of U (each network's own mean is over the others, which share it: U - 1 over U - 2 makes its
    spread that of single networks), and that over images.

    Args:
        name: what of the maps is correlated.
        correlations: (N, 1 + U, 1 + U) float64, the network first; NaN where a map is the same everywhere.
        parts: what the N images have in common.
    """
    known = correlations.isfinite().all(dim=2).all(dim=1)
    kept, parts, num = correlations[known], parts[known], correlations.shape[1] - 1
    with_network = kept[:, 0, 1:]
    among = (kept[:, 1:, 1:].sum(dim=2) - 1) / (num - 1)  # (N, U) of each with the others
    trained, null = parts.interval(with_network.mean(dim=1)), parts.interval(among.mean(dim=1))
    beyond = parts.interval(with_network.mean(dim=1) - among.mean(dim=1))
    over_images = with_network.mean(dim=0)
    spread = float(among.mean(dim=0).std()) * (num - 1) / (num - 2)
    student = t_quantile(num - 1)
    trained = _widened(trained, student * float(over_images.std()) / math.sqrt(num))
    null = _widened(null, student * 2 * spread / math.sqrt(num))  # each of two networks of a pair is one of U
    beyond = _widened(beyond, student * spread * math.sqrt(1 + 1 / num))
    return Randomisation(
        maps=name,
        trained=trained.estimate,
        trained_low=trained.low,
        trained_high=trained.high,
        null=null.estimate,
        null_low=null.low,
        null_high=null.high,
        difference=beyond.estimate,
        difference_low=beyond.low,
        difference_high=beyond.high,
        verdict=direction(beyond.low, beyond.high),
        num=beyond.num,
        num_untrained=num,
    )


def _widened(found: Interval, by: float) -> Interval:
    """An interval with another uncertainty, which is independent of its own, added in quadrature to each side."""
    low = found.estimate - math.hypot(found.estimate - found.low, by)
    return Interval(found.estimate, low, found.estimate + math.hypot(found.high - found.estimate, by), found.num)
