"""What a seed picks."""

from __future__ import annotations

import pytest

from invariance.spec import CATEGORIES, TRANSFORM_NAMES, SpecError
from invariance.studies.choices import one_per_category, per_category, shuffled_classes, shuffled_transforms


def category_of(name: str) -> str:
    return next(category for category, names in CATEGORIES.items() if name in names)


@pytest.mark.parametrize("seed", range(5))
def test_sets_have_one_of_each_category_and_share_none(seed: int) -> None:
    sets = one_per_category(6, seed)
    assert all([category_of(name) for name in group] == list(CATEGORIES) for group in sets)
    assert len({name for group in sets for name in group}) == 18
    assert one_per_category(2, seed) == sets[:2]


@pytest.mark.parametrize("block", [0, 1, 2, 7, 1000])
def test_over_a_block_every_transformation_is_once_in_each_set(block: int) -> None:
    seeds = [one_per_category(6, 6 * block + place) for place in range(6)]
    for number in range(6):
        drawn = [name for sets in seeds for name in sets[number]]
        assert sorted(drawn) == sorted(TRANSFORM_NAMES)


def test_blocks_are_drawn_anew_and_pairs_are_not_always_the_same() -> None:
    firsts = [tuple(one_per_category(1, 6 * block + place)[0] for place in range(6)) for block in range(20)]
    assert len(set(firsts)) == 20
    # P and Q of a seed are no neighbours in one cycle that all categories share: triples of P rarely come back as Q.
    sets = [one_per_category(2, seed) for seed in range(60)]
    assert len({first for first, _ in sets} & {second for _, second in sets}) < 15
    assert len({frozenset(pair) for pair in sets}) == 60, "seeds are independent: none has the pair of another"
    # Each of the 30 ordered pairs of geometric transformations is met.
    assert len({(first[0], second[0]) for first, second in (one_per_category(2, seed) for seed in range(600))}) == 30


def test_two_per_category_are_the_first_two_sets_in_the_registrys_order() -> None:
    chosen = per_category(2, 3)
    assert set(chosen) == {name for group in one_per_category(2, 3) for name in group}
    assert [category_of(name) for name in chosen] == [name for name in CATEGORIES for _ in range(2)]


def test_orders_depend_on_the_seed_and_on_nothing_else() -> None:
    assert shuffled_transforms(8, 1) == shuffled_transforms(8, 1) != shuffled_transforms(8, 2)
    assert len(set(shuffled_transforms(18, 1))) == 18
    assert shuffled_classes("noise", 20, 1)[:10] == shuffled_classes("noise", 10, 1)
    assert len({shuffled_transforms(1, seed) for seed in range(40)}) > 8  # every place may be taken by many


def test_too_many_classes_are_refused() -> None:
    with pytest.raises(SpecError, match="needs 62 classes, and noise has 61"):
        shuffled_classes("noise", 62, 0)
