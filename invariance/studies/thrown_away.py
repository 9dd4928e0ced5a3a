"""What the second of two networks threw away that the first keeps: the comparisons behind a card of both.

Factor probes say what can be read off each representation, equivariance whether a change in it can be foreseen, and
attribution whether decisions rest on the object. All differences are of the same images; only those that the rule in
:mod:`invariance.vocabulary.thrown_away` calls reliable are told, whichever network they speak for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import Any, Final

import pandas as pd

from invariance.data.engine import Engine
from invariance.events import never
from invariance.measures.equivariance_table import measure_equivariance
from invariance.measures.factor_images import image_sets
from invariance.measures.factor_pair import FactorPair, factor_pairs
from invariance.measures.factor_table import available_factors
from invariance.measures.task import Task
from invariance.models import Classifier
from invariance.spec import FactorSpec, MeasureSpec
from invariance.statistics import Interval, benjamini_hochberg
from invariance.studies.thrown_away_card import ThrownAway
from invariance.studies.thrown_away_row import Row
from invariance.training.threads import threads_of
from invariance.vocabulary.equivariance import EQUIVARIANCE_PAIRS, EQUIVARIANT_ABOVE
from invariance.vocabulary.factors import FALSE_DISCOVERY_RATE, KNOWN, NO_DIFFERENCE
from invariance.vocabulary.thrown_away import (
    EQUIVARIANCE,
    EVIDENCE,
    FACTOR,
    LESS,
    MORE,
    NUM_ATTRIBUTED,
    SAME,
    UNDECIDED,
)

MOST_VIEWS: Final = 20
"""Of an object, of which views are left out together where a change is foreseen."""
Networks = Mapping[str, Classifier]
"""Two, by name, in order; in eval mode, on the engine's device."""


def thrown_away(
    models: Networks,
    engine: Engine,
    task: Engine,
    spec: FactorSpec,
    *,
    objects: str = KNOWN,
    num_attributed: int = NUM_ATTRIBUTED,
    on_progress: Callable[[int, int], None] | None = None,
) -> ThrownAway:
    """Compares two networks; what is known of their trainings can be added with :func:`dataclasses.replace`.

    Args:
        models: the first, which keeps, and the second.
        engine: of the spec's data, with which factors are decoded and changes foreseen.
        task: of which the evidence is; both networks need a last layer, else there is none.
        spec: factors, numbers of images and folds.
        objects: what the probes know of the objects that they are tested on.
        num_attributed: images of the task; 0 for no evidence.
        on_progress: told (steps done, in all); what it raises ends the work.

    Raises:
        SpecError: there are too few pictures, or Captum is not installed.
    """
    with threads_of([model.architecture for model in models.values()], engine.device):
        return _compared(models, engine, task, spec, objects, num_attributed, on_progress)


def _compared(
    models: Networks,
    engine: Engine,
    task: Engine,
    spec: FactorSpec,
    objects: str,
    num_attributed: int,
    on_progress: Callable[[int, int], None] | None,
) -> ThrownAway:
    factors = available_factors(spec, engine)
    num_steps = len(image_sets(factors, together=False)) + 2
    told = (lambda done, _: on_progress(done, num_steps)) if on_progress is not None else None
    first, second = models.values()
    whole = Task(engine, {"first": first, "second": second}, {}, never, monotonic())
    pairs = list(
        factor_pairs(
            (partial(whole.features, first), partial(whole.features, second)),
            engine,
            factors,
            objects=objects,
            num_images=spec.num_images,
            num_folds=spec.num_folds,
            on_progress=told,
        )
    )
    rows = [_of_factor(pair) for pair in pairs if not math.isnan(pair.difference.estimate)]
    if num_attributed and all(model.num_classes for model in models.values()):
        rows.append(_of_evidence(list(models.values()), task, num_attributed))
    if told is not None:
        told(num_steps - 1, num_steps)
    rows = judged(rows)
    kept = {row.name for row in rows if row.part == FACTOR and row.reliable}
    transforms = tuple(dict.fromkeys(pair.factor.transform for pair in pairs if pair.factor.name in kept))
    rows += judged(list(_of_equivariance(whole, tuple(filter(None, transforms)))))
    if told is not None:
        told(num_steps, num_steps)
    shown = sorted(
        (pair for pair in pairs if pair.factor.name in kept), key=lambda pair: -abs(pair.difference.estimate)
    )
    names = tuple(models)
    return ThrownAway(
        names=(names[0], names[1]),
        trained_on=(None, None),
        data=engine.spec,
        rows=tuple(rows),
        strips=tuple(pair.strip for pair in shown if pair.strip is not None),
    )


