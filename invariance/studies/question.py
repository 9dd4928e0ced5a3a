"""A question as a study: its runs, the table of its cells, and what they come to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final

import pandas as pd

from invariance.measures.accuracy import accuracies_of
from invariance.spec import QuestionSpec, transforms_text
from invariance.statistics import Interval
from invariance.studies.findings import Finding
from invariance.studies.question_effects import effects_of
from invariance.studies.question_grid import GridCell, NamedNetwork, grid, words_of_classes
from invariance.studies.study import Outcomes, Study
from invariance.studies.what_if_report import CELL_KEYS
from invariance.training.answers import read_answers

NAME: Final = "question"
"""What its runs are asked for by, and what provenance calls it."""

_SETTING, _FOUND = CELL_KEYS[: CELL_KEYS.index("seed")], CELL_KEYS[CELL_KEYS.index("seed") :]
COLUMNS: Final = (*_SETTING, "num_images", *_FOUND, "pretraining", "transfer")
"""Of the table of cells; the last two are the network's identity and the run that put it to the task."""


@dataclass(frozen=True)
class Question(Study):
    """A question with its runs: it is executed, paused, resumed and tabulated as any study.

    ``tabulate`` gives the table of cells whose runs are done, with the columns :data:`COLUMNS`; ``conclude`` judges it.

    Attributes:
        spec: what is asked.
        cells: in the order of the table.
    """

    spec: QuestionSpec = field(kw_only=True)
    cells: tuple[GridCell, ...] = field(kw_only=True)

    @property
    def titles(self) -> dict[str, str]:
        """What the table calls its sources that were there already, by their names in the question."""
        titles = dict.fromkeys(cell.source for cell in self.cells if cell.network is not None)
        return dict(zip(self.spec.networks, titles, strict=True))

    @property
    def training(self) -> dict[str, Any]:
        """Settings that all its pretrainings have, those of their budget too; empty where it pretrains nothing."""
        is_any = any(cell.pretraining is not None for cell in self.cells)
        return self.spec.training if is_any else {}

    @property
    def words_of_classes(self) -> str:
        """How many classes each task has, and whether those of pretraining come again: a sentence."""
        target = self.cells[0].transfer.data.classes
        own = next((cell.pretraining for cell in self.cells if cell.pretraining is not None), None)
        return f"{len(target)} classes." if own is None else words_of_classes(own.data.classes, target)

    @property
    def guessing(self) -> float:
        """Accuracy of who knows nothing: one over the number of classes of a target task."""
        return 1.0 / len(self.cells[0].transfer.data.classes)


def question_of(spec: QuestionSpec, networks: Mapping[str, NamedNetwork] | None = None) -> Question:
    """A question with its runs, each once, after what it builds on; nothing is run.

    Args:
        spec: what is asked.
        networks: what is known of each of its networks that is there already, by its name in the question; see
            :func:`invariance.runs.question.make_question`, which looks them up.

    Raises:
        SpecError: a value cannot be used, or there is nothing to run.
    """
    cells = grid(spec, networks)
    titles = {source: one.title for source, one in (networks or {}).items()}
    return Question(
        name=NAME,
        scale="",
        seeds=spec.seeds,
        runs=tuple(dict.fromkeys(run for cell in cells for run in cell.runs)),
        tabulate=partial(_tabulate, cells),
        conclude=partial(_conclude, spec, titles),
        spec=spec,
        cells=cells,
    )


def _conclude(spec: QuestionSpec, titles: Mapping[str, str], table: pd.DataFrame) -> list[Finding]:
    return [effect.finding for effect in effects_of(spec, table, titles)]


def _tabulate(cells: tuple[GridCell, ...], outcomes: Outcomes) -> pd.DataFrame:
    rows = [_row(cell, outcomes) for cell in cells if all(spec.run_id in outcomes for spec in cell.runs)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(cell: GridCell, outcomes: Outcomes) -> tuple[object, ...]:
    transferred = outcomes[cell.transfer.run_id]
    if cell.pretraining is not None:
        own = float(outcomes[cell.pretraining.run_id].metrics["test_accuracy"])
    else:
        known = cell.network.accuracy if cell.network is not None else None
        own = math.nan if known is None else known
    over_images = over_test_images(transferred.answers) if transferred.answers else Interval(*3 * (math.nan,), 0)
    return (
        cell.source,
        transforms_text(cell.target),
        cell.relation,
        cell.model,
        cell.objective,
        cell.transfer.method,
        cell.transfer.data.num_samples,
        cell.seed,
        own,
        float(transferred.metrics["transfer_accuracy"]),
        over_images.low,
        over_images.high,
        cell.transfer.source,
        cell.transfer.run_id,
    )


def over_test_images(answers: Path) -> Interval:
    """The 95 % interval of an accuracy over objects and backgrounds of its test images, within [0, 1].

    Args:
        answers: the file of what the network said of each.

    Returns:
        NaN in place of both ends where the file cannot be read.
    """
    return _over_test_images(answers, answers.stat().st_mtime_ns)


@lru_cache(maxsize=4_096)
def _over_test_images(answers: Path, modified_ns: int) -> Interval:
    try:
        found = accuracies_of([read_answers(answers)]).interval([1.0])
    except (OSError, ValueError):
        return Interval(math.nan, math.nan, math.nan, 0)
    return Interval(found.estimate, max(0.0, found.low), min(1.0, found.high), found.num)
