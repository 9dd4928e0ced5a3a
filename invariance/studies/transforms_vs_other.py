"""Study A: do transformations in pretraining matter more than other things about it (paper, section 4.1)?

The target task has 30 classes under three transformations, one of each category; pretraining has the *same* three or
three others (*disjoint*). Two such compositions, P and Q, are sources and targets in turn: on target P the effect of
matching is PP - QP (source, then target), on target Q it is QQ - PQ, and their mean, the interaction, is the gap. One
other factor is varied at a time: how the classes of pretraining relate to the target's, the architecture, the number of
samples to pretrain on, the number to transfer with. The gap is held against what each pair of a factor's values moves
within same and within disjoint. Beyond the paper, a network without transformations stands beside at the usual setting;
further factors are the objective, published networks of ImageNet in the place of our own, and a target task with other
views and occluders.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from invariance.models import has_published
from invariance.numbers import format_number
from invariance.statistics import Interval, t_interval
from invariance.studies import published
from invariance.studies.findings import NOT_IN_THE_PAPER, Contrast, Finding, Measured, Published, told
from invariance.studies.own_data import Groups
from invariance.studies.published import TRANSFORMS_VS_OTHER as PUBLISHED
from invariance.studies.study import Design
from invariance.studies.transforms_vs_other_grid import (
    COLUMNS,
    DIMENSIONS,
    ELSEWHERE,
    FACTORS,
    NONE,
    PAPER_FACTORS,
    PUBLISHED_NETWORKS,
    RELATIONS,
    SCALES,
    TARGETS,
    USUAL,
    one_seed,
)
from invariance.studies.transforms_vs_other_predictors import adjusted_gaps, explained, networks
from invariance.studies.transforms_vs_other_squares import Squares, bonferroni, largest_move, squares_of
from invariance.studies.verdicts import FEWEST_SEEDS, judge

__all__ = ["FACTORS", "NAME", "RELATIONS", "SCALES", "available_factors", "conclude", "networks", "published_gap"]

NAME: Final = "transforms-vs-other"
"""For pages that show this study alone; the registry reads it from the module's name."""
COMPARED: Final = ("architecture", "pretraining_samples", "objective")
"""Factors of which it is asked whether the gap exceeds what they move: the paper claims it of the first two. That
classes of the target's own, or more samples of the target, help is no news, and the paper has the classes move more."""
FEW: Final = 3
"""Reversals that are named; of more only the number is told."""


def available_factors() -> dict[str, str]:
    """Factors that can be varied on this machine, with what to call them: published networks where there are any."""
    has_any = any(has_published(name) for name in PUBLISHED_NETWORKS)
    return {name: title for name, title in FACTORS.items() if has_any or name != ELSEWHERE}


def published_gap(factor: str, *values: str) -> Published | None:
    """The gap that the paper's values give; None where none can be read.

    Args:
        factor: of the table.
        *values: over which it is averaged; all by default.
    """
    known = PUBLISHED.get(factor, {})
    pairs = [known[value] for value in values or known]
    gaps = [published.difference(published.read(same), published.read(disjoint)) for same, disjoint in pairs]
    return published.mean(*gaps) if gaps else None


def conclude(table: pd.DataFrame) -> list[Finding]:
    """Whether matching helps, by how much under each factor and by more than the factor moves; our own questions."""
    return judge(list(_asked(table)))


def _asked(table: pd.DataFrame) -> Iterator[Measured]:
    seen = [factor for factor in FACTORS if (table["factor"] == factor).any()]
    for factor in seen:
        match factor:
            case "usual":
                yield _matching_helps(squares_of(table, factor))
                yield from _none(table)
            case "published":
                yield _against_published(table)
            case "beyond_2d":
                yield _gap_beyond_2d(table)
            case _:
                squares = squares_of(table, factor)
                yield _gap(squares)
                if factor in COMPARED and len(squares.values) > 1:
                    yield _gap_over(squares)
    # Networks of others and other targets say nothing of these, so without any of our own they are not asked.
    if set(seen) - {"published", "beyond_2d"}:
        yield _at_equal_accuracy(table)
        yield _sens_predicts(table)


def _matching_helps(squares: Squares) -> Measured:
    """Both effects at the usual setting; that they are there must not hang on the scale of accuracies."""
    effects = {
        f"on target {target}{words}": scale.effect_on(target)
        for words, scale in {"": squares, ", in logits": squares.logits}.items()
        for target in TARGETS
    }
    theirs = published_gap("class_relationship", "disjoint")
    assert theirs is not None, "the paper has a value"

    def say(measured: Interval) -> str:
        intervals = [t_interval(effect.values()) for effect in effects.values()]
        ours, logits = (" and ".join(map(str, pair)) for pair in (intervals[:2], intervals[2:]))
        gap = (
            f"at the usual setting the target's own transformations beat three others by {told(measured)}: by {ours} "
            f"on the targets P and Q, {logits} in logits{_scale(measured, intervals)}"
        )
        return f"{_with_reversals(squares, gap)}; published: {format_number(theirs.value)}"

    contrasts = [Contrast(name, effect) for name, effect in effects.items()]
    return Measured(name="matching_helps", say=say, per_seed=squares.gaps, contrasts=contrasts, published=theirs)


