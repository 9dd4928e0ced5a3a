"""What a study is: a set of runs that build on each other, the table they give, and what the table says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from invariance.spec import RunSpec


@dataclass(frozen=True)
class Outcome:
    """What a finished run says.

    Attributes:
        metrics: its final metrics.
        table: of a measurement, None for other kinds of run.
    """

    metrics: Mapping[str, float]
    table: pd.DataFrame | None = None


Outcomes = Mapping[str, Outcome]
"""Finished runs by their identity; those that are not there have not finished yet."""


@dataclass(frozen=True)
class Finding:
    """One sentence that results support or contradict.

    Attributes:
        name: short, for scripts.
        statement: for people, with the figures.
        effect: the figure that decides; NaN where the results do not suffice.
        low: lower end of its 95 % interval over seeds.
        high: its upper end.
        agrees: whether the results agree with what the paper found.
        num_seeds: that it rests on; their words, which all findings share, are said once beside them.
    """

    name: str
    statement: str
    effect: float
    low: float
    high: float
    agrees: bool
    num_seeds: int = 0


@dataclass(frozen=True)
class Study:
    """A study of the paper at one scale, as data; nothing is run here.

    Attributes:
        name: one of :data:`~invariance.vocabulary.studies.STUDY_NAMES`.
        scale: ``quick``, ``standard`` or ``paper``.
        seeds: each repeats the study with other objects, transformations and initial weights.
        runs: every run once (shared ones too), each after those it builds on.
        tabulate: from the outcomes that are there to one row a measurement; rows whose runs are missing are left out,
            so that partial results can be shown.
        conclude: from that table, whole or partial, to the study's findings.
        factors: that were asked for; none where they are the scale's own.
    """

    name: str
    scale: str
    seeds: tuple[int, ...]
    runs: tuple[RunSpec, ...]
    tabulate: Callable[[Outcomes], pd.DataFrame]
    conclude: Callable[[pd.DataFrame], list[Finding]]
    factors: tuple[str, ...] = ()


def each_once(runs: Iterable[RunSpec]) -> tuple[RunSpec, ...]:
    """Runs in their order, without repetitions: what several measurements share is one run."""
    return tuple({spec.run_id: spec for spec in runs}.values())
