"""What a study's findings can be judged to be, and the rule in words, as pages and docs show it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Verdict(StrEnum):
    """Of a finding against what was published; a finding without one has numbers only."""

    AS_PUBLISHED = "as published"
    SAME_DIRECTION = "same direction"
    OPPOSITE = "opposite"
    NO_DIFFERENCE = "no difference"
    UNDECIDED = "undecided"


class Size(StrEnum):
    """Of an effect in the published direction, against the published one: also of one that is within the margin."""

    SMALLER = "smaller"
    LARGER = "larger"
    UNDECIDED = "size undecided"


MEANING: Final[dict[Verdict, str]] = {
    Verdict.AS_PUBLISHED: "the effect is there, and as large as published to within the margin",
    Verdict.SAME_DIRECTION: "the effect is there, but smaller or larger than published, or its size cannot be told",
    Verdict.OPPOSITE: "the effect is on the other side, or there is one where none was published",
    Verdict.NO_DIFFERENCE: "the effect is at most 0.05 to either side",
    Verdict.UNDECIDED: "too few seeds or too much spread between them to tell, or not every contrast of several passes",
}
"""Of each verdict, in the words of a legend."""

SYMBOL: Final[dict[Verdict, str]] = {
    Verdict.AS_PUBLISHED: "●",
    Verdict.SAME_DIRECTION: "▲",
    Verdict.OPPOSITE: "✖",
    Verdict.NO_DIFFERENCE: "■",
    Verdict.UNDECIDED: "◆",
}
"""Of each verdict, so that colour is not all that tells them apart."""

NO_VERDICT: Final = "✚"
"""Symbol of findings that have numbers alone."""

RULE: Final = (
    "An effect is one signed number a seed, from contrasts within that seed, positive on the published side, or, where "
    "the paper does not ask, on the side stated beforehand. Its interval is Student's at 95 %.",
    "It counts as there, on either side, when its p-value, corrected by Holm over the confirmatory findings of the "
    "study, is below 0.05. Exploratory findings have numbers and no verdict.",
    "As published: there, positive, and its 90 % interval, widened by the error of the published value, lies within "
    "the margin around it: half the published value and at least 0.05 for differences, 0.15 for retained shares.",
    "Same direction: there and positive.",
    "Either is smaller or larger where a published size lies outside the 95 % interval; to be none is no size.",
    "No difference: the 90 % interval lies within ±0.05. Where no difference was published, this is tested first.",
    "Claims about every cell or every pair are conjunctions: each contrast has to pass. A ratio above r is decided by "
    "numerator minus r times denominator within seeds.",
    "A size is judged once: where a share is held against a published one, the difference that is its numerator has "
    "no verdict.",
    "With one or two seeds there are numbers only; with three to five a verdict is preliminary, and never “as "
    "published”.",
)
"""The rule of judgement, a sentence or two a point."""
