"""The rule by which findings are judged: one record of each holds its numbers, and its verdict is made from them.

The rule is told in :data:`invariance.vocabulary.verdicts.RULE`; a change of it is logged in ``docs/rule.md`` with its
reason, before the results that it judges are made. Effects come from contrasts within a seed, that is on the same
objects, transformations and initial weights, and only the differences are averaged.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from invariance.statistics import Interval, holm, ratio_interval, t_interval, t_test
from invariance.studies.findings import SIZE_LEVEL, Contrast, Finding, Measured, Part, PerSeed
from invariance.vocabulary.verdicts import Size, Verdict

SIGNIFICANT: Final = 0.05
"""Of a p-value after Holm's correction: below it an effect is there."""
NO_DIFFERENCE: Final = 0.05
"""Of an effect that counts as none, to both sides; and the least margin of a difference."""
SHARE_OF_PUBLISHED: Final = 0.5
"""Of the published difference: its margin, unless that is below :data:`NO_DIFFERENCE`."""
RETENTION_MARGIN: Final = 0.15
FEWEST_SEEDS: Final = 3
"""For a verdict; with fewer there are numbers only."""
SETTLED_SEEDS: Final = 6
"""From so many on a verdict is not preliminary any more."""


def judge(measured: Sequence[Measured]) -> list[Finding]:
    """Judges all findings of a study together, since their p-values are corrected together.

    Args:
        measured: what the study asks, in the order in which it is told.

    Returns:
        One finding for each, in their order.
    """
    tests = [_Tests.of(one) for one in measured]
    judged = [number for number, one in enumerate(measured) if one.confirmatory and tests[number].num >= FEWEST_SEEDS]
    # A finding that no difference is there is tested twice: for being there, and for being none.
    family = [(number, kind) for number in judged for kind in tests[number].p_values]
    adjusted = holm([tests[number].p_values[kind] for number, kind in family])
    corrected: dict[int, dict[str, float]] = {number: {} for number in judged}
    for (number, kind), p in zip(family, adjusted, strict=True):
        corrected[number][kind] = p
    return [_finding(one, tests[number], corrected.get(number)) for number, one in enumerate(measured)]


DIFFERENT, EQUIVALENT = "different", "equivalent"
"""What a finding can be tested for."""


@dataclass(frozen=True)
class _Tests:
    """A finding's seeds, intervals and uncorrected p-values.

    Attributes:
        per_seed: without NaNs, of the seeds that have all that it needs.
        denominators: likewise.
        num: seeds.
        interval: at 95 %.
        narrow: at 90 %.
        sign: of the side on which the effect lies: 1 on the published one, -1, or 0 where contrasts disagree.
        p_values: by what is tested.
        parts: of a conjunction.
    """

    per_seed: dict[int, float]
    denominators: dict[int, float] | None
    num: int
    interval: Interval
    narrow: Interval
    sign: int
    p_values: dict[str, float]
    parts: tuple[Part, ...]

    @property
    def is_settled(self) -> bool:
        """Whether there are seeds enough for a verdict that is not preliminary."""
        return self.num >= SETTLED_SEEDS

    @classmethod
    def of(cls, one: Measured) -> _Tests:
        needed = [_known(one.per_seed), *(_known(contrast.per_seed) for contrast in one.contrasts)]
        if one.denominators is not None:
            needed.append(_known(one.denominators))
        seeds = [seed for seed in needed[0] if all(seed in known for known in needed)]
        values = [needed[0][seed] for seed in seeds]
        below = None if one.denominators is None else [float(one.denominators[seed]) for seed in seeds]
        interval, narrow = (_interval(values, below, level) for level in (0.95, SIZE_LEVEL))
        if one.is_share and interval.num > 1:
            interval, narrow = interval.within(0.0, 1.0), narrow.within(0.0, 1.0)
        tested = values if below is None else [n - one.above * d for n, d in zip(values, below, strict=True)]
        parts = _parts(one.contrasts, seeds)
        return cls(
            per_seed=dict(zip(seeds, values, strict=True)),
            denominators=None if below is None else dict(zip(seeds, below, strict=True)),
            num=len(seeds),
            interval=interval,
            narrow=narrow,
            sign=_sign(sum(tested), parts),
            p_values=_p_values(one, tested, parts),
            parts=parts,
        )


def _known(per_seed: PerSeed) -> dict[int, float]:
    return {int(seed): float(value) for seed, value in per_seed.items() if not math.isnan(value)}


def _interval(values: Sequence[float], below: Sequence[float] | None, level: float) -> Interval:
    if below is None:
        return t_interval(values, level)
    found = ratio_interval(values, below, level)
    return found if math.isfinite(found.low) else Interval(found.estimate, math.nan, math.nan, found.num)


def _equivalence(values: Sequence[float]) -> float:
    """Two one-sided tests: p of lying outside ±0.05."""
    return max(t_test(values, -NO_DIFFERENCE)[1], t_test(values, NO_DIFFERENCE)[0])


