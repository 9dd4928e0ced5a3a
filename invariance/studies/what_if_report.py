"""What a what-if came to, as plain values: the command prints them, the gallery ships them, pages show them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from invariance.measures.accuracy import accuracies_of
from invariance.spec import transforms_text
from invariance.statistics import Interval
from invariance.studies.two_by_two import CONTRASTS, judge
from invariance.studies.what_if import Cell
from invariance.training.answers import Answers

Report = dict[str, Any]
"""JSON, see ``docs/formats.md``."""
CELL_KEYS: Final = (
    "source",
    "target",
    "relation",
    "model",
    "objective",
    "method",
    "seed",
    "pretraining_accuracy",
    "transfer_accuracy",
    "low",
    "high",
)


@dataclass(frozen=True)
class FinishedCell:
    """A network on a target task, and how that went.

    Attributes:
        cell: the runs.
        pretraining_accuracy: on the test split of the pretraining task, in [0, 1].
        answers: to the test images of the target task.
    """

    cell: Cell
    pretraining_accuracy: float
    answers: Answers

    def row(self) -> dict[str, object]:
        """By :data:`CELL_KEYS`; the interval is over objects and backgrounds of the test images."""
        pretraining, transfer = self.cell.pretraining, self.cell.transfer
        accuracy = accuracies_of([self.answers]).interval([1.0])
        values = (
            transforms_text(self.cell.source),
            transforms_text(self.cell.target),
            self.cell.relation,
            pretraining.model,
            pretraining.objective,
            transfer.method,
            transfer.seed,
            self.pretraining_accuracy,
            accuracy.estimate,
            _number(max(0.0, accuracy.low)),
            _number(min(1.0, accuracy.high)),
        )
        return dict(zip(CELL_KEYS, values, strict=True))


def what_if_report(seeds: Sequence[Sequence[FinishedCell]]) -> Report:
    """The cells of each seed, and what they say together.

    Args:
        seeds: of each, the cells of one :class:`~invariance.studies.what_if.WhatIf` in its order.

    Returns:
        ``P``, ``Q``, ``cells``, ``simple_effects``, ``interaction``, ``verdict`` and ``statement``; None in place of an
        end of an interval that there is not.
    """
    first, second = (cell.cell.source for cell in seeds[0][:2])
    found = judge(
        first, second, [{(one.cell.source, one.cell.target): one.answers for one in cells} for cells in seeds]
    )
    titles = tuple(text.replace(",", ", ").replace("_", " ") for text in map(transforms_text, (first, second)))
    return {
        "P": transforms_text(first),
        "Q": transforms_text(second),
        "cells": [cell.row() for cells in seeds for cell in cells],
        "simple_effects": [
            {"contrast": contrast, "target": transforms_text(target), **_interval(effect)}
            for contrast, target, effect in zip(CONTRASTS, (first, second), found.simple_effects, strict=True)
        ],
        "interaction": {**_interval(found.interaction), "logits": _interval(found.interaction_logits)},
        "verdict": found.matching.value,
        "statement": found.statement((titles[0], titles[1])),
    }


def _interval(found: Interval) -> dict[str, float | None]:
    return {"estimate": found.estimate, "low": _number(found.low), "high": _number(found.high)}


def _number(value: float) -> float | None:
    """JSON has no NaN."""
    return None if math.isnan(value) else value