def judged(rows: Sequence[Row]) -> list[Row]:
    """Rows with p-values that are corrected over them, and what each says."""
    adjusted = benjamini_hochberg([row.p for row in rows])
    found = [replace(row, p_adjusted=p) for row, p in zip(rows, adjusted, strict=True)]
    directions = [direction_of(row) for row in found]
    return [
        replace(row, direction=direction, reliable=direction in (LESS, MORE))
        for row, direction in zip(found, directions, strict=True)
    ]


def direction_of(row: Row) -> str:
    """One of :data:`~invariance.vocabulary.thrown_away.DIRECTIONS`; its p-value is corrected."""
    if row.low >= -NO_DIFFERENCE and row.high <= NO_DIFFERENCE:
        return SAME
    least = EQUIVARIANT_ABOVE if row.part == EQUIVARIANCE else 0.0
    # Intervals that are apart need no test.
    is_there = row.part == EQUIVARIANCE or row.p_adjusted < FALSE_DISCOVERY_RATE
    if is_there and row.high < 0 and row.first_low > least:
        return LESS
    return MORE if is_there and row.low > 0 and row.second_low > least else UNDECIDED


def _row(
    part: str, name: str, title: str, both: Sequence[Interval], difference: Interval, p: float, *, objects: str = ""
) -> Row:
    first, second = both
    return Row(
        part=part,
        name=name,
        title=title,
        objects=objects,
        first=first.estimate,
        first_low=first.low,
        first_high=first.high,
        second=second.estimate,
        second_low=second.low,
        second_high=second.high,
        difference=difference.estimate,
        low=difference.low,
        high=difference.high,
        p=p,
        p_adjusted=math.nan,
        direction=UNDECIDED,
        reliable=False,
        num_images=difference.num,
    )


def _of_factor(pair: FactorPair) -> Row:
    factor = pair.factor
    return _row(FACTOR, factor.name, factor.title, pair.skills, pair.difference, pair.p, objects=pair.objects)


def _of_evidence(models: Sequence[Classifier], task: Engine, num: int) -> Row:
    from invariance.attribution.evidence_pair import evidence_pair  # here, since it needs an extra

    found = evidence_pair(models, task, num=num)
    return _row(EVIDENCE, "object", "evidence on the object", found.shares, found.difference, found.p)


def _interval(row: Any, names: tuple[str, str, str]) -> Interval:
    estimate, low, high = (float(row[name]) for name in names)
    return Interval(estimate, low, high, int(row["num_pairs"]))


def _of_equivariance(task: Task, transforms: tuple[str, ...]) -> Iterator[Row]:
    """Of the transformations whose factors are told: elsewhere there is nothing to add."""
    if not transforms:
        return
    spec = MeasureSpec(
        sources=tuple(task.models),
        transforms=transforms,
        data=task.engine.spec,
        measure="equivariance",
        num_pairs=min(EQUIVARIANCE_PAIRS, MOST_VIEWS * len(task.engine.object_names)),
    )
    work = measure_equivariance(spec, task)
    try:
        while True:
            next(work)
    except StopIteration as end:
        table: pd.DataFrame = end.value[0]
    by_name = table.set_index(["model", "transform"])
    for transform in transforms:
        found: list[Any] = [by_name.loc[(name, transform)] for name in task.models]
        ends = "equivariance", "equivariance_low", "equivariance_high"
        first, second = (_interval(row, ends) for row in found)
        apart = Interval(second.estimate - first.estimate, second.low - first.high, second.high - first.low, second.num)
        if not math.isnan(apart.estimate):
            title = transform.replace("_", " ")
            yield _row(EQUIVARIANCE, transform, title, (first, second), apart, math.nan)