def _parts(contrasts: Sequence[Contrast], seeds: Sequence[int]) -> tuple[Part, ...]:
    level = 1 - SIGNIFICANT / max(1, len(contrasts))
    parts = []
    for contrast in contrasts:
        values = [float(contrast.per_seed[seed]) for seed in seeds]
        found = t_interval(values, level)
        below, above = t_test(values)
        p = _equivalence(values) if contrast.equivalent else min(1.0, 2 * min(below, above))
        passes = p < SIGNIFICANT and (contrast.equivalent or found.estimate > 0)
        parts.append(
            Part(contrast.name, found.estimate, found.low, found.high, p, passes, contrast.equivalent, below, above)
        )
    return tuple(parts)


def _sign(total: float, parts: Sequence[Part]) -> int:
    sides = {math.copysign(1, part.effect) for part in parts if not part.equivalent} | {math.copysign(1, total)}
    return int(sides.pop()) if len(sides) == 1 else 0


def _p_values(one: Measured, tested: Sequence[float], parts: Sequence[Part]) -> dict[str, float]:
    """What is tested of a finding; of a conjunction every contrast has to pass (intersection-union, Berger 1982)."""
    if len(tested) < 2:
        return {}
    sides = [(part.p_below, part.p_above) for part in parts if not part.equivalent] or [t_test(tested)]
    one_sided = min(max(below for below, _ in sides), max(above for _, above in sides))
    p = {DIFFERENT: max(min(1.0, 2 * one_sided), *(part.p for part in parts if part.equivalent), 0.0)}
    if one.equivalence:
        p[EQUIVALENT] = _equivalence(tested)
    return p


def _margin(one: Measured) -> float | None:
    if one.equivalence:
        return NO_DIFFERENCE
    if one.published is None:
        return None
    return RETENTION_MARGIN if one.retention else max(NO_DIFFERENCE, SHARE_OF_PUBLISHED * abs(one.published.value))


def _finding(one: Measured, tests: _Tests, corrected: Mapping[str, float] | None) -> Finding:
    said = f"{one.say(tests.interval)}." if tests.num else f"{one.name}: no seed has finished what this needs."
    verdict, size = (None, None) if corrected is None else _verdict(one, tests, corrected)
    decisive = EQUIVALENT if one.equivalence and verdict is not Verdict.OPPOSITE else DIFFERENT
    return Finding(
        name=one.name,
        statement=said,
        effect=tests.interval.estimate,
        low=tests.interval.low,
        high=tests.interval.high,
        n=tests.num,
        verdict=verdict,
        size=size,
        preliminary=verdict is not None and not tests.is_settled,
        confirmatory=one.confirmatory,
        published=None if one.published is None else one.published.value,
        margin=_margin(one),
        p=math.nan if corrected is None else corrected[decisive],
        per_seed=tests.per_seed,
        denominators=tests.denominators,
        above=one.above,
        parts=tests.parts,
        equivalence=one.equivalence,
    )


def _verdict(one: Measured, tests: _Tests, corrected: Mapping[str, float]) -> tuple[Verdict, Size | None]:
    there = corrected[DIFFERENT] < SIGNIFICANT
    if one.equivalence:
        if corrected[EQUIVALENT] < SIGNIFICANT:
            return (Verdict.AS_PUBLISHED if tests.is_settled else Verdict.NO_DIFFERENCE), None
        return (Verdict.OPPOSITE if there else Verdict.UNDECIDED), None
    if there and tests.sign > 0:
        return _size(one, tests)
    if there and tests.sign < 0:
        return Verdict.OPPOSITE, None
    # A share of which the 90 % interval is small is no share; a ratio that has to exceed another value is not none.
    small = tests.narrow.low > -NO_DIFFERENCE and tests.narrow.high < NO_DIFFERENCE and one.above == 0
    return (Verdict.NO_DIFFERENCE if small and not tests.parts else Verdict.UNDECIDED), None


def _size(one: Measured, tests: _Tests) -> tuple[Verdict, Size | None]:
    """Of an effect that is there, on the published side; one within the margin may still be smaller or larger."""
    if one.published is None:
        return Verdict.SAME_DIRECTION, None
    value, margin = one.published.value, _margin(one)
    assert margin is not None, "a published effect has a margin"
    low, high = (
        tests.narrow.estimate + side * math.hypot(end - tests.narrow.estimate, one.published.half_width)
        for side, end in ((-1, tests.narrow.low), (1, tests.narrow.high))
    )
    size = Size.SMALLER if value > tests.interval.high else Size.LARGER if value < tests.interval.low else None
    if tests.is_settled and value - margin <= low and high <= value + margin:
        return Verdict.AS_PUBLISHED, size
    return Verdict.SAME_DIRECTION, size or Size.UNDECIDED
