"""The rule of judgement: known values, its order, and how often it errs where nothing is there."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from invariance.statistics import Interval
from invariance.studies.findings import Contrast, Finding, Measured, Published, told
from invariance.studies.verdicts import judge
from invariance.vocabulary.verdicts import MEANING, Size, Verdict

SPREAD = np.array([-1.0, -0.6, -0.2, 0.2, 0.6, 1.0])


def _seeds(values: Any) -> dict[int, float]:
    return dict(enumerate(np.asarray(values, np.float64).tolist()))


def _measured(values: Any, name: str = "gap", **others: Any) -> Measured:
    return Measured(name=name, say=lambda interval: f"It is {interval}", per_seed=_seeds(values), **others)


def _judged(values: Any, **others: Any) -> Finding:
    return judge([_measured(values, **others)])[0]


def test_effects_as_large_as_published_are_as_published() -> None:
    found = _judged(0.3 + 0.02 * SPREAD, published=Published(0.3, 0.005))
    assert (found.verdict, found.size, found.margin) == (Verdict.AS_PUBLISHED, None, 0.15)
    # Mean .3, standard deviation .02 sqrt(.56), t(.975, 5) = 2.5706.
    half = 2.5706 * 0.02 * np.sqrt(0.56) / np.sqrt(6)
    assert (found.effect, found.low, found.high) == pytest.approx((0.3, 0.3 - half, 0.3 + half), rel=1e-4)
    assert found.statement == "It is 0.30 [0.28, 0.32]."


@pytest.mark.parametrize(
    ("published", "size"),
    [(0.9, Size.SMALLER), (0.1, Size.LARGER), (0.31, Size.UNDECIDED)],
)
def test_the_size_of_an_effect_in_the_published_direction(published: float, size: Size) -> None:
    spread = 0.24 if size is Size.UNDECIDED else 0.02
    found = _judged(0.35 + spread * SPREAD, published=Published(published, 0.005))
    assert (found.verdict, found.size) == (Verdict.SAME_DIRECTION, size)


def test_a_wide_published_value_is_not_confirmed() -> None:
    values = 0.3 + 0.02 * SPREAD
    assert _judged(values, published=Published(0.3, 0.14)).verdict is Verdict.AS_PUBLISHED
    # A standard error of .14 is a 90 % interval of .23 to each side, beyond the margin of .15.
    found = _judged(values, published=Published(0.3, 0.14, known=True))
    assert (found.verdict, found.size) == (Verdict.SAME_DIRECTION, Size.UNDECIDED)


def test_the_other_verdicts() -> None:
    published = Published(0.3, 0.005)
    assert _judged(-0.3 + 0.02 * SPREAD, published=published).verdict is Verdict.OPPOSITE
    assert _judged(0.02 * SPREAD, published=published).verdict is Verdict.NO_DIFFERENCE
    assert _judged(0.1 + SPREAD, published=published).verdict is Verdict.UNDECIDED
    assert set(MEANING) == set(Verdict)


def test_no_difference_was_published() -> None:
    def of(values: Any) -> Verdict | None:
        return _judged(values, equivalence=True).verdict

    assert of(0.01 + 0.02 * SPREAD) is Verdict.AS_PUBLISHED
    assert of(0.2 + 0.02 * SPREAD) is Verdict.OPPOSITE
    assert of(SPREAD) is Verdict.UNDECIDED
    # There and yet small: none is tested first.
    assert of(0.03 + 0.005 * SPREAD) is Verdict.AS_PUBLISHED


def test_few_seeds() -> None:
    published = Published(0.3, 0.005)
    for num in (1, 2):
        found = _judged(np.full(num, 0.3), published=published)
        assert (found.verdict, found.n, found.words) == (None, num, f"numbers only: {num} seed{'s' * (num > 1)}")
    found = _judged([0.32, 0.321, 0.322], published=published)
    # Within the margin of half the published value, and yet its interval does not hold that value.
    assert found.words == "preliminary: same direction, larger"
    assert _judged([0.2, 0.3, 0.4], published=published).words == "preliminary: same direction, size undecided"
    assert _judged([0.0, 0.001, 0.002], equivalence=True).words == "preliminary: no difference"
    nothing = _judged([np.nan])
    assert (nothing.n, nothing.statement) == (0, "gap: no seed has finished what this needs.")


def test_what_was_not_published_is_never_as_published() -> None:
    found = _judged(0.3 + 0.02 * SPREAD)
    assert (found.verdict, found.size, found.published, found.margin) == (Verdict.SAME_DIRECTION, None, None, None)


def test_exploratory_findings_have_no_verdict_and_correct_nothing() -> None:
    values = 0.1 + 0.2 * SPREAD
    alone = _judged(values)
    both = judge([_measured(values), _measured(SPREAD, "other", confirmatory=False)])
    assert both[0].p == alone.p
    assert (both[1].verdict, both[1].words) == (None, "exploratory: no verdict")
    assert both[1].effect == pytest.approx(0)


def test_p_values_are_corrected_over_the_study() -> None:
    values = 0.3 + 0.35 * SPREAD
    assert _judged(values).verdict is Verdict.SAME_DIRECTION
    judged = judge([_measured(values), *(_measured(SPREAD, f"none-{number}") for number in range(9))])
    assert judged[0].p == pytest.approx(10 * _judged(values).p)
    assert judged[0].verdict is Verdict.UNDECIDED


def test_ratios_are_decided_within_seeds() -> None:
    below = 1.0 + 0.3 * SPREAD
    above = 0.95 * below + 0.01 * SPREAD[::-1]
    found = _judged(above, denominators=_seeds(below), above=0.9)
    assert found.verdict is Verdict.SAME_DIRECTION
    assert found.effect == pytest.approx(0.95)
    assert found.low > 0.9
    assert _judged(above, denominators=_seeds(below), above=0.99).verdict is Verdict.OPPOSITE
    kept = _judged(above, denominators=_seeds(below), retention=True, published=Published(0.85, 0.005))
    assert (kept.verdict, kept.margin) == (Verdict.AS_PUBLISHED, 0.15)
    # Where the denominators may be 0 there is no interval, and so no size.
    found = _judged(above, denominators=_seeds(SPREAD + 0.1), retention=True, published=Published(0.85, 0.005))
    assert np.isnan([found.low, found.high]).all()
    assert found.size is Size.UNDECIDED


def test_every_contrast_of_a_conjunction_has_to_pass() -> None:
    good, weak, bad = 0.3 + 0.02 * SPREAD, 0.02 + 0.2 * SPREAD, -0.3 + 0.02 * SPREAD

    def of(*values: Any) -> Finding:
        contrasts = [Contrast(str(number), _seeds(each)) for number, each in enumerate(values)]
        return _judged(np.mean(values, axis=0), contrasts=contrasts)

    assert of(good, good).verdict is Verdict.SAME_DIRECTION
    assert of(good, weak).verdict is Verdict.UNDECIDED
    assert of(good, good, bad).verdict is Verdict.UNDECIDED
    assert of(bad, bad).verdict is Verdict.OPPOSITE
    found = of(good, weak)
    assert [part.passes for part in found.parts] == [True, False]
    # Two contrasts: intervals at 97.5 %, t(.9875, 5) = 3.1634.
    half = 3.1634 * 0.02 * np.sqrt(0.56) / np.sqrt(6)
    assert found.parts[0].low == pytest.approx(0.3 - half, rel=1e-4)


def test_a_conjunction_may_ask_for_equivalence() -> None:
    def of(third: Any) -> Verdict | None:
        contrasts = [
            Contrast("same below other", _seeds(0.3 + 0.02 * SPREAD)),
            Contrast("other as none", _seeds(third), equivalent=True),
        ]
        return _judged(0.3 + 0.02 * SPREAD, contrasts=contrasts).verdict

    assert of(0.01 * SPREAD) is Verdict.SAME_DIRECTION
    assert of(0.2 + 0.01 * SPREAD) is Verdict.UNDECIDED


def test_a_seed_counts_where_it_has_all() -> None:
    values = [0.3, 0.31, np.nan, 0.29, 0.3]
    contrast = Contrast("one", _seeds([0.3, np.nan, 0.3, 0.29, 0.3]))
    assert list(_judged(values, contrasts=[contrast]).per_seed) == [0, 3, 4]


def test_an_estimate_is_told_with_its_interval_and_seeds() -> None:
    assert told(Interval(0.123, 0.05, 0.196, 6)) == "0.12 [0.05, 0.20] (n = 6)"
    assert told(Interval(0.5, np.nan, np.nan, 1)) == "0.50 (n = 1)"
    # A ratio whose denominator may be 0.
    assert told(Interval(0.5, np.nan, np.nan, 3)) == "0.50 (no interval, n = 3)"


def test_intervals_of_statistics_are_said() -> None:
    said: list[Interval] = []

    def say(interval: Interval) -> str:
        said.append(interval)
        return "said"

    judge([Measured(name="gap", say=say, per_seed=_seeds([0.1, 0.2]))])
    assert (said[0].estimate, said[0].num) == (pytest.approx(0.15), 2)


@pytest.mark.parametrize("num", [3, 6, 12])
def test_nothing_is_seen_where_nothing_is(num: int) -> None:
    """Directional verdicts in at most 5 % of studies without any effect; bound: three standard errors above."""
    draws = np.random.default_rng(num)
    studies, directional = 1_000, 0
    shared = 0.6  # of the variance, as findings of one study share networks
    for _ in range(studies):
        values = np.sqrt(shared) * draws.normal(size=(1, num)) + np.sqrt(1 - shared) * draws.normal(size=(6, num))
        judged = judge([_measured(0.1 * row, str(number)) for number, row in enumerate(values)])
        directional += any(found.verdict in (Verdict.SAME_DIRECTION, Verdict.OPPOSITE) for found in judged)
    assert directional / studies <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / studies)


def test_equivalence_at_its_margin_is_rare() -> None:
    draws = np.random.default_rng(0)
    studies = 1_000
    seen = sum(
        _judged(0.05 + 0.03 * draws.normal(size=12), equivalence=True).verdict is Verdict.AS_PUBLISHED
        for _ in range(studies)
    )
    assert 0 < seen / studies <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / studies)


def test_the_p_value_is_that_of_the_test_that_decides() -> None:
    """Where no difference was published and there is one, that of the difference, not that of there being none."""
    there, none = _judged(0.3 + 0.02 * SPREAD, equivalence=True), _judged(0.001 * SPREAD, equivalence=True)
    assert there.verdict is Verdict.OPPOSITE
    assert there.p < 0.05
    assert none.verdict is Verdict.AS_PUBLISHED
    assert none.p < 0.05


def test_no_interval_of_a_share_reaches_beyond_what_a_share_can_be() -> None:
    values = [1.0, 1.0, 1.0, 0.75, 1.0, 0.75]
    [free] = judge([Measured(name="x", say=told, per_seed=_seeds(values), confirmatory=False)])
    [share] = judge([Measured(name="x", say=told, per_seed=_seeds(values), confirmatory=False, is_share=True)])
    assert free.high > 1 and (share.low, share.high) == (free.low, 1.0) and "1.00] (n = 6)" in share.statement
    [one] = judge([Measured(name="x", say=told, per_seed=_seeds([0.5]), confirmatory=False, is_share=True)])
    assert math.isnan(one.low) and math.isnan(one.high)
