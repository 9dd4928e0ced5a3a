"""The answer to a question in words, made from its effects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

from invariance.numbers import format_number
from invariance.statistics import Interval, t_interval
from invariance.studies.findings import SIZE_LEVEL, Finding
from invariance.studies.question import Question
from invariance.studies.question_effects import MATCHING, Effect, Setting, settings_of
from invariance.studies.verdicts import NO_DIFFERENCE
from invariance.vocabulary.verdicts import Verdict

WORDS: Final[dict[Verdict, str]] = {
    Verdict.OPPOSITE: "harms",
    Verdict.NO_DIFFERENCE: "no difference",
    Verdict.UNDECIDED: "undecided",
    Verdict.SAME_DIRECTION: "helps",
}
"""Of verdicts where nothing was published, in the order in which they are told: what does not help comes first."""
MOST_TOLD: Final = 6
"""Clauses in one sentence; of more the number is told."""
_MATCHING: Final[dict[str | None, str]] = {
    "harms": "matching {0} and {1} harms, both ways round, with a gain of",
    "undecided": "whether matching {0} and {1} helps is undecided, with a gain of",
    "helps": "matching {0} and {1} helps, both ways round, with a gain of",
    None: "the gain from matching {0} and {1} is",
}
_AHEAD: Final[dict[str | None, str]] = {
    "harms": "on {2}, {0} is behind {1}, with a difference of",
    "no difference": "on {2}, {0} is no different from {1}, with a difference of",
    "undecided": "on {2}, whether {0} differs from {1} is undecided, with a difference of",
    "helps": "on {2}, {0} is ahead of {1} by",
    None: "on {2}, {0} less {1} is",
}


def verdict_words(finding: Finding) -> str | None:
    """A verdict of a question's effect: ``helps``, ``harms``, ``no difference`` or ``undecided``; None without one."""
    return None if finding.verdict is None else WORDS[finding.verdict]


def deciding_interval(finding: Finding) -> Interval | None:
    """The 90 % interval of a difference that is judged to be none, which decides it; None of other verdicts."""
    return t_interval(finding.per_seed.values(), SIZE_LEVEL) if finding.verdict is Verdict.NO_DIFFERENCE else None


def deciding_words(finding: Finding) -> str:
    """The same in words, beside the 95 % interval, which may reach further; empty of other verdicts."""
    if (decides := deciding_interval(finding)) is None:
        return ""
    low, high = map(format_number, (decides.low, decides.high))
    return f"90 % interval [{low}, {high}] within ±{NO_DIFFERENCE}"


def sentence_of(question: Question, table: pd.DataFrame, effects: Sequence[Effect]) -> str:
    """The answer in one sentence, from what is judged.

    Args:
        question: what is asked.
        table: of its cells, whole or partial.
        effects: of the table.
    """
    judged = [effect for effect in effects if effect.finding.confirmatory]
    if not judged:
        return _levels(question, table)
    order = [*WORDS.values(), None]
    judged.sort(key=lambda effect: (order.index(verdict_words(effect.finding)), effect.kind != MATCHING))
    # What is said alike of several settings is said once.
    alike: dict[str, list[Effect]] = {}
    for effect in judged:
        alike.setdefault(_said(effect), []).append(effect)
    varied = _varied(question)
    is_one_n = len({effect.finding.n for effect in judged}) == 1
    clauses = [
        f"{said} {' and '.join(_number(effect, varied, is_one_n=is_one_n) for effect in group)}"
        for said, group in list(alike.items())[:MOST_TOLD]
    ]
    more = f"; {len(alike) - MOST_TOLD} more are among the effects" if len(alike) > MOST_TOLD else ""
    return f"{_lead(judged)}: {'; '.join(clauses)}{more}."


def _lead(judged: Sequence[Effect]) -> str:
    nums = sorted({effect.finding.n for effect in judged})
    seeds = " to ".join(map(str, dict.fromkeys((nums[0], nums[-1])))) + f" seed{'s' * (nums[-1] > 1)}"
    if all(effect.finding.verdict is None for effect in judged):
        return f"Numbers only, from {seeds}"
    return f"Over {seeds}{', preliminary' * any(effect.finding.preliminary for effect in judged)}"


def _said(effect: Effect) -> str:
    """A clause without its numbers."""
    phrases = _MATCHING if effect.kind == MATCHING else _AHEAD
    names = [name.replace(",", " + ").replace("_", " ") for name in (*effect.sources, *effect.targets)]
    return phrases[verdict_words(effect.finding)].format(*names)


def _number(effect: Effect, varied: Sequence[str], *, is_one_n: bool) -> str:
    found = effect.finding
    interval = str(Interval(found.effect, found.low, found.high, found.n))
    where = [str(getattr(effect.setting, name)).replace("_", " ") for name in varied]
    rests = [] if is_one_n else [f"n = {found.n}"]
    if found.verdict is Verdict.UNDECIDED:  # an interval is of one effect, the decision of all together
        of_what = ", of the less certain way round" if effect.kind == MATCHING else ""
        rests.append(f"p = {format_number(found.p)} after Holm{of_what}")
    if decides := deciding_words(found):
        rests.append(decides)
    told = ", ".join(where + rests)
    return f"{interval} ({told})" if told else interval


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