def _scale(measured: Interval, effects: list[Interval]) -> str:
    """Said where it depends on the scale whether matching helps; the last two effects are in logits."""
    shown = [effect.low > 0 for effect in effects]
    if measured.num < FEWEST_SEEDS or all(shown):
        return ""
    if all(shown[:2]):
        return ", which does not exclude 0: whether matching helps depends on the scale"
    return "; only their mean excludes 0: whether matching helps depends on the scale" if measured.low > 0 else ""


def _none(table: pd.DataFrame) -> Iterator[Measured]:
    """Without transformations, against both, where all have finished on both targets."""
    rows = table[table["factor"] == USUAL]
    wide = rows.pivot_table(index="seed", columns=["relation", "target"], values="transfer_accuracy")
    cells = pd.MultiIndex.from_product([(*RELATIONS, NONE), TARGETS])
    wide = wide.reindex(columns=cells).astype(float).dropna()
    means = pd.DataFrame(
        {name: wide[[(name, target) for target in TARGETS]].mean(axis=1) for name in (*RELATIONS, NONE)}
    )
    for high, low in ((NONE, "disjoint"), ("same", NONE)):

        def say(measured: Interval, high: str = high, low: str = low) -> str:
            return (
                f"At the usual setting a network pretrained without transformations reaches {_mean(means, NONE)}, with "
                f"the same {_mean(means, 'same')} and with disjoint ones {_mean(means, 'disjoint')}: {high} less {low} "
                f"is {told(measured)}; {NOT_IN_THE_PAPER}"
            )

        yield Measured(name=f"{high}_over_{low}", say=say, per_seed=means[high] - means[low], confirmatory=False)


def _gap(squares: Squares) -> Measured:
    factor = squares.factor
    theirs = published_gap(factor)
    words = f"; published: {format_number(theirs.value)}" if theirs else "; published without figures"
    if factor == "class_relationship":
        _, most = (largest.value for largest in _published_moves(factor).values())
        words += f", where the classes move more: {format_number(most)} within disjoint"
    elif factor not in PAPER_FACTORS:
        words = f"; {NOT_IN_THE_PAPER}"

    def say(measured: Interval) -> str:
        gap = f"over the {FACTORS[factor]} the same transformations beat disjoint ones by {told(measured)}"
        return f"{_with_reversals(squares, gap)}{words}"

    return Measured(
        name=f"gap_{factor}",
        say=say,
        per_seed=squares.gaps,
        published=theirs,
        confirmatory=factor in PAPER_FACTORS,
    )


def _gap_over(squares: Squares) -> Measured:
    """More than the factor moves: what the gap leaves of every ordered pair of values. Its effect is their mean."""
    factor, moves = squares.factor, squares.moves()
    asked = factor in PAPER_FACTORS
    most = (f"{format_number(one.value)} within {relation}" for relation, one in _published_moves(factor).items())
    theirs = f"published: at most {' and '.join(most)}" if asked else NOT_IN_THE_PAPER

    def say(measured: Interval) -> str:
        worst = largest_move(moves)
        move, left = (bonferroni(numbers, len(moves)) for numbers in (worst.per_seed, worst.left))
        ends = " to ".join(_level(squares, worst.relation, value) for value in (worst.lower, worst.higher))
        alone, together = (sum(bonferroni(one.left, num).low > 0 for one in moves) for num in (1, len(moves)))
        count = (
            f"the gap exceeds what {alone} of the {len(moves)} ordered pairs of values move, each tested by itself, "
            f"and {together} by intervals that hold for all at once; "
        )
        return (
            f"The {FACTORS[factor]} moves accuracy most within {worst.relation}, by {move} from {ends}, which leaves "
            f"{left} of the gap of {told(measured)}; {count if measured.num > 1 else ''}{theirs}"
        )

    return Measured(
        name=f"gap_over_{factor}",
        say=say,
        per_seed=squares.gaps,
        contrasts=[Contrast(f"{one.higher} less {one.lower} within {one.relation}", one.left) for one in moves],
        confirmatory=asked,
    )


def _level(squares: Squares, relation: str, value: str) -> str:
    """Mean accuracy with a value, beside the published one where the paper has that value."""
    level = float(squares.by_relation[relation][:, squares.values.index(value)].mean())
    known = PUBLISHED.get(squares.factor, {}).get(value)
    theirs = f" (published: {format_number(known[RELATIONS.index(relation)])})" if known else ""
    return f"{format_number(level)} with {value}{theirs}"


def _published_moves(factor: str) -> dict[str, Published]:
    """Within each relation what lies between the published values of a factor that are furthest apart."""
    levels = zip(*PUBLISHED.get(factor, {}).values(), strict=True)
    return {
        relation: published.difference(published.read(max(values)), published.read(min(values)))
        for relation, values in zip(RELATIONS, levels, strict=False)
    }


