"""Study C: its networks and types of data, and what tables that agree and that contradict say."""

from __future__ import annotations

import pandas as pd
import pytest

from invariance.measures.shifts import own_shift
from invariance.spec import MeasureSpec, PretrainSpec
from invariance.studies.invariance_transfer import conclude, relation_means
from invariance.studies.registry import make_study
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


def table_of(scores: dict[str, tuple[float, float, float]]) -> pd.DataFrame:
    """Two transformations, three seeds; scores of same, other and none by type of data."""
    rows = []
    for seed in range(3):
        for pretraining in ("pictures", "noise"):
            for data, (same, other, none) in scores.items():
                for model in ("none", "rotate", "hue"):
                    for transform in ("rotate", "hue"):
                        relation = "none" if model == "none" else "same" if model == transform else "other"
                        value = {"same": same, "other": other, "none": none}[relation]
                        rows.append((model, transform, data, seed, value + 0.01 * seed, pretraining, relation))
    return pd.DataFrame(rows, columns=["model", "transform", "data", "seed", "sens", "pretraining", "relation"])


PUBLISHED_LIKE = {
    "same-pictures": (0.12, 0.40, 0.39),
    "new-pictures": (0.21, 0.41, 0.42),
    "noise-noise": (0.56, 0.69, 0.69),
    "drawn-pictures": (0.3, 0.4, 0.4),
}


def test_a_table_as_published_agrees_throughout() -> None:
    findings = {finding.name: finding for finding in conclude(table_of(PUBLISHED_LIKE))}
    assert all(finding.agrees for finding in findings.values())
    assert findings["trained_invariance"].effect == pytest.approx(0.27)
    assert findings["holds_on_new_objects"].effect == pytest.approx(0.20)
    assert findings["weaker_far_away"].effect == pytest.approx(0.44)
    # On both kinds of objects together, -.01 + .01 of .27 + .21.
    assert findings["other_is_like_none"].effect == pytest.approx(0.0, abs=1e-9)
    assert findings["other_is_like_none"].low <= findings["other_is_like_none"].high


def test_without_an_invariance_nothing_agrees() -> None:
    findings = {
        finding.name: finding for finding in conclude(table_of(dict.fromkeys(PUBLISHED_LIKE, (0.5, 0.4, 0.45))))
    }
    assert not findings["trained_invariance"].agrees and not findings["holds_on_new_objects"].agrees
    assert not findings["weaker_far_away"].agrees


def test_if_any_transformation_helps_with_any_other_it_contradicts() -> None:
    findings = {finding.name: finding for finding in conclude(table_of(dict.fromkeys(PUBLISHED_LIKE, (0.1, 0.2, 0.5))))}
    assert findings["trained_invariance"].agrees
    assert not findings["other_is_like_none"].agrees
    assert findings["other_is_like_none"].effect == pytest.approx(0.75)
