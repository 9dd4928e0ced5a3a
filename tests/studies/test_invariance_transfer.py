"""Study C: its networks and types of data, and what tables that agree and that contradict say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from invariance.measures.shifts import own_shift
from invariance.spec import MeasureSpec, PretrainSpec
from invariance.studies.findings import Finding
from invariance.studies.invariance_transfer import conclude, lowest_columns, relation_means
from invariance.studies.registry import make_study
from invariance.vocabulary.verdicts import Verdict
from tests.studies.fabricated import outcomes_of

QUICK = make_study("invariance-transfer", seeds=(7,))
MODELS = [spec for spec in QUICK.runs if isinstance(spec, PretrainSpec)]
SHEETS = [spec for spec in QUICK.runs if isinstance(spec, MeasureSpec)]


def test_one_network_for_each_transformation_and_one_for_none() -> None:
    for objects in ("builtin", "noise"):
        sets = [spec.data.transforms for spec in MODELS if spec.data.objects == objects]
        assert sets[0] == () and len(sets) == len(set(sets)) == 7
        assert all(len(names) == 1 for names in sets[1:])
    paper = make_study("invariance-transfer", scale="paper", seeds=(0,))
    assert sum(isinstance(spec, PretrainSpec) for spec in paper.runs) == 2 * 19


def test_each_kind_is_measured_on_its_own_new_and_other_objects() -> None:
    drawn = [spec.data for spec in SHEETS if spec.sources[0] == MODELS[0].run_id]
    own, new = drawn[0], drawn[1]
    assert own.classes == MODELS[0].data.classes and own.objects == new.objects == "builtin"
    assert not set(own.classes) & set(new.classes)
    assert {(data.objects, data.backgrounds) for data in drawn} >= {
        ("builtin", "builtin"),
        ("builtin", "noise"),
        ("noise", "builtin"),
        ("noise", "noise"),
    }
    assert all(len(spec.sources) == 7 and len(spec.transforms) == 6 for spec in SHEETS)


def relation_sens(model: PretrainSpec, transform: str, spec: MeasureSpec) -> float:
    names = model.data.transforms
    return 0.6 if not names else 0.1 if transform in names else 0.5


def test_relations_and_means_are_read_from_the_measurements() -> None:
    table = QUICK.tabulate(outcomes_of(QUICK, sens=relation_sens))
    assert len(table) == len(SHEETS) * 48  # seven networks and their first weights, by six transformations
    assert table.groupby("relation")["sens"].unique().map(list).to_dict() == {
        "none": [0.6],
        "other": [0.5],
        "same": [0.1],
        "untrained": [0.5],
    }
    assert set(table["data"]) >= {own_shift(MODELS[0].data), "new-pictures", "noise-noise", "drawn-pictures"}
    assert (table["sens_conditional"] - table["sens"]).to_numpy() == pytest.approx(0.01)
    means = relation_means(table)
    assert means.loc[("pictures", "new-pictures", 7)].to_dict() == pytest.approx(
        {"same": 0.1, "other": 0.5, "none": 0.6}
    )


JITTER = np.array([-1.0, -0.6, -0.2, 0.2, 0.6, 1.0])
"""By seed; in another order for every relation and type of data, as the noise of real seeds."""
Scores = dict[str, tuple[float, float, float]]


def table_of(scores: Scores, *, spread: float = 0.004, untrained: float | None = None) -> pd.DataFrame:
    """Two transformations, six seeds; scores of same, other and none by type of data."""
    rows = []
    for seed in range(len(JITTER)):
        for pretraining in ("pictures", "noise"):
            for place, (data, (same, other, none)) in enumerate(scores.items()):
                for number, model in enumerate(
                    ("none", "rotate", "hue", *(() if untrained is None else ("untrained",)))
                ):
                    for transform in ("rotate", "hue"):
                        relation = model if number in (0, 3) else "same" if model == transform else "other"
                        value = {"same": same, "other": other, "none": none, "untrained": untrained}[relation]
                        shift = spread * JITTER[(seed + 2 * place + 3 * number * (relation != "same")) % len(JITTER)]
                        rows.append((model, transform, data, seed, value + shift, pretraining, relation))
    return pd.DataFrame(rows, columns=["model", "transform", "data", "seed", "sens", "pretraining", "relation"])


def found_in(table: pd.DataFrame) -> dict[str, Finding]:
    return {finding.name: finding for finding in conclude(table)}


PUBLISHED_LIKE: Scores = {
    "same-pictures": (0.12, 0.40, 0.39),
    "new-pictures": (0.21, 0.41, 0.42),
    "noise-noise": (0.56, 0.69, 0.69),
    "drawn-pictures": (0.3, 0.4, 0.4),
}


def test_a_table_as_published_is_as_published_throughout() -> None:
    findings = found_in(table_of(PUBLISHED_LIKE))
    judged = {name: one.verdict for name, one in findings.items() if one.confirmatory}
    assert set(judged.values()) == {Verdict.AS_PUBLISHED} and len(judged) == 6
    assert findings["kept_on_new_objects"].effect == pytest.approx(0.78, abs=0.01)
    assert findings["kept_on_noise"].effect == pytest.approx(0.48, abs=0.01)
    assert findings["trained_invariance"].effect == pytest.approx(0.27, abs=0.01)
    assert findings["weaker_on_new_objects"].effect == pytest.approx(0.09, abs=0.01)
    assert findings["weaker_on_noise"].effect == pytest.approx(0.35, abs=0.01)
    assert "lowers the sens-score by 0.21 (from 0.21 (" in findings["kept_on_new_objects"].statement
    # On both kinds of objects together, -.01 + .01.
    assert findings["other_is_like_none"].effect == pytest.approx(0.0, abs=0.005)
    assert "published: 0.00 (−0.01 and 0.01 on" in findings["other_is_like_none"].statement


def test_little_that_is_kept_is_smaller_than_published() -> None:
    findings = found_in(table_of(PUBLISHED_LIKE | {"new-pictures": (0.33, 0.41, 0.42)}))
    kept = findings["kept_on_new_objects"]
    assert kept.words == "same direction, smaller" and kept.effect == pytest.approx(1 / 3, abs=0.01)
    assert findings["trained_invariance"].verdict is Verdict.AS_PUBLISHED


def test_steps_that_are_wrong_on_opposite_sides_do_not_make_up_for_each_other() -> None:
    """As in twelve seeds: .19 and .14, where .09 and .35 were published; the sum is within its margin."""
    findings = found_in(
        table_of(PUBLISHED_LIKE | {"new-pictures": (0.31, 0.41, 0.42), "noise-noise": (0.45, 0.6, 0.6)})
    )
    assert findings["weaker_on_new_objects"].words == "same direction, larger"
    assert findings["weaker_on_noise"].words == "same direction, smaller"


def test_what_is_kept_on_other_data_is_told_without_a_verdict_and_the_least_of_it_first() -> None:
    others = {"new-noise": (0.39, 0.40, 0.42), "noise-pictures": (0.33, 0.41, 0.42)}
    kept = found_in(table_of(PUBLISHED_LIKE | others))["kept_elsewhere"]
    assert kept.verdict is None and kept.effect == pytest.approx(0.03 / 0.27, abs=0.01)
    assert kept.statement.startswith("On new objects on noise 0.11 [")
    assert "and 0.33 on squares of noise on pictures, 0.37 on drawn objects on pictures; no" in kept.statement


def test_without_an_invariance_nothing_is_as_published() -> None:
    findings = found_in(table_of(dict.fromkeys(PUBLISHED_LIKE, (0.5, 0.4, 0.45))))
    for name in ("trained_invariance", "kept_on_new_objects", "kept_on_noise", "weaker_on_noise"):
        assert findings[name].verdict in (Verdict.OPPOSITE, Verdict.UNDECIDED, Verdict.NO_DIFFERENCE), name
    assert findings["trained_invariance"].parts[0].effect < 0


def test_if_any_transformation_helps_with_any_other_the_conjunction_fails() -> None:
    findings = found_in(table_of(dict.fromkeys(PUBLISHED_LIKE, (0.1, 0.2, 0.5))))
    trained = findings["trained_invariance"]
    assert trained.verdict is Verdict.UNDECIDED
    assert [(part.name, part.passes) for part in trained.parts] == [
        ("same below other", True),
        ("same below none", True),
        ("other as none", False),
    ]
    assert findings["other_is_like_none"].verdict is Verdict.OPPOSITE
    assert "0.30 [" in findings["other_is_like_none"].statement and "0.75 [" in findings["other_is_like_none"].statement


def test_the_share_of_another_transformation_is_said_as_it_is() -> None:
    """Three seeds as once shipped, whose share of 0.05 was said to be 0.19."""
    per_seed = {
        "same-pictures": [(0.151, 0.460, 0.485), (0.145, 0.464, 0.482), (0.191, 0.538, 0.538)],
        "new-pictures": [(0.401, 0.470, 0.484), (0.384, 0.476, 0.484), (0.440, 0.534, 0.538)],
    }
    rows = [
        (model, "rotate", data, seed, value, "pictures", relation)
        for data, seeds in per_seed.items()
        for seed, scores in enumerate(seeds)
        for relation, model, value in zip(("same", "other", "none"), ("rotate", "hue", "none"), scores, strict=True)
    ]
    columns = ["model", "transform", "data", "seed", "sens", "pretraining", "relation"]
    finding = found_in(pd.DataFrame(rows, columns=columns))["other_is_like_none"]
    scores = np.array([per_seed["same-pictures"], per_seed["new-pictures"]]).mean(axis=0)
    shares = (scores[:, 2] - scores[:, 1]) / (scores[:, 2] - scores[:, 0])
    half = stats.t.ppf(0.975, 2) * shares.std(ddof=1) / np.sqrt(3)
    assert [shares.mean(), shares.mean() - half, shares.mean() + half] == pytest.approx([0.055, -0.05, 0.16], abs=0.006)
    assert finding.statement.startswith(
        "Pretraining with another transformation lowers the sens-score by 0.01 [−0.01, 0.03] (n = 3), "
        "0.05 [−0.04, 0.17] of what the same one does"
    )


def test_all_columns_are_counted_and_first_weights_apart() -> None:
    table = table_of(PUBLISHED_LIKE, untrained=0.3, spread=0.0)
    assert lowest_columns(table, "same-pictures").to_numpy().tolist() == [[1.0, 0.0, 1.0]] * 12
    assert lowest_columns(table, "noise-noise").to_numpy().tolist() == [[1.0, 1.0, 0.0]] * 12
    # On new objects hue moves the network of rotate less than its own.
    turned = (table["data"] == "new-pictures") & (table["transform"] == "hue")
    table.loc[turned & (table["model"] == "rotate"), "sens"] = 0.1
    findings = found_in(table)
    own, first = findings["own_network_is_lowest"], findings["untrained_is_lower"]
    assert (own.effect, own.verdict, first.effect) == (0.5, None, 0.0)
    assert own.statement.startswith("Of 3 trained networks a transformation's own is the lowest in 12 of 12 on")
    assert "12 of 12 on the objects of pretraining, 6 of 12 on new objects, " in own.statement
    assert "(with first weights among them 12, 6, 0, 0)" in own.statement
    assert "; first weights have 0.30; published" in findings["trained_invariance"].statement
    assert "0 of 12 on the objects of pretraining, 0 of 12 on new objects, " in first.statement
    assert "12 of 12 on squares of noise" in first.statement
    assert found_in(table_of(PUBLISHED_LIKE))["untrained_is_lower"].n == 0
