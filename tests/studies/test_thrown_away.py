"""The card of two networks: known cards of made networks, and every sentence from its table."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from invariance.data.engine import Engine
from invariance.models.wrap import wrap
from invariance.numbers import format_number
from invariance.runs import gallery
from invariance.runs.network_pair import shipped_card
from invariance.spec import DatasetSpec, FactorSpec
from invariance.studies.thrown_away import thrown_away
from invariance.studies.thrown_away_card import ThrownAway, card_from_json, card_json
from invariance.studies.thrown_away_row import Row
from invariance.vocabulary.thrown_away import THROWN_AWAY_TABLE

DATA = DatasetSpec(classes=("banana", "mug", "owl"), image_size=16)
SPEC = FactorSpec(sources=("a", "b"), factors=("class",), data=DATA, num_images=150, num_folds=3)


class Coarse(nn.Module):
    """The image as 4 x 4 squares, or its upper left corner alone, which holds nothing but background."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        self.fc = nn.Linear(48, 3)

    def forward(self, images: Tensor) -> Tensor:
        pooled = nn.functional.adaptive_avg_pool2d(images[:, :, : self.size, : self.size], 4)
        return self.fc(pooled.flatten(1))


def card_of(size_of_first: int, size_of_second: int) -> ThrownAway:
    torch.manual_seed(0)
    models = {
        name: wrap(Coarse(size).eval(), input_size=16, name=name)
        for name, size in (("a", size_of_first), ("b", size_of_second))
    }
    return thrown_away(models, Engine(DATA), Engine(DATA), SPEC, num_attributed=0)


def test_a_pair_of_which_one_has_thrown_all_away() -> None:
    card = card_of(16, 2)
    assert [(row.part, row.name, row.direction) for row in card.rows] == [("factor", "class", "less")]
    assert [strip.factor for strip in card.strips] == ["class"]
    (said,) = card.sentences
    assert said.startswith("B (*b*) can") and " tell **class**: " in said
    # The same the other way round is a counter-case.
    assert card_of(2, 16).sentences[0].startswith("A (*a*) keeps *less* **class** than B (*b*), ")


def test_two_identical_networks_have_an_empty_card() -> None:
    card = card_of(16, 16)
    assert not card.told and not card.strips and not card.remarks
    assert card.sentences == (
        "Nothing separates A (*a*) and B (*b*): of 1 comparisons on the same images none shows a difference.",
    )


def test_nothing_is_concluded_from_a_training_that_is_not_known() -> None:
    card = card_of(16, 2)
    assert card.trained_on == (None, None)
    (row,) = card.rows
    rows = tuple(replace(row, name=name, title=name) for name in ("rotate.angle_deg", "hue.shift"))
    start = "**Better general features raise most factors.** A (*a*) is ahead in 2 of 2 factors and behind in 0"

    def said(*trained_on: tuple[str, ...] | None) -> tuple[str, tuple[str, ...]]:
        told = replace(card, rows=rows, trained_on=trained_on)
        return told.caveats[0], told.sentences

    general, sentences = said(None, None)
    unknown = "trained on, so it cannot be said whether anything was thrown away for that; nor does a task need all"
    assert general == f"{start}. It is not known what A (*a*) and B (*b*) were {unknown} of it."
    assert "training varied" not in "".join(sentences)
    general, sentences = said(None, ("hue",))
    assert general == f"{start}. It is not known what A (*a*) was {unknown} of it."
    assert "training varied" not in "".join(sentences), "whether B's alone did is not known"
    # Of none, which is known, it can be said.
    general, sentences = said((), ("hue",))
    assert general.startswith(f"{start}; 1 of the 2 varied in neither pretraining. So what the other tells less of was")
    assert ["; only B's training varied hue (" in one for one in sentences] == [True, False]
    values = json.loads(json.dumps(card_json(replace(card, trained_on=(None, ())))))
    assert values["trained_on"] == [None, []] and card_from_json(values, card.data).trained_on == (None, ())


def benjamini_hochberg(p_values: list[float]) -> list[float]:
    """By its definition: the least, over thresholds not below p, of threshold times tests over discoveries."""
    tested = np.array([p for p in p_values if not math.isnan(p)])
    return [
        math.nan if math.isnan(p) else min(1.0, min(t * len(tested) / np.sum(tested <= t) for t in tested if t >= p))
        for p in p_values
    ]


def is_of(row: Row, card: ThrownAway, network: int) -> bool:
    """Whether a network's training varied what a row is about."""
    return row.name.split(".")[0] in (card.trained_on[network] or ())


