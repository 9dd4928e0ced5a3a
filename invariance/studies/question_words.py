"""The answer to a question in words, made from its effects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

from invariance.numbers import format_number
from invariance.statistics import t_interval
from invariance.studies.question import Question
from invariance.studies.question_effects import MATCHING, Effect, Setting, settings_of
from invariance.studies.verdicts import Finding, told
from invariance.vocabulary.verdicts import Verdict

WORDS: Final[dict[Verdict, str]] = {
    Verdict.OPPOSITE: "harms",
    Verdict.NO_DIFFERENCE: "no difference",
    Verdict.UNDECIDED: "undecided",
    Verdict.SAME_DIRECTION: "helps",
}
"""Of verdicts where nothing was published, in the order in which they are told."""
MOST_TOLD: Final = 8
"""Effects in one sentence; of more the number is told."""


def verdict_words(finding: Finding) -> str | None:
    """A verdict of a question's effect: ``helps``, ``harms``, ``no difference`` or ``undecided``; None without one."""
    return None if finding.verdict is None else WORDS[finding.verdict]


def sentence_of(question: Question, table: pd.DataFrame, effects: Sequence[Effect]) -> str:
    """The answer in one sentence, from what is judged; what does not help comes first.

    Args:
        question: what is asked.
        table: of its cells, whole or partial.
        effects: of the table.
    """
    judged = [effect for effect in effects if effect.finding.confirmatory]
    if not judged:
        return _levels(question, table)
    order = [*WORDS, None]
    judged.sort(key=lambda effect: (order.index(effect.finding.verdict), effect.kind != MATCHING))
    varied = _varied(question)
    clauses = [_clause(effect, varied) for effect in judged[:MOST_TOLD]]
    more = f"; {len(judged) - MOST_TOLD} more are in the table" if len(judged) > MOST_TOLD else ""
    said = "; ".join(clauses)
    return f"{_lead(judged)}: {said}{more}."


def _lead(judged: Sequence[Effect]) -> str:
    num = max(effect.finding.n for effect in judged)
    seeds = "1 seed" if num == 1 else f"{num} seeds"
    if all(effect.finding.verdict is None for effect in judged):
        return f"Numbers only, from {seeds}"
    return f"Over {seeds}{', preliminary' if any(effect.finding.preliminary for effect in judged) else ''}"


def _clause(effect: Effect, varied: Sequence[str]) -> str:
    first, second = (source.replace("_", " ") for source in effect.sources)
    where = ", ".join(str(getattr(effect.setting, name)).replace("_", " ") for name in varied)
    within = f" ({where})" if where else ""
    interval, verdict = _interval(effect.finding), verdict_words(effect.finding)
    if effect.kind == MATCHING:
        return {
            "helps": f"matching {first} and {second} helps, both ways round, by {interval}{within}",
            "harms": f"matching {first} and {second} harms, both ways round: the gain is {interval}{within}",
            "no difference": f"matching {first} and {second} makes no difference, {interval}{within}",
            "undecided": f"whether matching {first} and {second} helps is undecided, {interval}{within}",
            None: f"the gain from matching {first} and {second} is {interval}{within}",
        }[verdict]
    target = effect.targets[0].replace("_", " ")
    return {
        "helps": f"on {target}, {first} is ahead of {second} by {interval}{within}",
        "harms": f"on {target}, {first} is behind {second}, by {interval}{within}",
        "no difference": f"on {target}, {first} makes no difference to {second}, {interval}{within}",
        "undecided": f"on {target}, {first} cannot be told from {second}, {interval}{within}",
        None: f"on {target}, {first} less {second} is {interval}{within}",
    }[verdict]


def _interval(finding: Finding) -> str:
    return told(t_interval(finding.per_seed.values()))


def _varied(question: Question) -> list[str]:
    """Fields of a setting that have more than one value."""
    settings = settings_of(question.spec)
    return [name for name in Setting.__annotations__ if len({getattr(one, name) for one in settings}) > 1]


def _levels(question: Question, table: pd.DataFrame) -> str:
    """Where there is nothing to compare yet: the accuracies themselves."""
    if table.empty:
        return "Nothing has finished yet."
    means = table.groupby(["source", "target"], sort=False)["transfer_accuracy"].mean().reset_index()
    rows = means.head(MOST_TOLD).itertuples(index=False)
    said = "; ".join(
        f"{source} on {target}: {format_number(value)}".replace("_", " ") for source, target, value in rows
    )
    return (
        f"Mean transfer accuracy, with nothing to compare it with: {said}; guessing gives "
        f"{format_number(question.guessing)}."
    )
