"""What a study is: a set of runs that build on each other, the table they give, and what the table says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import pandas as pd

from invariance.spec import RunSpec
from invariance.studies.findings import Finding
from invariance.studies.own_data import ONE_GROUP, USUAL, Groups, StudyData, set_apart, settle
from invariance.studies.scales import StudyScale

ScaleT = TypeVar("ScaleT", bound=StudyScale)


@dataclass(frozen=True)
class RunOutcome:
    """What a finished run says.

    Attributes:
        metrics: its final metrics.
        table: of a measurement, None for other kinds of run.
        answers: the file of what a transferred network said of each test image; None where there is none.
    """

    metrics: Mapping[str, float]
    table: pd.DataFrame | None = None
    answers: Path | None = None


Outcomes = Mapping[str, RunOutcome]
"""Finished runs by their identity; those that are not there have not finished yet."""


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
        shared_backgrounds: whether its tests show the backgrounds of training.
        data: pictures and classes that it is done with.
    """

    name: str
    scale: str
    seeds: tuple[int, ...]
    runs: tuple[RunSpec, ...]
    tabulate: Callable[[Outcomes], pd.DataFrame]
    conclude: Callable[[pd.DataFrame], list[Finding]]
    factors: tuple[str, ...] = ()
    shared_backgrounds: bool = False
    data: StudyData = USUAL

    @cached_property
    def by_id(self) -> dict[str, RunSpec]:
        """The runs by the identities that they had when this was first asked for: a watcher asks every second."""
        return {spec.run_id: spec for spec in self.runs}


class Part(Protocol):
    """Some runs of a study and the rows that they give: a cell, a sheet, or all of one seed."""

    @property
    def runs(self) -> Iterable[RunSpec]:
        """Each after those it builds on; parts may share runs."""

    def rows(self, outcomes: Outcomes) -> Iterable[tuple[object, ...]]:
        """Values in the order of the design's columns, of the measurements whose runs have all finished."""


@dataclass(frozen=True)
class Design(Generic[ScaleT]):
    """The implementation of a study; its words are declared apart, under the name of its module.

    Attributes:
        scales: by each of :data:`~invariance.studies.scales.SCALE_NAMES`.
        columns: of the table.
        parts: what is run at a scale under a seed.
        conclude: from the table, whole or partial, to the findings.
        groups: of classes, which a source of pictures has to have.
        factors: what one may choose to vary, with what to call it; none in a study without such a choice.
    """

    scales: Mapping[str, ScaleT]
    columns: tuple[str, ...]
    parts: Callable[[ScaleT, int], Iterable[Part]]
    conclude: Callable[[pd.DataFrame], list[Finding]]
    groups: Groups = ONE_GROUP
    factors: Mapping[str, str] = field(default_factory=dict)

    def study(
        self,
        name: str,
        scale: str,
        seeds: tuple[int, ...],
        factors: tuple[str, ...] = (),
        shared_backgrounds: bool | None = None,
        **pictures: Any,
    ) -> Study:
        """The study at a scale, for seeds and factors that were checked; what is not given is the scale's own.

        Args:
            name: of the study.
            scale: one of :attr:`scales`.
            seeds: that are run.
            factors: that are varied.
            shared_backgrounds: whether tests show the backgrounds of training.
            **pictures: ``objects``, ``backgrounds`` and ``num_classes`` of :func:`~invariance.studies.own_data.settle`.

        Raises:
            SpecError: it needs what is not on this machine, or more classes than there are.
        """
        chosen = replace(self.scales[scale], factors=factors) if factors else self.scales[scale]
        if shared_backgrounds is not None:
            chosen = replace(chosen, budget=replace(chosen.budget, shared_backgrounds=shared_backgrounds))
        shared = chosen.budget.shared_backgrounds
        data = settle(name, self.groups, chosen.num_classes, shared_backgrounds=shared, **pictures)
        chosen = replace(chosen, objects=data.objects, backgrounds=data.backgrounds, num_classes=data.num_classes)
        parts = tuple(part for seed in seeds for part in self.parts(chosen, seed))
        return Study(
            name=name,
            scale=scale,
            seeds=seeds,
            # What several parts share is one run.
            runs=tuple({spec.run_id: spec for part in parts for spec in part.runs}.values()),
            tabulate=partial(_tabulate, self.columns, parts),
            conclude=self.conclude if data.is_comparable else partial(_apart, self.conclude, data.caveat),
            factors=factors,
            shared_backgrounds=shared,
            data=data,
        )


def _tabulate(columns: tuple[str, ...], parts: tuple[Part, ...], outcomes: Outcomes) -> pd.DataFrame:
    return pd.DataFrame([row for part in parts for row in part.rows(outcomes)], columns=list(columns))


def _apart(conclude: Callable[[pd.DataFrame], list[Finding]], caveat: str, table: pd.DataFrame) -> list[Finding]:
    return set_apart(conclude(table), caveat)


def measured_table(outcomes: Outcomes, run_id: str) -> pd.DataFrame | None:
    """The table of a measurement; None while it has not finished."""
    if run_id not in outcomes:
        return None
    table = outcomes[run_id].table
    assert table is not None, "a measurement has a table"
    return table
