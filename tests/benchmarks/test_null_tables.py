"""Synthetic studies have the covariance that they are to have, and the rule rarely sees what is not in them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.null_tables import NUMS_SEEDS, Residuals, asked, is_directional, measure
from invariance.runs.shipped_studies import shipped_results
from invariance.studies.findings import Contrast, Measured
from invariance.studies.verdicts import judge
from invariance.vocabulary.studies import STUDY_NAMES
from tests.studies.fabricated import drawn_study, squares_table


def seeds(values: Any) -> dict[int, float]:
    return dict(enumerate(np.asarray(values, np.float64).tolist()))


def finding(name: str, values: Any, **others: Any) -> Measured:
    return Measured(name=name, say=lambda interval: name, per_seed=seeds(values), **others)


@pytest.fixture(scope="module")
def findings() -> list[Measured]:
    """One of each kind: an effect, a ratio, a conjunction with an equivalence, and that no difference was published."""
    draws = np.random.default_rng(0).normal(size=(6, 8))
    shared = 0.3 + 0.02 * draws[0]
    return [
        finding("effect", shared + 0.02 * draws[1]),
        finding("ratio", 0.8 + 0.1 * draws[2], denominators=seeds(1 + 0.1 * draws[3]), above=0.5),
        finding(
            "both",
            shared,
            contrasts=[
                Contrast("off", seeds(shared + 0.01 * draws[4])),
                Contrast("none", seeds(0.01 + 0.02 * draws[5]), equivalent=True),
            ],
        ),
        finding("none", 0.02 + 0.04 * draws[1], equivalence=True),
    ]


def test_synthetic_studies_keep_the_covariance_and_lose_the_effects(findings: list[Measured]) -> None:
    residuals = Residuals.of(findings)
    assert residuals.away.shape == (8, 7)
    drawn = residuals.draw(1, 40_000, residuals.null, np.random.default_rng(1))[0]
    measured = np.cov(residuals.away.T)
    assert np.cov(drawn.T) == pytest.approx(measured, abs=0.03 * measured.max())
    # Of the ratio 1 is divided by, and so it stays; all else has no effect.
    assert drawn.mean(axis=0) == pytest.approx([0, 0, residuals.means[2], 0, 0, 0, 0], abs=0.002)
    assert residuals.means[2] == pytest.approx(1, abs=0.1)


def test_what_was_measured_is_what_the_rule_is_asked(findings: list[Measured]) -> None:
    residuals = Residuals.of(findings)
    again = residuals.judged(residuals.means + residuals.away)
    for one, other in zip(judge(findings), again, strict=True):
        assert (one.name, one.verdict, one.n) == (other.name, other.verdict, other.n)
        assert (one.effect, one.low, one.p) == pytest.approx((other.effect, other.low, other.p))


def test_no_study_that_is_spared_the_rule_has_a_direction(findings: list[Measured]) -> None:
    residuals = Residuals.of(findings)
    tables = residuals.draw(200, 6, residuals.null, np.random.default_rng((0, 6)))
    directional = [any(map(is_directional, residuals.judged(table))) for table in tables]
    assert 0 < residuals.directional(6, 200) == sum(directional)


def test_effects_are_seen_where_they_are(findings: list[Measured]) -> None:
    residuals = Residuals.of(findings)
    found = residuals.judged(residuals.draw(1, 12, residuals.means, np.random.default_rng(2))[0])
    assert [is_directional(one) for one in found] == [True, True, True, False]


def test_what_differs_by_the_margin_is_rarely_called_none(findings: list[Measured]) -> None:
    counts = Residuals.of(findings).called_none(12, 1_000)
    assert set(counts) == {"both", "none"}
    bound = 1_000 * (0.05 + 3 * np.sqrt(0.05 * 0.95 / 1_000))
    assert all(0 < count <= bound for count in counts.values())


def test_what_study_a_asks_is_taken_before_it_is_judged() -> None:
    table = squares_table({"a": (0.9, 0.5), "b": (0.8, 0.6)})
    measured = asked("transforms-vs-other", table)
    assert [one.name for one in measured] == ["gap_architecture", "gap_over_architecture"]
    assert Residuals.of(measured).away.shape == (6, 1 + 1 + 4)


@pytest.mark.parametrize("name", STUDY_NAMES)
def test_directions_are_rare_with_the_residuals_of_what_ships(name: str) -> None:
    """At most 5 %, and three standard errors; ``python -m benchmarks.null_tables`` draws 10,000 of each size.

    Of a study that does not ship yet, with those of a drawn one.
    """
    shipped = [result.table for result in shipped_results(name) if result.scale == "quick"]
    rows = measure(Residuals.of(asked(name, shipped[0] if shipped else drawn_study(name)[0])), 300)
    assert [row["num_seeds"] for row in rows] == list(NUMS_SEEDS)
    for row in rows:
        bound = 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)
        assert row["directional"] <= bound
        assert all(share <= bound for share in row["called_none_at_margin"].values())
