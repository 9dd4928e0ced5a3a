"""What a question came to, as plain values: the command prints them, files and pages show them."""

from __future__ import annotations

import math
from typing import Any, Final

import pandas as pd

from invariance.spec import to_dict
from invariance.statistics import accuracy_interval
from invariance.studies.findings import Finding
from invariance.studies.question import Question
from invariance.studies.question_effects import effects_of
from invariance.studies.question_words import deciding_interval, deciding_words, sentence_of, verdict_words

Report = dict[str, Any]
"""JSON, see ``docs/formats.md``."""

PLACE: Final = ["source", "target", "relation", "model", "objective", "method", "num_images"]
"""Columns of the table of cells that are one place of the question; what is left are seeds and what they gave."""


def question_report(question: Question, table: pd.DataFrame) -> Report:
    """The cells, means over seeds, effects with their verdicts, and the sentence that tells them.

    Args:
        question: what is asked.
        table: from its ``tabulate``, whole or partial.

    Returns:
        ``question``, ``training``, ``guessing``, ``cells``, ``summary``, ``effects`` and ``sentence``; None in place of
        a number that there is not.
    """
    effects = effects_of(question.spec, table, question.titles)
    return {
        "question": to_dict(question.spec),
        "training": question.training,
        "guessing": question.guessing,
        "cells": _plain(table),
        "summary": _plain(summary_of(table)),
        "effects": [
            {
                "kind": effect.kind,
                "model": effect.setting.model,
                "objective": effect.setting.objective,
                "method": effect.setting.method,
                "num_images": effect.setting.num_images,
                "sources": list(effect.sources),
                "targets": list(effect.targets),
                "effect": effect.finding.effect,
                "low": _number(effect.finding.low),
                "high": _number(effect.finding.high),
                "n": effect.finding.n,
                **_deciding(effect.finding),
                "p": _number(effect.finding.p),
                "verdict": verdict_words(effect.finding),
                "preliminary": effect.finding.preliminary,
                "exploratory": not effect.finding.confirmatory,
                "statement": _statement(effect.finding),
                "per_seed": {str(seed): value for seed, value in effect.finding.per_seed.items()},
            }
            for effect in effects
        ],
        "sentence": sentence_of(question, table, effects),
    }


def summary_of(table: pd.DataFrame) -> pd.DataFrame:
    """Means over seeds.

    Args:
        table: of cells.

    Returns:
        A row for each place of the question: the columns :data:`PLACE`, ``n``, ``pretraining_accuracy`` and
        ``transfer_accuracy`` with ``low`` and ``high``, Student's 95 % interval over seeds, cut at 0 and 1; of one seed
        the interval over its test images.
    """
    rows = []
    for place, cells in table.groupby(PLACE, sort=False, dropna=False):
        over_seeds = accuracy_interval(cells["transfer_accuracy"])
        low, high = over_seeds.low, over_seeds.high
        if len(cells) == 1:
            low, high = cells["low"].iloc[0], cells["high"].iloc[0]
        own = cells["pretraining_accuracy"].mean()
        rows.append([*place, len(cells), own, over_seeds.estimate, low, high])
    columns = [*PLACE, "n", "pretraining_accuracy", "transfer_accuracy", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as JSON has them: None where there is no value."""
    return [
        {str(key): None if pd.isna(value) else value for key, value in row.items()} for row in table.to_dict("records")
    ]


def _deciding(finding: Finding) -> dict[str, float | None]:
    decides = deciding_interval(finding)
    return {
        "low_90": None if decides is None else decides.low,
        "high_90": None if decides is None else decides.high,
    }


def _statement(finding: Finding) -> str:
    decides = deciding_words(finding)
    return f"{finding.statement.removesuffix('.')}, {decides}." if decides else finding.statement


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
