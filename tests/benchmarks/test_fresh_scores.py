"""The shipped ranking of transfer scores beside that of other networks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.fresh_scores import SUPERVISED, compare
from invariance.runs.transferability import FOLDER, read_benchmark
from invariance.vocabulary.transfer_scores import ACCURACIES, BASELINES, TRANSFER_SCORES


def test_halves_of_the_networks_agree_and_a_score_that_is_turned_around_does_not() -> None:
    whole = read_benchmark(FOLDER)
    networks = list(whole.weights)
    first, second = (
        replace(
            whole,
            table=whole.table[whole.table["network"].isin(networks[start::2])].reset_index(drop=True),
            weights={name: whole.weights[name] for name in networks[start::2]},
        )
        for start in (0, 1)
    )
    found = compare(first, second)
    assert len(found) == 2 * len(ACCURACIES) * len(TRANSFER_SCORES | BASELINES)
    assert {one["networks"] for one in found} == {"all", SUPERVISED}
    for one in found:
        shipped, fresh, away = (one[name] for name in ("shipped", "fresh", "difference"))
        assert away["tau"] == pytest.approx(fresh["tau"] - shipped["tau"], abs=2e-4)
        # Each end joins the far end of one with the near end of the other.
        below = ((fresh["tau"] - fresh["low"]) ** 2 + (shipped["high"] - shipped["tau"]) ** 2) ** 0.5
        assert away["tau"] - away["low"] == pytest.approx(below, abs=3e-4)
    assert sum(one["holds"] for one in found) >= 0.8 * len(found)

    turned = replace(second, table=second.table.assign(logme=-second.table["logme"]))
    logme = [one for one in compare(first, turned) if one["score"] == "logme"]
    assert len(logme) == 4 and not any(one["holds"] for one in logme)
