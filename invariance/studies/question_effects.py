"""What the cells of a question say: differences within seeds, judged together by the project's rule.

Any two sources on any two targets are a 2 x 2: on each target what the one is ahead of the other by (a simple effect),
and half of the difference between both (the interaction): whether it is more so on one target. Where the two sources
are the two targets, P and Q, the interaction is the mean of PP - QP and QQ - PQ, the gain from matching.

Judged are, so that what is asked is not corrected for what is only looked at: the gain from matching, which has to be
there both ways round and on either scale; and what every source is ahead of the *baseline* by on each target. The
baseline is ``none``, without that ``untrained``, without that the last source. All else has numbers and no verdict.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Final

import pandas as pd

from invariance.spec import QuestionSpec
from invariance.spec.question import NONE, UNTRAINED
from invariance.statistics import Interval
from invariance.studies.findings import Contrast, Finding, Measured, told
from invariance.studies.verdicts import judge

SIMPLE: Final = "simple effect"
INTERACTION: Final = "interaction"
MATCHING: Final = "gain from matching"


@dataclass(frozen=True)
class Setting:
    """What two cells have in common that are compared.

    Attributes:
        model: architecture of what was pretrained for the question.
        objective: of it.
        method: of transfer.
        num_images: of the target task.
    """

    model: str
    objective: str
    method: str
    num_images: int


@dataclass(frozen=True)
class Effect:
    """A difference between two sources, and what the rule says of it.

    Attributes:
        kind: :data:`SIMPLE`, :data:`INTERACTION` or :data:`MATCHING`.
        setting: in which both were compared.
        sources: first less second; of :data:`MATCHING` P and Q.
        targets: of a simple effect one; of the others two, first less second.
        finding: its numbers over seeds, its verdict and its sentence.
    """

    kind: str
    setting: Setting
    sources: tuple[str, str]
    targets: tuple[str, ...]
    finding: Finding


def baseline_of(sources: Sequence[str]) -> str:
    """The source, of those of a question in its order, that the others are held against."""
    return next((source for source in (NONE, UNTRAINED) if source in sources), sources[-1])


def settings_of(spec: QuestionSpec) -> list[Setting]:
    """What is compared apart from each other, in the question's order."""
    return [
        Setting(model, objective, method, num_images)
        for model in spec.models
        for objective in spec.objectives
        for method in spec.methods
        for num_images in spec.num_images
    ]


def effects_of(spec: QuestionSpec, table: pd.DataFrame, networks: Mapping[str, str] | None = None) -> list[Effect]:
    """All effects of a question; their p-values are corrected together.

    Args:
        spec: what is asked.
        table: of cells, whole or partial, with the columns of :data:`invariance.studies.question.COLUMNS`.
        networks: of those sources that were there already, by their references, what the table calls them: they take
            part in every setting.

    Returns:
        Without those of which no seed has finished what they need.
    """
    titles = networks or {}
    order = [titles.get(source, source) for source in spec.sources]
    asked = [
        one
        for setting in settings_of(spec)
        for one in _asked(spec, order, setting, _accuracies(table, setting, titles.values()))
    ]
    findings = judge([measured for _, measured in asked])
    found = [Effect(*place, finding) for (place, _), finding in zip(asked, findings, strict=True) if finding.n]
    return found


Place = tuple[str, Setting, tuple[str, str], tuple[str, ...]]
"""The fields of an effect before its finding."""


def _accuracies(table: pd.DataFrame, setting: Setting, networks: Iterable[str]) -> pd.DataFrame:
    """One row a seed, a column for each source and target; of the networks that a setting compares.

    Nothing is averaged: two cells in one place, such as two networks of one name, are an error.
    """
    is_there = table["source"].isin(list(networks))
    is_first = (table["relation"] == UNTRAINED) & (table["model"] == setting.model)
    is_own = (table["model"] == setting.model) & (table["objective"] == setting.objective)
    chosen = table[
        (is_there | is_first | is_own)
        & (table["method"] == setting.method)
        & (table["num_images"] == setting.num_images)
    ]
    twice = chosen.duplicated(["seed", "source", "target"])
    assert not twice.any(), f"several cells in one place: {chosen.loc[twice, ['seed', 'source', 'target']].to_dict()}"
    wide = chosen.pivot(index="seed", columns=["source", "target"], values="transfer_accuracy")
    return wide.reindex(chosen["seed"].unique())