def expected_direction(row: Row, p: float) -> str:
    if max(-row.low, row.high) <= 0.05:
        return "same"
    equivariance = row.part == "equivariance"
    if not equivariance and not p < 0.05:
        return "undecided"
    least = 0.5 if equivariance else 0.0
    if row.high < 0 and row.first_low > least:
        return "less"
    return "more" if row.low > 0 and row.second_low > least else "undecided"


@pytest.mark.skipif(not gallery.entries(), reason="no gallery: python -m invariance gallery build")
@pytest.mark.parametrize("pair", [("none", "hue"), ("matched", "disjoint")], ids="-".join)
def test_every_sentence_of_a_shipped_card_follows_from_its_table(pair: tuple[str, str]) -> None:
    card = shipped_card(*pair)
    assert card is not None and list(card.table().columns) == [column.name for column in THROWN_AWAY_TABLE]
    adjusted = benjamini_hochberg([row.p for row in card.rows])
    for row, p in zip(card.rows, adjusted, strict=True):
        assert row.p_adjusted == pytest.approx(p, nan_ok=True)
        assert row.direction == expected_direction(row, p) and row.reliable == (row.direction in ("less", "more"))
        assert row.difference == pytest.approx(row.second - row.first)
    ordered = []
    for direction, loser in (("less", 1), ("more", 0)):
        told = sorted((row for row in card.rows if row.direction == direction), key=lambda row: -abs(row.difference))
        own = [row for row in told if is_of(row, card, loser) and not is_of(row, card, 1 - loser)]
        ordered += [*own, *(row for row in told if row not in own)]
    assert len(card.sentences) == len(ordered) > 0
    for said, row in zip(card.sentences, ordered, strict=True):
        lower, higher = sorted((row.first, row.second))
        assert f"{format_number(lower)} against {format_number(higher)}" in said
        ends = f"{format_number(row.difference)} [{format_number(row.low)}, {format_number(row.high)}]"
        assert f"(B − A = {ends}, n = {row.num_images:,})" in said and row.title.split()[-1] in said
        if row.part == "factor" and row.direction == "less":
            gone = (
                "can no longer tell" if row.second_low <= 0 else "can hardly tell" if lower < 0.2 * higher else "tells"
            )
            assert said.startswith(f"B (*{pair[1]}*) {gone}"), said
        loser = 0 if row.direction == "more" else 1
        by = [is_of(row, card, network) for network in (0, 1)]
        transform = row.name.split(".")[0].replace("_", " ")
        varied = f"; {'' if by[loser] else 'though '}only {'AB'[by[1]]}'s training varied {transform} ("
        assert (varied in said) == ("training varied" in said) == (by[0] != by[1])
    assert json.loads(json.dumps(card_json(card))) == gallery.thrown_away(*pair)
    assert card_json(card_from_json(card_json(card), card.data)) == card_json(card)


@pytest.mark.skipif(not gallery.entries(), reason="no gallery: python -m invariance gallery build")
def test_the_shipped_cards_have_the_numbers_of_the_table_of_factors() -> None:
    table = gallery.factors_table().set_index(["model", "factor", "objects"])
    for pair in (("none", "hue"), ("matched", "disjoint")):
        card = shipped_card(*pair)
        assert card is not None
        for row in card.rows:
            if row.part == "factor":
                first, second = (table.loc[(name, row.name, row.objects)] for name in pair)
                ours = row.first, row.first_low, row.first_high, row.second, row.second_low, row.second_high
                theirs = [one[end] for one in (first, second) for end in ("skill", "low", "high")]
                assert ours == pytest.approx(theirs, abs=0.01), row.name  # cards are made from float16 weights


@pytest.mark.skipif(not gallery.entries(), reason="no gallery: python -m invariance gallery build")
def test_matched_against_disjoint_says_what_it_is_not() -> None:
    card = shipped_card("matched", "disjoint")
    assert card is not None
    general, read = card.remarks
    factors = [row for row in card.rows if row.part == "factor"]
    ahead, behind = (sum(row.direction == each for row in factors) for each in ("less", "more"))
    assert general.startswith("**Better general features raise most factors.** A (*matched*)")
    assert [int(one) for one in re.findall(r"\d+", general)][:3] == [ahead, len(factors), behind]
    accuracies = [gallery.entry(f"{name}-transfer").metrics["transfer_accuracy"] for name in ("matched", "disjoint")]
    assert f"A reached {accuracies[0]:.0%} and B {accuracies[1]:.0%}" in read and "15%" in read
    hue = next(said for said in card.sentences if "**hue**" in said and "keeps" in said)
    row = gallery.factors_table().set_index(["model", "factor", "objects"])["skill"]
    values = [format_number(row.loc[(name, "hue.shift", "known")]) for name in ("matched", "disjoint")]
    assert hue.startswith(
        f"A (*matched*) keeps *less* **hue** than B (*disjoint*), skill {values[0]} against {values[1]}; only"
    )
