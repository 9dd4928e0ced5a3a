"""Study B: its tasks, its table, and what tables that agree and that contradict say."""

from __future__ import annotations

import pandas as pd
import pytest

from invariance.spec import MeasureSpec, PretrainSpec, TransferSpec
from invariance.studies import relevant_features
from invariance.studies.published import RELEVANT_FEATURES, RELEVANT_FEATURES_SENS
from invariance.studies.registry import make_study
from invariance.studies.relevant_features import SCALES, accuracies, accuracy_and_sens, conclude, tasks
from tests.studies.fabricated import outcomes_of

QUICK = make_study("relevant-features", seeds=(7,))


@pytest.fixture
def no_cifar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relevant_features, "has_files", lambda source: False)


@pytest.mark.usefixtures("no_cifar")
def test_the_four_tasks_are_what_they_are_called() -> None:
    data = tasks(SCALES["quick"], 7)
    assert data["c"].stickers == "" and data["c"].label == "object"
    assert data["co_c"].stickers and data["co_c"].label == "object"
    assert data["co_o"].stickers == data["co_c"].stickers and data["co_o"].label == "sticker"
    assert data["o"].label == "sticker" and data["o"].fg_availability == 0.0 and data["o"].backgrounds == "#000000"
    assert len(data["c"].classes) == len(data["co_c"].sticker_classes) == 10
    assert not set(data["c"].classes) & set(data["co_c"].sticker_classes)
    assert data["o"].sticker_classes == data["co_o"].sticker_classes


def test_c_is_cifar_where_it_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relevant_features, "has_files", lambda source: True)
    data = tasks(SCALES["quick"], 7)
    assert data["c"].objects == data["co_o"].objects == "cifar10" and data["o"].objects == "builtin"


def test_every_network_is_probed_on_all_four_and_measured_once() -> None:
    trainings = [spec for spec in QUICK.runs if isinstance(spec, PretrainSpec)]
    (measurement,) = (spec for spec in QUICK.runs if isinstance(spec, MeasureSpec))
    assert len(trainings) == 4 + 4
    assert sum(isinstance(spec, TransferSpec) for spec in QUICK.runs) == 4 * len(trainings)
    assert set(measurement.sources) == {spec.run_id for spec in trainings}
    assert measurement.measure == "features" and measurement.data.sticker_correlation == 0
    correlations = sorted(spec.data.sticker_correlation for spec in trainings)
    assert correlations == [0, 0, 0, 0, 0, 0.2, 0.4, 1.0]


def test_the_table_takes_scene_for_c_and_sticker_for_o() -> None:
    scores = {"scene": 0.9, "sticker": 0.2, "object": 0.5, "background": 0.4}
    outcomes = outcomes_of(QUICK, sens=lambda model, name, spec: scores[name])
    table = QUICK.tabulate(outcomes)
    assert len(table) == 32
    assert set(table["sens_c"]) == {0.9} and set(table["sens_o"]) == {0.2}
    base = table[table["trained_on"].isin(["c", "co_c", "co_o", "o"])]
    assert len(base) == 16 and set(base["label"][base["trained_on"] == "o"]) == {"o"}


def test_without_the_measurement_there_are_accuracies_alone() -> None:
    outcomes = outcomes_of(QUICK)
    measurement = next(spec for spec in QUICK.runs if isinstance(spec, MeasureSpec))
    del outcomes[measurement.run_id]
    table = QUICK.tabulate(outcomes)
    assert len(table) == 32 and table["sens_c"].isna().all()


def table_of(
    scores: dict[str, dict[str, float]],
    sens: dict[str, tuple[float, float]],
    correlated: tuple[float, ...] = (0.7, 0.9),
) -> pd.DataFrame:
    rows = []
    for seed in range(3):
        for trained_on, probes in scores.items():
            label = "o" if trained_on.endswith("o") else "c"
            there = 0.0 if trained_on == "c" else 1.0
            for probed_on, accuracy in probes.items():
                rows.append(
                    (trained_on, probed_on, seed, accuracy + 0.001 * seed, *sens[trained_on], label, 0.0, there)
                )
        for correlation, accuracy in zip((0.5, 1.0), correlated, strict=True):
            rows.append((f"co_c, correlation {correlation}", "co_o", seed, accuracy, 0.5, 0.5, "c", correlation, 1.0))
    columns = [
        "trained_on",
        "probed_on",
        "seed",
        "accuracy",
        "sens_c",
        "sens_o",
        "label",
        "correlation",
        "availability",
    ]
    return pd.DataFrame(rows, columns=columns)


def test_the_published_table_agrees_with_itself() -> None:
    table = table_of(RELEVANT_FEATURES, RELEVANT_FEATURES_SENS)
    findings = {finding.name: finding for finding in conclude(table)}
    assert all(finding.agrees for finding in findings.values())
    assert findings["irrelevant_c_is_lost"].effect == pytest.approx(0.74)
    assert findings["irrelevant_o_is_lost"].effect == pytest.approx(0.47)
    assert findings["unneeded_is_worse_than_unseen"].effect == pytest.approx(0.27)
    assert findings["sensitive_to_the_needed"].effect == pytest.approx(0.88)
    assert findings["probe_and_sens_agree"].effect > 0.9
    assert "with the networks that saw one alone 0.4" in findings["probe_and_sens_agree"].statement
    assert findings["correlated_is_kept"].effect == pytest.approx(0.9 - 0.531, abs=1e-3)
    assert accuracies(table)["co_o", "c"].mean() == pytest.approx(0.311)


def test_a_network_that_keeps_everything_contradicts() -> None:
    everything = {row: dict.fromkeys(probes, 0.9) for row, probes in RELEVANT_FEATURES.items()}
    findings = conclude(table_of(everything, dict.fromkeys(RELEVANT_FEATURES, (0.5, 0.5)), correlated=(0.9, 0.89)))
    assert not any(finding.agrees for finding in findings)


def test_probes_and_scores_that_point_apart_contradict() -> None:
    turned = {name: (o, c) for name, (c, o) in RELEVANT_FEATURES_SENS.items()}
    findings = {finding.name: finding for finding in conclude(table_of(RELEVANT_FEATURES, turned))}
    assert not findings["probe_and_sens_agree"].agrees and findings["probe_and_sens_agree"].effect < 0
    assert not findings["sensitive_to_the_needed"].agrees


def test_pairs_to_correlate_are_the_networks_by_the_features() -> None:
    pairs = accuracy_and_sens(table_of(RELEVANT_FEATURES, RELEVANT_FEATURES_SENS))
    assert len(pairs) == 3 * 4 * 2
    row = pairs[(pairs["trained_on"] == "co_o") & (pairs["feature"] == "c") & (pairs["seed"] == 0)].iloc[0]
    assert (row["accuracy"], row["sens"]) == (0.24, 0.11)