def _asked(
    spec: QuestionSpec, order: Sequence[str], setting: Setting, wide: pd.DataFrame
) -> Iterator[tuple[Place, Measured]]:
    sources = sorted(set(wide.columns.get_level_values("source")), key=order.index)
    base = baseline_of(order)
    sources.sort(key=lambda source: source == base)
    for first, second in combinations(sources, 2):
        is_match = {first, second} <= set(spec.targets)
        targets = _with_own_first(spec.targets, first, second) if is_match else spec.targets
        measure = partial(_difference, wide, first, second)
        if is_match:
            place = (MATCHING, setting, (first, second), (first, second))
            yield place, _matching(wide, first, second, setting, spec.num_test_samples)
        for target in targets:
            yield (
                (SIMPLE, setting, (first, second), (target,)),
                Measured(
                    name=_name(setting, f"{first} - {second} on {target}"),
                    say=partial(_say_difference, first, second, target),
                    per_seed=measure(target),
                    confirmatory=second == base and not is_match,
                ),
            )
        for left, right in combinations(targets, 2):
            if is_match and {left, right} == {first, second}:
                continue
            yield (
                (INTERACTION, setting, (first, second), (left, right)),
                Measured(
                    name=_name(setting, f"{first} - {second} on {left} rather than {right}"),
                    say=partial(_say_interaction, first, second, left, right),
                    per_seed=(measure(left) - measure(right)) / 2,
                    confirmatory=False,
                ),
            )


def _with_own_first(targets: tuple[str, ...], first: str, second: str) -> tuple[str, ...]:
    return (first, second, *(target for target in targets if target not in (first, second)))


def _difference(wide: pd.DataFrame, first: str, second: str, target: str, *, odds_of: int = 0) -> pd.Series:
    """What the first source is ahead of the second by on a target, of each seed; NaN where one has not finished.

    In accuracy, or in log odds of so many test images.
    """
    pair = wide.reindex(columns=pd.MultiIndex.from_product([(first, second), (target,)])).astype(float)
    if odds_of:
        share = (pair * odds_of + 0.5) / (odds_of + 1)
        pair = (share / (1 - share)).map(math.log)
    return pair[first, target] - pair[second, target]


def _matching(wide: pd.DataFrame, first: str, second: str, setting: Setting, num_test: int) -> Measured:
    """The gain from matching; that it is there must not hang on the scale of accuracies, nor on one of the targets."""
    contrasts = [
        Contrast(f"on target {own}{words}", _difference(wide, own, other, own, odds_of=odds_of))
        for words, odds_of in (("", 0), (", in logits", num_test))
        for own, other in ((first, second), (second, first))
    ]
    gains = (_difference(wide, first, second, first) + _difference(wide, second, first, second)) / 2
    return Measured(
        name=_name(setting, f"matching {first} and {second}"),
        say=partial(_say_matching, first, second),
        per_seed=gains,
        contrasts=contrasts,
    )


def _name(setting: Setting, what: str) -> str:
    return f"{what} ({setting.model}, {setting.objective}, {setting.method}, {setting.num_images} images)"


def _say_difference(first: str, second: str, target: str, measured: Interval) -> str:
    return f"On {target}, {first} less {second} is {told(measured)}"


def _say_interaction(first: str, second: str, left: str, right: str, measured: Interval) -> str:
    return f"Half of what {first} less {second} is more on {left} than on {right} is {told(measured)}"


def _say_matching(first: str, second: str, measured: Interval) -> str:
    return f"Between {first} and {second} the gain from matching is {told(measured)}"
