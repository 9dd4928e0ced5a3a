"""Findings: what a study measured of each, and what is told of it; the verdict comes from the rule beside them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from invariance.numbers import format_number
from invariance.statistics import Interval, normal_quantile
from invariance.vocabulary.verdicts import Size, Verdict

SIZE_LEVEL: Final = 0.90
"""Of the intervals by which a size is judged: two one-sided tests at 5 % (Schuirmann 1987)."""


class PerSeed(Protocol):
    """One number a seed: a dictionary, or a pandas Series that has them as index; NaN where one has not finished."""

    def items(self) -> Iterable[tuple[Any, Any]]:
        """Seeds with their numbers."""

    def __getitem__(self, seed: Any, /) -> Any:
        """The number of a seed."""


NOT_IN_THE_PAPER: Final = "not in the paper"
"""Said in the statement of a finding whose question the paper does not ask."""


def told(measured: Interval) -> str:
    """An estimate with its interval and the seeds that it rests on, as statements have it: 0.12 [0.05, 0.19] (n = 6).

    Args:
        measured: over seeds; without ends where there is no interval, as of one seed.
    """
    if math.isnan(measured.low) and measured.num > 1:
        return f"{format_number(measured.estimate)} (no interval, n = {measured.num})"
    return f"{measured} (n = {measured.num})"


@dataclass(frozen=True)
class Published:
    """A published effect.

    Attributes:
        value: of the effect, positive.
        error: of the value.
        known: whether the error is a standard error; otherwise it is how exactly the value can be read.
    """

    value: float
    error: float
    known: bool = False

    @property
    def half_width(self) -> float:
        """Of its 90 % interval; what can be read no better is as wide as that."""
        return self.error * normal_quantile(SIZE_LEVEL) if self.known else self.error


@dataclass(frozen=True)
class Contrast:
    """One of several that all have to pass.

    Attributes:
        name: in words.
        per_seed: of its values, positive on the published side.
        equivalent: whether it passes by being within ±0.05 rather than by being above 0.
    """

    name: str
    per_seed: PerSeed
    equivalent: bool = False


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A finding before it is judged.

    Attributes:
        name: short, for scripts.
        say: the sentence without its full stop, from the estimate with its interval.
        per_seed: of the effect; of a ratio, its numerators.
        denominators: of a ratio; None for other effects.
        above: of a ratio that has to lie above a value.
        contrasts: of a conjunction: the finding is there where each of them is.
        published: what the effect is compared with; None where no size was published.
        retention: whether the effect is a retained share, which has a margin of its own.
        equivalence: whether the published finding is that there is no difference.
        confirmatory: whether it is judged; exploratory findings get numbers alone.
        is_share: whether no value can lie outside 0 and 1, where its interval is cut.
    """

    name: str
    say: Callable[[Interval], str]
    per_seed: PerSeed
    denominators: PerSeed | None = None
    above: float = 0.0
    contrasts: Sequence[Contrast] = ()
    published: Published | None = None
    retention: bool = False
    equivalence: bool = False
    confirmatory: bool = True
    is_share: bool = False


@dataclass(frozen=True)
class Part:
    """A contrast of a conjunction with its interval, which is Bonferroni's over all of them.

    Attributes:
        name: in words.
        effect: mean over seeds.
        low: lower end.
        high: upper end.
        p: uncorrected, of being other than 0 (two-sided), or of lying outside ±0.05 where that is asked.
        passes: whether its p-value is below 0.05, on the published side.
        equivalent: whether it is to be within ±0.05.
        p_below: one-sided, of lying below 0.
        p_above: one-sided, of lying above 0.
    """

    name: str
    effect: float
    low: float
    high: float
    p: float
    passes: bool
    equivalent: bool
    p_below: float
    p_above: float


@dataclass(frozen=True)
class Finding:
    """One sentence, the numbers in it, and what they say about what was published.

    Attributes:
        name: short, for scripts.
        statement: for people, with the figures.
        effect: mean over seeds, or a ratio of means; NaN where no seed has finished.
        low: lower end of its 95 % interval over seeds; NaN where there is none.
        high: its upper end.
        n: seeds that it rests on.
        verdict: None for an exploratory finding, and with fewer than three seeds.
        size: beside ``same direction``, where a size was published; beside ``as published`` where the published value
            lies outside the 95 % interval.
        preliminary: with three to five seeds.
        confirmatory: whether it is judged at all.
        published: the published effect; None where none was.
        margin: around it; None where there is none.
        p: of the test that decides, after Holm's correction over the study; NaN where nothing is tested.
        per_seed: what was averaged; of a ratio, its numerators.
        denominators: of a ratio.
        above: of a ratio, what it has to exceed.
        parts: of a conjunction, each contrast.
        equivalence: whether no difference was published.
    """

    name: str
    statement: str
    effect: float
    low: float
    high: float
    n: int
    verdict: Verdict | None = None
    size: Size | None = None
    preliminary: bool = False
    confirmatory: bool = True
    published: float | None = None
    margin: float | None = None
    p: float = math.nan
    per_seed: Mapping[int, float] = field(default_factory=dict)
    denominators: Mapping[int, float] | None = None
    above: float = 0.0
    parts: tuple[Part, ...] = ()
    equivalence: bool = False

    @property
    def words(self) -> str:
        """The verdict for people, also where there is none."""
        if not self.confirmatory:
            return "exploratory: no verdict"
        if self.verdict is None:
            seeds = "1 seed" if self.n == 1 else f"{self.n} seeds"
            return f"numbers only: {seeds}" if self.n else "no numbers yet"
        judged = f"{self.verdict}, {self.size}" if self.size else str(self.verdict)
        return f"preliminary: {judged}" if self.preliminary else judged
