"""What disagrees with the paper is told first, and how many findings are as published."""

from __future__ import annotations

import itertools

import numpy as np

from invariance.studies.findings import Published
from invariance.studies.telling import furthest_first, symbol, tally
from invariance.studies.verdicts import judge
from invariance.vocabulary.verdicts import MEANING, SYMBOL, Verdict
from tests.studies.judged import SPREAD, measured, of_every_kind, one, seeds

IN_ORDER = [
    "on_the_other_side",
    "nothing",
    "of_every_cell",
    "smaller",
    "kept",
    "larger",
    "of_unknown_size",
    "without_a_size",
    "as_large",
    "exploratory_gain",
    "unstarted",
]


def test_the_further_from_what_was_published_the_earlier() -> None:
    findings = of_every_kind()
    assert [finding.name for finding in furthest_first(findings)] == IN_ORDER
    assert (
        [finding.name for finding in furthest_first(findings[::-1])]
        == [
            *IN_ORDER[:3],
            *["kept", "smaller"],  # of one verdict and size, in the order that they had
            *IN_ORDER[5:],
        ]
    )


def test_none_where_none_was_published_is_no_disagreement() -> None:
    few = judge([measured("none", 0.0, spread=0.001, num=3, equivalence=True, published=Published(0.0, 0.005))])
    assert few[0].verdict is Verdict.NO_DIFFERENCE and few[0].preliminary
    undecided = one(spread=2.0)
    assert undecided.verdict is Verdict.UNDECIDED
    assert furthest_first([*few, undecided]) == [undecided, *few]


def test_what_is_as_published_is_counted_among_all_that_is_judged() -> None:
    assert tally(of_every_kind()) == (
        "6 seeds: 1 of 9 confirmatory findings as published: 1 opposite, 1 no difference, 1 undecided, "
        "2 same direction (smaller), 1 same direction (larger), 1 same direction (size undecided), 1 same direction; "
        "1 exploratory."
    )


def test_few_seeds_are_said_to_be_preliminary() -> None:
    said = tally(of_every_kind(3))
    assert said.startswith("3 seeds: 0 of 9 confirmatory findings as published: ")
    assert said.endswith("From fewer than 6 seeds a verdict is preliminary, and never “as published”.")
    assert tally(of_every_kind(2)) == "2 seeds: 9 with too few seeds for a verdict; 1 exploratory."
    assert tally(of_every_kind(1)).startswith("1 seed: ")
    assert tally(of_every_kind(0)) == ""


def test_seeds_of_all_findings_are_said() -> None:
    assert tally(judge([measured("a", 0.3, num=6), measured("b", 0.3, num=4)])).startswith("4 to 6 seeds: ")


def test_every_verdict_has_a_symbol_of_its_own() -> None:
    assert set(SYMBOL) == set(MEANING) == set(Verdict)
    shown = [symbol(finding) for finding in of_every_kind()]
    assert len(set(shown)) == len(Verdict) + 1
    assert all(first != second for first, second in itertools.combinations(SYMBOL.values(), 2))


def test_a_finding_says_whether_no_difference_was_published() -> None:
    spread = seeds(0.001 * SPREAD)
    assert judge([measured("none", 0.0, equivalence=True)])[0].equivalence
    assert not one().equivalence and np.isclose(sum(spread.values()), 0)
