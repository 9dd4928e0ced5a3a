"""How findings are told, everywhere alike: what disagrees with the paper first, and how many are as published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from invariance.studies.findings import NOT_IN_THE_PAPER, Finding
from invariance.studies.verdicts import SETTLED_SEEDS
from invariance.vocabulary.verdicts import NO_VERDICT, SYMBOL, Size, Verdict

_FURTHEST_FIRST: Final = (
    (Verdict.OPPOSITE, None),
    (Verdict.NO_DIFFERENCE, None),
    (Verdict.UNDECIDED, None),
    (Verdict.SAME_DIRECTION, Size.SMALLER),
    (Verdict.SAME_DIRECTION, Size.LARGER),
    (Verdict.SAME_DIRECTION, Size.UNDECIDED),
    (Verdict.SAME_DIRECTION, None),
    (Verdict.AS_PUBLISHED, Size.SMALLER),
    (Verdict.AS_PUBLISHED, Size.LARGER),
    (Verdict.AS_PUBLISHED, None),
)
"""Verdicts from the furthest from the paper to the nearest."""


def furthest_first(findings: Sequence[Finding]) -> list[Finding]:
    """Findings as they are told: the further from what was published the earlier, then those without a verdict.

    Args:
        findings: in any order, which those of one verdict keep.

    Returns:
        All of them; exploratory ones come after those that are judged, and those without any numbers last.
    """
    return sorted(findings, key=_rank)


def tally(findings: Sequence[Finding]) -> str:
    """How many of a study's findings are as published, and what the others are: a sentence or two.

    Args:
        findings: of one study; those without any numbers do not count.

    Returns:
        An empty text where no seed has finished.
    """
    known = [finding for finding in findings if finding.n]
    judged = furthest_first([finding for finding in known if finding.verdict is not None])
    numbers_only = sum(finding.confirmatory for finding in known) - len(judged)
    exploratory = len(known) - len(judged) - numbers_only
    if not known:
        return ""
    said = []
    if judged:
        as_published = sum(finding.verdict is Verdict.AS_PUBLISHED for finding in judged)
        others = Counter(_verdict(finding) for finding in judged if finding.verdict is not Verdict.AS_PUBLISHED)
        listed = ", ".join(f"{num} {words}" for words, num in others.items())
        if is_beyond_paper(judged):
            said.append(f"{len(judged)} confirmatory findings, none of them in the paper: {listed}")
        else:
            all_told = f"{as_published} of {len(judged)} confirmatory findings as published"
            said.append(f"{all_told}{': ' * bool(listed)}{listed}")
    if numbers_only:
        said.append(f"{numbers_only} with too few seeds for a verdict")
    if exploratory:
        said.append(f"{exploratory} exploratory")
    few = any(finding.preliminary for finding in judged)
    about_few = f" From fewer than {SETTLED_SEEDS} seeds a verdict is preliminary, and never “as published”."
    return f"{_seeds(known)}: {'; '.join(said)}.{about_few * few}"


def is_beyond_paper(findings: Sequence[Finding]) -> bool:
    """Whether the paper asks nothing of this, so that nothing can be as published."""
    return bool(findings) and all(NOT_IN_THE_PAPER in finding.statement for finding in findings)


def order_in_words(findings: Sequence[Finding]) -> str:
    """What :func:`furthest_first` tells first."""
    others = "is not as stated beforehand" if is_beyond_paper(findings) else "disagrees with the paper"
    return f"What {others} comes first"


def symbol(finding: Finding) -> str:
    """Of the finding's verdict."""
    return NO_VERDICT if finding.verdict is None else SYMBOL[finding.verdict]


def _rank(finding: Finding) -> int:
    last = len(_FURTHEST_FIRST)
    if not finding.n:
        return last + 2
    if finding.verdict is None:
        return last if finding.confirmatory else last + 1
    if finding.equivalence and finding.verdict is Verdict.NO_DIFFERENCE:  # as none was published, from few seeds
        return _FURTHEST_FIRST.index((Verdict.SAME_DIRECTION, None))
    return _FURTHEST_FIRST.index((finding.verdict, finding.size))


def _verdict(finding: Finding) -> str:
    return f"{finding.verdict} ({finding.size})" if finding.size else str(finding.verdict)


def _seeds(findings: Sequence[Finding]) -> str:
    nums = {finding.n for finding in findings}
    fewest, most = min(nums), max(nums)
    if fewest < most:
        return f"{fewest} to {most} seeds"
    return "1 seed" if most == 1 else f"{most} seeds"
