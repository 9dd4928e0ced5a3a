"""The 2 x 2s of study A, from small tables with known values."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from invariance.statistics import t_interval
from invariance.studies.published import TRANSFORMS_VS_OTHER
from invariance.studies.transforms_vs_other_squares import bonferroni, largest_move, squares_of
from tests.studies.fabricated import squares_table


def test_effects_are_by_target_and_their_mean_is_the_gap() -> None:
    # PP, PQ, QP, QQ.
    squares = squares_of(squares_table({"a": (0.9, 0.5, 0.6, 0.7)}, spread=0), "architecture")
    assert squares.effects[3] == pytest.approx(np.array([[0.3, 0.2]]))
    assert squares.effect_on("P")[0] == pytest.approx(0.3) and squares.effect_on("Q")[0] == pytest.approx(0.2)
    assert squares.gaps == pytest.approx(dict.fromkeys(range(6), 0.25))


def test_an_easier_target_and_a_better_source_are_no_gap() -> None:
    # Q is easier by .3, and P learns better by .2: on target P matching seems to gain .2, on target Q it seems to lose.
    squares = squares_of(squares_table({"a": (0.6, 0.9, 0.4, 0.7)}, spread=0), "architecture")
    assert squares.effects[0, 0] == pytest.approx([0.2, -0.2])
    assert list(squares.gaps.values()) == pytest.approx([0.0] * 6)
    assert squares.reversals() == [(seed, "a", "Q") for seed in range(6)]


def test_the_published_gap_and_its_largest_moves() -> None:
    squares = squares_of(squares_table(TRANSFORMS_VS_OTHER["architecture"], spread=0), "architecture")
    assert t_interval(squares.gaps.values()).estimate == pytest.approx(0.1242)  # published as .12
    moves = squares.moves()
    assert len(moves) == 2 * 5 * 4
    most = {
        relation: max((move for move in moves if move.relation == relation), key=lambda move: move.per_seed[0])
        for relation in ("same", "disjoint")
    }
    # Published as .02 and .07.
    assert {relation: move.per_seed[0] for relation, move in most.items()} == pytest.approx(
        {"same": 0.022, "disjoint": 0.067}
    )
    assert (most["disjoint"].higher, most["disjoint"].lower) == ("resnet50", "vgg11_bn")
    assert largest_move(moves) is most["disjoint"] and most["disjoint"].left[4] == pytest.approx(0.1242 - 0.067)


def test_logits_are_of_counts_and_finite_at_the_ends() -> None:
    squares = squares_of(squares_table({"a": (1.0, 0.0, 0.25, 0.5)}, num_seeds=1, spread=0), "architecture").logits
    assert squares.accuracies[0, 0, 0] == pytest.approx([math.log(1000.5 / 0.5), math.log(0.5 / 1000.5)])
    assert squares.accuracies[0, 0, 1] == pytest.approx([math.log(250.5 / 750.5), 0.0])


def test_a_seed_counts_where_it_has_all() -> None:
    table = squares_table({"a": (0.9, 0.5), "b": (0.8, 0.6)})
    assert squares_of(table.iloc[:-1], "architecture").seeds == (0, 1, 2, 3, 4)
    assert squares_of(table.iloc[:-1], "architecture", "a").seeds == (0, 1, 2, 3, 4, 5)
    half = table[table["source"] == "P"]
    assert squares_of(half, "architecture").seeds == () and squares_of(half, "architecture").gaps == {}
    nothing = squares_of(pd.DataFrame(columns=table.columns), "architecture")
    assert nothing.seeds == nothing.values == () and nothing.moves() == [] and nothing.reversals() == []


def test_what_was_picked_out_has_a_wider_interval() -> None:
    numbers = {0: 0.0, 1: 1.0, 2: 2.0}
    # t(1 - .025 / 10, 2) = 14.089.
    assert bonferroni(numbers, 10).high == pytest.approx(1 + 14.089 / math.sqrt(3), rel=1e-4)
