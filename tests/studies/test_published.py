"""Published values: how exactly their differences and ratios are known."""

from __future__ import annotations

import pytest

from invariance.studies.findings import Published
from invariance.studies.published import RELEVANT_FEATURES, difference, mean, ratio, read, relevant_features


def test_reading_errors_add_up() -> None:
    far, near = difference(read(0.42), read(0.21)), difference(read(0.39), read(0.12))
    assert (far.value, far.error, far.known) == (pytest.approx(0.21), 0.01, False)
    kept = ratio(far, near)
    # The furthest that readings allow: .22 / .26 and .20 / .28, to first order.
    assert (kept.value, kept.error) == (pytest.approx(0.7778, abs=1e-4), pytest.approx(0.0658, abs=1e-4))
    assert kept.value + kept.error == pytest.approx(0.22 / 0.26, abs=0.005)
    assert (mean(far, near).value, mean(far, near).error) == (pytest.approx(0.24), 0.01)


def test_standard_errors_add_in_quadrature() -> None:
    lost = difference(relevant_features("c", "co_o"), relevant_features("co_c", "co_o"))
    assert lost == Published(pytest.approx(0.27), pytest.approx(0.0640, abs=1e-4), known=True)
    with_reading = difference(relevant_features("co_o", "co_o"), relevant_features("co_c", "co_o"))
    assert with_reading.known and with_reading.error == pytest.approx(0.05, abs=0.001)
    with pytest.raises(AssertionError):
        ratio(lost, lost)


def test_only_some_values_of_study_b_have_a_standard_error() -> None:
    known = {(row, column) for row, probes in RELEVANT_FEATURES.items() for column in probes}
    sure = {cell: relevant_features(*cell) for cell in known}
    assert {cell for cell, one in sure.items() if one.known} == {("c", "co_o"), ("co_c", "co_o"), ("o", "co_o")}
    assert {one.error for one in sure.values() if not one.known} == {0.005}
