"""Study B: its tasks, its table, and what tables that agree and that contradict say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from invariance.data.engine import Engine
from invariance.runs.shipped_studies import StudyResult, shipped_results
from invariance.spec import MeasureSpec, PretrainSpec, TransferSpec
from invariance.studies import relevant_features_grid
from invariance.studies.findings import Finding
from invariance.studies.published import RELEVANT_FEATURES, RELEVANT_FEATURES_SENS
from invariance.studies.registry import make_study
from invariance.studies.relevant_features import accuracies, accuracy_and_sens, conclude, explained_by
from invariance.studies.relevant_features_grid import SCALES, tasks
from invariance.vocabulary.verdicts import Verdict
from tests.studies.fabricated import outcomes_of

QUICK = make_study("relevant-features", seeds=(7,))


@pytest.fixture
def no_cifar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relevant_features_grid, "has_files", lambda source: False)


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
    monkeypatch.setattr(relevant_features_grid, "has_files", lambda source: True)
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


@pytest.mark.usefixtures("no_cifar")
def test_the_correlation_is_in_the_pixels_of_training_and_test() -> None:
    """What a network sees is read back from the bytes: the sticker by its picture, C by its label."""
    specs = [spec.data for spec in make_study("relevant-features", seeds=(7,)).runs if isinstance(spec, PretrainSpec)]
    always = [spec for spec in specs if spec.stickers and spec.label == "object" and spec.sticker_availability == 1]
    of_c = {spec.sticker_correlation: spec for spec in always}
    assert set(of_c) == {0.0, 0.2, 0.4, 1.0} and len(always) == 4
    reference = Engine(of_c[0.0]).batch(torch.arange(200))
    firsts = [int((reference.stickers == number).nonzero()[0]) for number in range(10)]
    for correlation, spec in of_c.items():
        engine = Engine(spec)
        for split in ("train", "test"):
            images, labels = engine.render(engine.indices(split, 1_000))
            away = []
            for place in firsts:
                mask, picture = reference.sticker_masks[place] == 1, reference.images[place]
                away.append(((images / 255.0 - picture).abs() * mask).sum(dim=(1, 2, 3)) / mask.sum())
            seen = torch.stack(away).argmin(dim=0)
            # One pairing in both splits: the classes of both in their order.
            paired = (seen == labels).float().mean().item()
            assert paired == pytest.approx(correlation + (1 - correlation) / 10, abs=0.04), (correlation, split)


JITTER = np.array([-1.0, -0.6, -0.2, 0.2, 0.6, 1.0])
"""By seed; in another order in every cell, as the noise of real seeds."""
COLUMNS = ["trained_on", "probed_on", "seed", "accuracy", "sens_c", "sens_o", "label", "correlation", "availability"]


def table_of(
    scores: dict[str, dict[str, float]],
    sens: dict[str, tuple[float, float]],
    correlated: dict[float, float] = {0.2: 0.7, 1.0: 1.0},  # noqa: B006 -- read alone
) -> pd.DataFrame:
    """Six seeds."""
    rows = []
    for seed in range(len(JITTER)):
        for number, (trained_on, probes) in enumerate(scores.items()):
            label = "o" if trained_on.endswith("o") else "c"
            there = 0.0 if trained_on == "c" else 1.0
            c, o = (value + 0.01 * JITTER[(seed + number) % len(JITTER)] for value in sens[trained_on])
            for place, (probed_on, accuracy) in enumerate(probes.items()):
                value = accuracy + 0.01 * JITTER[(seed + 3 * number + place) % len(JITTER)]
                rows.append((trained_on, probed_on, seed, value, c, o, label, 0.0, there))
        for correlation, accuracy in correlated.items():
            rows.append((f"co_c, correlation {correlation}", "co_o", seed, accuracy, 0.5, 0.5, "c", correlation, 1.0))
    return pd.DataFrame(rows, columns=COLUMNS)


def found_in(table: pd.DataFrame) -> dict[str, Finding]:
    return {finding.name: finding for finding in conclude(table)}


def test_the_published_table_is_as_published() -> None:
    table = table_of(RELEVANT_FEATURES, RELEVANT_FEATURES_SENS)
    findings = found_in(table)
    judged = {name: one.verdict for name, one in findings.items() if one.confirmatory}
    assert set(judged.values()) == {Verdict.AS_PUBLISHED} and len(judged) == 4
    assert findings["irrelevant_c_is_lost"].effect == pytest.approx(0.74, abs=0.01)
    assert findings["irrelevant_o_is_lost"].effect == pytest.approx(0.47, abs=0.01)
    assert findings["unneeded_is_worse_than_unseen"].effect == pytest.approx(0.27, abs=0.01)
    assert findings["sensitive_to_the_needed"].effect == pytest.approx(0.9, abs=0.01)
    assert accuracies(table)["co_o", "c"].mean() == pytest.approx(0.31, abs=0.01)
    # In the published table too the label whether a feature is needed tells more than the sens-score.
    assert (
        findings["sens_predicts_probe"].effect < 0 and "not in the paper" in findings["sens_predicts_probe"].statement
    )


def test_a_network_that_keeps_everything_has_lost_nothing() -> None:
    everything = {row: dict.fromkeys(probes, 0.9) for row, probes in RELEVANT_FEATURES.items()}
    findings = found_in(table_of(everything, dict.fromkeys(RELEVANT_FEATURES, (0.5, 0.5))))
    for name in ("irrelevant_c_is_lost", "irrelevant_o_is_lost", "unneeded_is_worse_than_unseen"):
        assert findings[name].verdict is Verdict.NO_DIFFERENCE, name
    assert findings["sensitive_to_the_needed"].verdict is Verdict.UNDECIDED


def test_both_trainings_have_to_be_sensitive_to_what_they_need() -> None:
    turned = {name: (o, c) for name, (c, o) in RELEVANT_FEATURES_SENS.items()}
    assert found_in(table_of(RELEVANT_FEATURES, turned))["sensitive_to_the_needed"].verdict is Verdict.OPPOSITE
    one = RELEVANT_FEATURES_SENS | {"co_c": (0.3, 0.9)}
    finding = found_in(table_of(RELEVANT_FEATURES, one))["sensitive_to_the_needed"]
    assert finding.verdict is Verdict.UNDECIDED and [part.passes for part in finding.parts] == [False, True]


def test_pairs_are_the_networks_by_the_features() -> None:
    pairs = accuracy_and_sens(table_of(RELEVANT_FEATURES, RELEVANT_FEATURES_SENS))
    assert len(pairs) == 6 * 4 * 2
    row = pairs[(pairs["trained_on"] == "co_o") & (pairs["feature"] == "c") & (pairs["seed"] == 0)].iloc[0]
    assert (row["accuracy"], row["sens"]) == pytest.approx((0.24, 0.11), abs=0.011)
    needed = {(row["trained_on"], row["feature"]) for _, row in pairs[pairs["needed"] == 1].iterrows()}
    assert needed == {("c", "c"), ("co_c", "c"), ("co_o", "o"), ("o", "o")}


def test_a_line_through_other_seeds_predicts_a_seed() -> None:
    sens = [0.1, 0.5, 0.9, 0.2, 0.4, 1.0]
    pairs = pd.DataFrame({"seed": [0, 0, 0, 1, 1, 1], "sens": sens, "needed": [0.0, 1.0, 0.0, 1.0, 0.0, 1.0]})
    pairs["accuracy"] = 0.3 + 0.5 * pairs["sens"]
    assert explained_by(pairs, "sens") == pytest.approx({0: 1.0, 1: 1.0})
    # Seed 0 by the means of seed 1: 0.5 without, 0.6 with; the mean of all of seed 1 is 0.5667.
    expected = 1 - (0.15**2 + 0.05**2 + 0.25**2) / np.sum((np.array([0.35, 0.55, 0.75]) - 0.3 - 0.5 * 1.6 / 3) ** 2)
    assert explained_by(pairs, "needed")[0] == pytest.approx(expected)
    assert explained_by(pairs[pairs["seed"] == 0], "sens") == {}


def test_the_weakest_correlation_is_asked_for_and_nothing_is_told_twice() -> None:
    findings = found_in(table_of(RELEVANT_FEATURES, RELEVANT_FEATURES_SENS))
    kept = findings["correlated_is_kept"]
    assert kept.effect == pytest.approx(0.7 - 0.53, abs=0.01) and kept.verdict is None
    assert "0.53 at 0, 0.70 at 0.2, 1.00 at 1: 0.17 [" in kept.statement
    assert "correlated_is_kept" not in found_in(table_of(RELEVANT_FEATURES, RELEVANT_FEATURES_SENS, correlated={}))


@pytest.mark.parametrize("result", shipped_results("relevant-features"), ids=lambda result: result.scale)
def test_no_number_that_ships_is_told_as_two_findings(result: StudyResult) -> None:
    told = [tuple(finding.per_seed.values()) for finding in conclude(result.table)]
    assert len(set(told)) == len(told)