def _with_reversals(squares: Squares, gap: str) -> str:
    """A sentence on a gap, after the comparisons in which disjoint beats same, if there are any."""
    reversals, num = squares.reversals(), squares.effects.size
    if not reversals:
        return f"{gap[0].upper()}{gap[1:]}; disjoint beats same in none of {num} comparisons"
    if len(reversals) <= FEW:
        which = "; ".join(f"{value} on target {target} of seed {seed}" for seed, value, target in reversals)
    else:
        which = ", ".join(f"{value}: {count}" for value, count in Counter(value for _, value, _ in reversals).items())
    return f"Disjoint beats same in {len(reversals)} of {num} comparisons ({which}); {gap}"


def _gap_beyond_2d(table: pd.DataFrame) -> Measured:
    """The gap with pose and occlude in P, beside that of the usual P."""
    plain, beyond = (squares_of(table, "beyond_2d", value) for value in DIMENSIONS)

    def say(measured: Interval) -> str:
        same, disjoint = (format_number(float(levels.mean())) for levels in beyond.by_relation.values())
        gap = (
            f"with pose and occlude in P, same beats disjoint by {told(measured)}, {same} against {disjoint}; "
            f"with two-dimensional transformations alone by {t_interval(plain.gaps.values())}"
        )
        return f"{_with_reversals(beyond, gap)}; {NOT_IN_THE_PAPER}"

    return Measured(name="gap_beyond_2d", say=say, per_seed=beyond.gaps, confirmatory=False)


def _against_published(table: pd.DataFrame) -> Measured:
    """A network of our own, pretrained on the target's transformations, against all published ones that are here."""
    rows = table[table["factor"] == "published"]
    wide = rows.pivot_table(index="seed", columns="relation", values="transfer_accuracy")
    wide = wide.reindex(columns=[*RELATIONS, ELSEWHERE]).astype(float)
    names = [str(name) for name in dict.fromkeys(rows.loc[rows["relation"] == ELSEWHERE, "value"])]

    def say(measured: Interval) -> str:
        return (
            f"Pretraining on the target's transformations beats networks published for ImageNet by {told(measured)}: "
            f"{_mean(wide, 'same')} against {_mean(wide, ELSEWHERE)} ({', '.join(names)}), with disjoint ones "
            f"{_mean(wide, 'disjoint')}; {NOT_IN_THE_PAPER}"
        )

    gains = wide["same"] - wide[ELSEWHERE]
    return Measured(name="same_over_published_networks", say=say, per_seed=gains, confirmatory=False)


def _at_equal_accuracy(table: pd.DataFrame) -> Measured:
    """Pretraining accuracy as a covariate; the 2 x 2 holds it equal between same and disjoint already."""
    gaps, slopes = adjusted_gaps(table)
    own = networks(table)
    own = own[own["relation"].isin(RELATIONS)]
    plain = own.groupby(["seed", "relation"])["transfer_accuracy"].mean().unstack().reindex(columns=list(RELATIONS))

    def say(measured: Interval) -> str:
        low, high = (format_number(float(end)) for end in own["pretraining_accuracy"].agg(["min", "max"]))
        gap = float((plain["same"] - plain["disjoint"]).mean())
        return (
            f"With accuracy in pretraining ({low} to {high}) as a covariate, of one slope a seed and target "
            f"({format_number(float(np.mean(slopes)) if len(slopes) else 0.0)} in the mean), same beats disjoint by "
            f"{told(measured)}, without it by {format_number(gap)}; {NOT_IN_THE_PAPER}"
        )

    return Measured(name="gap_at_equal_pretraining_accuracy", say=say, per_seed=gaps, confirmatory=False)


def _sens_predicts(table: pd.DataFrame) -> Measured:
    """Sens-scores to the target's transformations, before any transfer: what they tell beyond the relation."""
    shares = explained(table)

    def say(measured: Interval) -> str:
        return (
            "Predicted from the networks of the other seeds, transfer accuracies are explained to "
            f"{_mean(shares, 'label')} by the relation to the target, to {_mean(shares, 'sens')} by the sens-score to "
            f"its transformations, and to {_mean(shares, 'both')} by both: knowing the sens-score too gains "
            f"{told(measured)}, rather too narrow an interval since predictions share networks; {NOT_IN_THE_PAPER}"
        )

    gains = shares["both"] - shares["label"]
    return Measured(name="sens_predicts_transfer", say=say, per_seed=gains, confirmatory=False)


def _mean(wide: pd.DataFrame, column: str) -> str:
    return format_number(float(wide[column].mean()))


DESIGN: Final = Design(
    scales=SCALES,
    columns=COLUMNS,
    parts=one_seed,
    conclude=conclude,
    groups=Groups(("of the target task", "others to pretrain on")),
    factors=FACTORS,
)
