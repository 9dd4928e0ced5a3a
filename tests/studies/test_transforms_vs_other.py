"""Study A: its grid, its table, and what tables that agree and that contradict say."""

from __future__ import annotations

import pandas as pd
import pytest

from invariance.spec import CATEGORIES, PretrainSpec, TransferSpec
from invariance.studies.published import TRANSFORMS_VS_OTHER
from invariance.studies.registry import make_study
from invariance.studies.transforms_vs_other import SCALES, conclude, gap_against_range, predictions
from tests.studies.fabricated import outcomes_of

QUICK = make_study("transforms-vs-other", seeds=(7,))


def pretrainings() -> list[PretrainSpec]:
    return [spec for spec in QUICK.runs if isinstance(spec, PretrainSpec)]


def transfers() -> list[TransferSpec]:
    return [spec for spec in QUICK.runs if isinstance(spec, TransferSpec)]


def test_what_factors_share_is_one_run() -> None:
    # Relationships 4 x 2; architectures and sample sizes add all but the usual one: (3 + 2) x 2.
    assert len(pretrainings()) == 8 + 6 + 4
    # One transfer each; of the four transfer sizes the usual one is shared with the relationship "same".
    assert len(transfers()) == 18 + 3 * 2


def test_relations_differ_in_their_transformations_and_in_nothing_else() -> None:
    same, disjoint = pretrainings()[2:4]
    assert same.data.classes == disjoint.data.classes
    assert not set(same.data.transforms) & set(disjoint.data.transforms)
    for transforms in (same.data.transforms, disjoint.data.transforms):
        assert all(name in names for name, names in zip(transforms, CATEGORIES.values(), strict=True))
    assert {spec.data.transforms for spec in transfers()} == {same.data.transforms}


def test_classes_are_related_as_they_say() -> None:
    target = set(transfers()[0].data.classes)
    subset, disjoint, same, superset = (set(spec.data.classes) for spec in pretrainings()[:8:2])
    assert len(target) == 30 and same == target
    assert len(subset) == 10 and subset < target
    assert len(disjoint) == 30 and not disjoint & target
    assert superset == disjoint | target


def test_targets_are_drawn_under_another_key_than_pretraining() -> None:
    assert not {spec.data.seed for spec in transfers()} & {spec.data.seed for spec in pretrainings()}


def test_every_quick_training_sees_as_many_images() -> None:
    assert {num * epochs for num, epochs in SCALES["quick"].pretraining_samples.items()} == {40_000}


def test_the_papers_settings() -> None:
    study = make_study("transforms-vs-other", scale="paper", seeds=(0,))
    vit = next(spec for spec in study.runs if isinstance(spec, PretrainSpec) and spec.model == "vit")
    assert (vit.weight_decay, vit.schedule, vit.epochs, vit.batch_size) == (5e-5, "cosine", 50, 512)
    sizes = {spec.data.num_samples for spec in study.runs if isinstance(spec, PretrainSpec)}
    assert sizes == {1_000, 10_000, 50_000, 100_000, 500_000}


def test_the_table_has_a_row_for_each_value_and_relation() -> None:
    outcomes = outcomes_of(
        QUICK, accuracy=lambda source, task: 0.9 if source.data.transforms == task.data.transforms else 0.3
    )
    table = QUICK.tabulate(outcomes)
    assert set(table["sens"]) == {0.5}
    assert table.groupby("factor").size().to_dict() == {
        "class_relationship": 8, "architecture": 8, "pretraining_samples": 6, "transfer_samples": 8,
    }  # fmt: skip
    assert dict(table.groupby("relation")["transfer_accuracy"].unique().map(list)) == {"same": [0.9], "disjoint": [0.3]}
    assert set(table["pretraining_accuracy"]) == {0.75}


def test_rows_whose_runs_are_missing_are_left_out() -> None:
    outcomes = outcomes_of(QUICK)
    usual = next(spec for spec in QUICK.runs if isinstance(spec, TransferSpec))
    del outcomes[usual.source]
    assert len(QUICK.tabulate(outcomes)) == 29


def table_of(values: dict[str, tuple[float, float]], factor: str = "architecture", num_seeds: int = 3) -> pd.DataFrame:
    rows = [
        (factor, value, relation, seed, 0.9, accuracy + 0.01 * seed, 1 - accuracy, f"{value}{relation}{seed}")
        for seed in range(num_seeds)
        for value, both in values.items()
        for relation, accuracy in zip(("same", "disjoint"), both, strict=True)
    ]
    columns = ["factor", "value", "relation", "seed", "pretraining_accuracy", "transfer_accuracy", "sens", "run"]
    return pd.DataFrame(rows, columns=columns)


def test_gap_and_ranges_are_the_papers_read_out() -> None:
    read = gap_against_range(table_of(TRANSFORMS_VS_OTHER["architecture"]), "architecture")
    assert read.gap.mean == pytest.approx(0.1242, abs=1e-4)  # published as .12
    assert read.ranges == pytest.approx({"same": 0.022, "disjoint": 0.067})  # published as .02 and .07
    assert read.gap.low == pytest.approx(read.gap.high)  # seeds moved both alike


def test_a_gap_above_the_range_agrees_and_one_below_contradicts() -> None:
    agreeing, _ = conclude(table_of({"a": (0.9, 0.5), "b": (0.8, 0.6)}))
    assert agreeing.agrees and agreeing.effect == pytest.approx(0.3) and ".30 [.30, .30]" in agreeing.statement
    contradicting, _ = conclude(table_of({"a": (0.9, 0.8), "b": (0.6, 0.5)}))
    assert not contradicting.agrees and contradicting.effect == pytest.approx(0.1)
    reversed_, _ = conclude(table_of({"a": (0.5, 0.9), "b": (0.5, 0.9)}))
    assert not reversed_.agrees and reversed_.effect == pytest.approx(-0.4)


def test_the_classes_may_move_more_than_the_gap_as_published() -> None:
    found, _ = conclude(table_of(TRANSFORMS_VS_OTHER["class_relationship"], "class_relationship"))
    assert found.agrees and "published: .12, .05 and .15" in found.statement


def test_a_seed_that_is_not_finished_does_not_count() -> None:
    table = table_of({"a": (0.9, 0.5), "b": (0.8, 0.6)}).iloc[:-1]
    assert gap_against_range(table, "architecture").gap.num == 2


def test_invariance_that_tells_transfer_is_found_and_invariance_that_does_not_is_not() -> None:
    table = table_of({"a": (0.9, 0.5), "b": (0.8, 0.6)})
    *_, found = conclude(table)
    assert found.agrees and found.effect == pytest.approx(1.0) and "is off by .00" in found.statement
    *_, unrelated = conclude(table.assign(sens=[0.1, 0.2, 0.4, 0.3] * 3))
    assert not unrelated.agrees and unrelated.effect < 0
    assert len(predictions(table)) == 12
    assert predictions(table.assign(sens=float("nan"))).empty
