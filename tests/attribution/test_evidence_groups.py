"""Shares of the evidence among equally right images, worked out by hand."""

from __future__ import annotations

import pytest
import torch

from invariance.attribution.evidence_groups import evidence_differences, evidence_means, groups_of
from invariance.attribution.over_images import SharedParts
from invariance.attribution.shapley import Evidence
from invariance.vocabulary.attribution import EVIDENCE_DIFFERENCES, EVIDENCE_TABLE

NAMES = ("a", "b", "c")


def evidence_of(shares: torch.Tensor, correct: torch.Tensor) -> Evidence:
    """Two parts, the object with the given shares (N,) of an evidence of 1; right where it is told."""
    labels = torch.arange(len(shares)) % 3
    worth = torch.zeros(len(shares), 4, dtype=torch.float64)
    worth[:, 1], worth[:, 2], worth[:, 3] = shares, 1 - shares, 1.0  # additive, so these are the values
    predicted = torch.where(correct, labels, (labels + 1) % 3)
    return Evidence(
        players=("object", "background"),
        worth=worth,
        labels=labels,
        class_names=NAMES,
        predicted=predicted,
        explained=predicted,
        asked=torch.ones_like(correct),
        model_class_names=NAMES,
        parts=SharedParts(torch.arange(len(shares)), torch.arange(len(shares))),
    )


def pair(num: int, *, seed: int) -> dict[str, Evidence]:
    """Right on 80 % and 30 % of the images; where right, the object's share is .9 in both, where wrong .6."""
    generator = torch.Generator().manual_seed(seed)
    found = {}
    for name, accuracy in (("better", 0.8), ("worse", 0.3)):
        correct = torch.rand(num, generator=generator) < accuracy
        noise = 0.1 * (torch.rand(num, generator=generator) - 0.5)
        found[name] = evidence_of(torch.where(correct, 0.9, 0.6) + noise, correct)
    return found


def test_right_wrong_and_alone() -> None:
    right = [torch.tensor([True, True, False, False]), torch.tensor([True, False, True, False])]
    found = {name: evidence_of(torch.rand(4), own) for name, own in zip(("x", "y"), right, strict=True)}
    assert {name: chosen.nonzero().flatten().tolist() for name, chosen in groups_of(found).items()} == {
        "all": [0, 1, 2, 3],
        "right": [0],
        "only x": [1],
        "only y": [2],
        "wrong": [3],
    }
    alone = groups_of({"x": found["x"]})
    assert list(alone) == ["all", "right", "wrong"] and alone["right"].tolist() == right[0].tolist()


def test_a_network_that_does_not_know_a_class_is_never_right() -> None:
    found = evidence_of(torch.rand(6), torch.ones(6, dtype=torch.bool))
    assert bool(found.correct.all())
    strange = Evidence(**{**vars(found), "model_class_names": ("x", "b", "y")})
    assert strange.correct.tolist() == [False, True, False] * 2


def test_means_by_group_and_class_have_the_declared_columns() -> None:
    table = evidence_means(pair(60, seed=0), by_class=True)
    assert list(table.columns) == [column.name for column in EVIDENCE_TABLE]
    assert list(dict.fromkeys(table["images"])) == ["all", "right", "only better", "only worse", "wrong"]
    assert set(table[table["images"] != "all"]["class"]) == {"all"}
    rows = table[(table["class"] == "all") & (table["player"] == "object")].set_index(["model", "images"])
    for name in ("better", "worse"):
        parts = [rows.loc[(name, group)] for group in ("right", "only better", "only worse", "wrong")]
        assert sum(part["num"] for part in parts) == rows.loc[(name, "all"), "num"] == 60
        mean = sum(part["num"] * part["share"] for part in parts) / 60
        assert rows.loc[(name, "all"), "share"] == pytest.approx(mean) and rows.loc[(name, "all"), "share_low"] < mean
    assert rows.loc[("worse", "only better"), "share"] == pytest.approx(0.6, abs=0.02)
    by_class = table[(table["model"] == "better") & (table["class"] == "b")]
    assert by_class["num"].tolist() == [20, 20] and by_class["share"].sum() == pytest.approx(1.0)


def test_a_better_network_looks_no_more_at_objects_where_both_are_right() -> None:
    """Over all images its share is larger, by its accuracy alone; within images on which both are right it is not."""
    table = evidence_differences(pair(200, seed=1))
    assert list(table.columns) == [column.name for column in EVIDENCE_DIFFERENCES]
    rows = table[table["player"] == "object"].set_index("images")
    assert rows.loc["all", "low"] > 0.05 and rows.loc["all", "verdict"] == ""
    assert rows.loc["right", "verdict"] == "undecided" and abs(rows.loc["right", "difference"]) < 0.02
    assert rows.loc["only better", "difference"] == pytest.approx(0.3, abs=0.02)
    assert set(table[table["images"] != "right"]["verdict"]) == {""}


def test_a_difference_where_both_are_right_is_told() -> None:
    found = pair(200, seed=2)
    found["worse"] = evidence_of(found["worse"].shares[:, 0] - 0.2, found["worse"].correct)
    rows = evidence_differences(found).query("images == 'right'").set_index("player")
    assert rows.loc["object", "verdict"] == "higher" and rows.loc["background", "verdict"] == "lower"
    assert rows.loc["object", "difference"] == pytest.approx(0.2, abs=0.02)


def test_every_pair_of_three_networks_is_compared_within_its_own_images() -> None:
    found = pair(60, seed=3)
    found["third"] = evidence_of(torch.full((60,), 0.5), torch.zeros(60, dtype=torch.bool))
    table = evidence_differences(found)
    pairs = list(dict.fromkeys(zip(table["first"], table["second"], strict=True)))
    assert pairs == [("better", "worse"), ("better", "third"), ("worse", "third")]
    assert "right" not in set(table[table["second"] == "third"]["images"]), "there are none on which both are"


def test_networks_of_one_kind_are_rarely_told_apart() -> None:
    told = 0
    for seed in range(30):
        generator = torch.Generator().manual_seed(seed)
        right = torch.ones(60, dtype=torch.bool)
        found = {name: evidence_of(torch.rand(60, generator=generator), right) for name in ("x", "y")}
        told += evidence_differences(found).query("images == 'right'")["verdict"].iloc[0] != "undecided"
    assert told <= 3, "5 % and less than two standard errors"
