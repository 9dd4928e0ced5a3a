"""Study A: what tables that agree and that contradict say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pytest

from invariance.spec import PretrainSpec, TransferSpec
from invariance.studies.findings import Finding
from invariance.studies.published import TRANSFORMS_VS_OTHER
from invariance.studies.registry import make_study
from invariance.studies.transforms_vs_other import FACTORS, conclude, published_gap
from invariance.studies.transforms_vs_other_grid import PAPER_FACTORS
from invariance.vocabulary.verdicts import Size, Verdict
from tests.studies.fabricated import outcomes_of, squares_table

USUAL = {"usual": (0.9, 0.6, 0.5, 0.8)}


def found_in(table: pd.DataFrame) -> dict[str, Finding]:
    return {finding.name: finding for finding in conclude(table)}


def of(values: Mapping[str, Sequence[float]], factor: str = "architecture", spread: float = 0.01) -> dict[str, Finding]:
    return found_in(squares_table(values, factor, spread=spread))


def test_published_gaps_and_their_reading_errors() -> None:
    gaps = {factor: published_gap(factor) for factor in PAPER_FACTORS}
    values = {factor: round(gap.value, 2) for factor, gap in gaps.items() if gap is not None}
    assert values == {"class_relationship": 0.12, "architecture": 0.12, "pretraining_samples": 0.15}
    # Each is a difference of values that are read to .005 each.
    assert {round(gap.error, 6) for gap in gaps.values() if gap is not None} == {0.01}
    usual = published_gap("class_relationship", "disjoint")
    assert usual is not None and usual.value == pytest.approx(0.983 - 0.862)


def test_the_papers_own_values_are_as_published() -> None:
    found = of(TRANSFORMS_VS_OTHER["architecture"])
    assert found["gap_architecture"].verdict is Verdict.AS_PUBLISHED
    assert found["gap_over_architecture"].verdict is Verdict.SAME_DIRECTION
    assert len(found["gap_over_architecture"].parts) == 2 * 5 * 4
    assert "(published: 0.90)" in found["gap_over_architecture"].statement  # ResNet-50 with disjoint ones
    assert "at most 0.02 within same and 0.07 within disjoint" in found["gap_over_architecture"].statement


def test_a_gap_below_what_the_factor_moves_is_no_finding() -> None:
    found = of({"a": (0.9, 0.8), "b": (0.6, 0.5)})
    assert found["gap_architecture"].effect == pytest.approx(0.1, abs=0.01)
    over = found["gap_over_architecture"]
    assert over.verdict is Verdict.UNDECIDED
    assert [part.passes for part in over.parts] == [False, True, False, True]
    assert over.statement.startswith("The architecture moves accuracy most within")
    assert "what 2 of the 4 ordered pairs of values move, each tested by itself, and 2 by intervals" in over.statement
    # Each pair passes by itself, so all do, though no interval that holds for all leaves out 0.
    loose = squares_table({"a": (0.6, 0.5), "b": (0.6, 0.5)}, spread=0)
    loose["transfer_accuracy"] += (loose["relation"] == "same") * ((loose["seed"] % 4) - 1.5) * 0.051
    over = found_in(loose)["gap_over_architecture"]
    assert all(part.passes and part.low < 0 for part in over.parts) and over.verdict is Verdict.SAME_DIRECTION
    assert "what 4 of the 4 ordered pairs of values move, each tested by itself, and 0 by intervals" in over.statement
    assert of({"a": (0.9, 0.5), "b": (0.8, 0.6)})["gap_over_architecture"].verdict is Verdict.SAME_DIRECTION


def test_disjoint_above_same_is_told_first_and_judged_as_opposite() -> None:
    found = of({"a": (0.5, 0.9), "b": (0.5, 0.9)})
    assert found["gap_architecture"].verdict is found["gap_over_architecture"].verdict is Verdict.OPPOSITE
    assert found["gap_architecture"].statement.startswith(
        "Disjoint beats same in 24 of 24 comparisons (a: 12, b: 12); "
    )


def test_few_reversals_are_named() -> None:
    table = squares_table({"a": (0.9, 0.5), "b": (0.9, 0.5)}, spread=0)
    place = (table["seed"] == 3) & (table["value"] == "b") & (table["source"] == "P") & (table["target"] == "Q")
    table.loc[place, "transfer_accuracy"] = 1.0
    statement = found_in(table)["gap_architecture"].statement
    assert statement.startswith("Disjoint beats same in 1 of 24 comparisons (b on target Q of seed 3); over the ")
    statement = of({"a": (0.9, 0.5)})["gap_architecture"].statement
    assert statement.startswith("Over the architecture the same") and "same in none of 12 comparisons" in statement


def test_few_samples_that_disagree_are_told_with_what_was_published() -> None:
    found = of({"1000": (0.21, 0.4), "10000": (0.82, 0.4), "40000": (0.8, 0.4)}, "pretraining_samples")
    over = found["gap_over_pretraining_samples"]
    assert over.verdict is Verdict.UNDECIDED
    assert "within same, by 0.61 [" in over.statement and "0.23 with 1000 (published: 0.95)" in over.statement
    assert found["gap_pretraining_samples"].statement.startswith(
        "Disjoint beats same in 12 of 36 comparisons (1000: 12)"
    )


def test_the_classes_may_move_more_than_the_gap_as_published() -> None:
    found = of(TRANSFORMS_VS_OTHER["class_relationship"], "class_relationship")
    assert "gap_over_class_relationship" not in found
    gap = found["gap_class_relationship"]
    assert gap.verdict is Verdict.AS_PUBLISHED
    assert gap.statement.endswith("published: 0.12, where the classes move more: 0.15 within disjoint.")


def test_matching_helps_on_both_targets_and_on_both_scales() -> None:
    found = of(USUAL, "usual")["matching_helps"]
    assert (found.verdict, found.size) == (Verdict.SAME_DIRECTION, Size.LARGER)
    assert found.effect == pytest.approx(0.3, abs=0.01) and len(found.parts) == 4
    assert "scale" not in found.statement and "published: 0.12" in found.statement


def test_matching_on_one_target_alone_depends_on_the_scale() -> None:
    found = of({"usual": (0.9, 0.7, 0.5, 0.7)}, "usual")["matching_helps"]
    assert found.verdict is Verdict.UNDECIDED
    assert "only their mean excludes 0: whether matching helps depends on the scale" in found.statement


def test_logits_that_disagree_are_told() -> None:
    table = squares_table({"usual": (0.5, 0.6, 0.5, 0.8)}, "usual", spread=0)
    # PP - QP: five seeds gain .04 in the middle of the scale, one loses .01 near its end, a factor of twelve in odds.
    gains = [(0.54, 0.50), (0.54, 0.50), (0.545, 0.50), (0.54, 0.50), (0.54, 0.505), (0.985, 0.998)]
    for seed, pair in enumerate(gains):
        for source, accuracy in zip("PQ", pair, strict=True):
            place = (table["seed"] == seed) & (table["source"] == source) & (table["target"] == "P")
            table.loc[place, "transfer_accuracy"] = accuracy
    found = found_in(table)["matching_helps"]
    assert [part.passes for part in found.parts] == [True, True, False, True]
    assert found.verdict is Verdict.UNDECIDED
    assert "in logits, which does not exclude 0: whether matching helps depends on the scale" in found.statement


def test_a_network_without_transformations_is_our_own_question() -> None:
    table = squares_table(USUAL, "usual", spread=0)
    none = table[table["source"] == "P"].assign(source="none", relation="none", run="none")
    found = found_in(pd.concat([table, none.assign(transfer_accuracy=0.6 + 0.01 * none["seed"])]))
    assert found["none_over_disjoint"].effect == pytest.approx(0.05)
    assert found["same_over_none"].effect == pytest.approx(0.25)
    assert {found[name].verdict for name in ("none_over_disjoint", "same_over_none")} == {None}
    assert "reaches 0.62" in found["same_over_none"].statement


def test_our_own_questions_correct_nothing() -> None:
    alone = of(USUAL, "usual")
    exploratory = [name for name, finding in alone.items() if not finding.confirmatory]
    assert exploratory == [
        "none_over_disjoint",
        "same_over_none",
        "gap_at_equal_pretraining_accuracy",
        "sens_predicts_transfer",
    ]
    assert all("not in the paper" in alone[name].statement for name in exploratory if alone[name].n)
    judged = alone["matching_helps"]
    assert judged.p == pytest.approx(max(min(1.0, 2 * part.p_above) for part in judged.parts))


def test_sens_scores_are_told_beside_the_label() -> None:
    table = squares_table({"a": (0.9, 0.5), "b": (0.8, 0.6)}, spread=0)
    table["transfer_accuracy"] -= 0.01 * table["seed"]
    found = found_in(table.assign(sens=1 - table["transfer_accuracy"]))["sens_predicts_transfer"]
    assert found.effect == pytest.approx(0.1)
    assert "0.90 by the relation to the target, to 1.00 by the sens-score to its transformations" in found.statement


def test_the_covariate_is_told_with_its_range() -> None:
    table = squares_table({"a": (0.9, 0.5), "b": (0.8, 0.6)})
    learnt = np.random.default_rng(2).uniform(0.6, 1.0, len(table))
    found = found_in(table.assign(pretraining_accuracy=learnt))["gap_at_equal_pretraining_accuracy"]
    assert found.n == 6 and f"({learnt.min():.2f} to {learnt.max():.2f}) as a covariate" in found.statement
    assert "without it by 0.30" in found.statement or "without it by 0.29" in found.statement


def test_the_gap_beyond_2d_and_each_targets_own_sens_score() -> None:
    study = make_study("transforms-vs-other", seeds=(7, 8), factors=("beyond_2d",))

    def accuracy(source: PretrainSpec, task: TransferSpec) -> float:
        is_same = source.data.transforms == task.data.transforms
        if "pose" in task.data.transforms:
            return 0.7 if is_same else 0.5
        return 0.9 if is_same else 0.4

    table = study.tabulate(
        outcomes_of(study, accuracy=accuracy, sens=lambda model, name, spec: 0.25 + 0.5 * ("pose" in spec.transforms))
    )
    assert list(table["value"]) == (["2-D"] * 4 + ["beyond 2-D"] * 4) * 2
    assert list(table["sens"]) == [0.25, 0.25, 0.25, 0.25, 0.75, 0.25, 0.75, 0.25] * 2
    (found,) = study.conclude(table)
    # With pose .7 against .5 on P, and .9 against .4 on Q.
    assert found.name == "gap_beyond_2d" and found.effect == pytest.approx(0.35) and not found.confirmatory
    assert "same beats disjoint by 0.35 [0.35, 0.35] (n = 2), 0.80 against 0.45" in found.statement
    assert "alone by 0.50 [0.50, 0.50]" in found.statement


def test_published_networks_are_compared_with_the_same_transformations(two_published: list[str]) -> None:
    study = make_study("transforms-vs-other", seeds=(7, 8), factors=("published",))
    outcomes = outcomes_of(
        study, accuracy=lambda source, task: 0.9 if source.data.transforms == task.data.transforms else 0.4
    )
    table = study.tabulate(outcomes)
    theirs = table[table["relation"] == "published"]
    assert list(theirs["value"]) == [name for name in two_published for _ in range(2)] * 2
    assert theirs["pretraining_accuracy"].isna().all() and set(theirs["source_transforms"]) == {"published"}
    assert set(theirs["transfer_accuracy"]) == {0.6} and set(theirs["sens"]) == {0.5}
    (found,) = study.conclude(table)
    assert found.name == "same_over_published_networks" and found.effect == pytest.approx(0.3)
    assert "0.90 against 0.60 (torchvision:resnet18, torchvision:vgg11_bn), with disjoint ones 0.40" in found.statement


def test_every_question_is_asked_once_in_the_order_of_the_factors(two_published: list[str]) -> None:
    everything = make_study("transforms-vs-other", seeds=(7,), factors=tuple(FACTORS))
    names = [found.name for found in everything.conclude(everything.tabulate(outcomes_of(everything)))]
    assert names == [
        "matching_helps",
        "none_over_disjoint",
        "same_over_none",
        "gap_class_relationship",
        "gap_architecture",
        "gap_over_architecture",
        "gap_pretraining_samples",
        "gap_over_pretraining_samples",
        "gap_transfer_samples",
        "gap_objective",
        "gap_over_objective",
        "same_over_published_networks",
        "gap_beyond_2d",
        "gap_at_equal_pretraining_accuracy",
        "sens_predicts_transfer",
    ]
