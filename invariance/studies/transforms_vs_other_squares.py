"""The 2 x 2s of study A: what matching gains within a seed, and what the values of a factor move."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np
import pandas as pd

from invariance.statistics import Floats, Interval, t_interval
from invariance.studies.transforms_vs_other_grid import RELATIONS, TARGETS


@dataclass(frozen=True)
class Move:
    """What lies between two values of a factor, within one relation.

    Attributes:
        relation: one of :data:`~invariance.studies.transforms_vs_other_grid.RELATIONS`.
        higher: the value whose accuracy is taken.
        lower: the value whose accuracy is taken off.
        per_seed: the difference.
        left: of the gap, once the difference is taken off.
    """

    relation: str
    higher: str
    lower: str
    per_seed: dict[int, float]
    left: dict[int, float]


@dataclass(frozen=True, eq=False)
class Squares:
    """Accuracies of one factor, from the seeds that have all of its values, sources and targets.

    Attributes:
        factor: whose.
        seeds: S of them.
        values: V of the factor, in the table's order.
        accuracies: (S, V, 2, 2) float64 in [0, 1]: source by target, both in the order P, Q.
        num_test_samples: images that each accuracy rests on.
    """

    factor: str
    seeds: tuple[int, ...]
    values: tuple[str, ...]
    accuracies: Floats
    num_test_samples: int

    @property
    def by_relation(self) -> dict[str, Floats]:
        """Of each relation (S, V, 2): its accuracies on the targets P and Q."""
        targets = np.arange(len(TARGETS))
        sources = {"same": targets, "disjoint": targets[::-1]}
        return {relation: self.accuracies[:, :, sources[relation], targets] for relation in RELATIONS}

    @property
    def effects(self) -> Floats:
        """(S, V, 2): on target P, PP - QP; on target Q, QQ - PQ."""
        by_relation = self.by_relation
        return by_relation["same"] - by_relation["disjoint"]

    @property
    def gaps(self) -> dict[int, float]:
        """Of each seed the gain from matching: the mean of both effects, over all values."""
        return {seed: float(effects.mean()) for seed, effects in zip(self.seeds, self.effects, strict=True)}

    @property
    def logits(self) -> Squares:
        """The same on the scale of log odds, of (k + 1/2) / (n + 1) with k of n images right, so that all is finite."""
        num = self.num_test_samples
        share = (self.accuracies * num + 0.5) / (num + 1)
        return replace(self, accuracies=np.log(share / (1 - share)))

    def effect_on(self, target: str) -> dict[int, float]:
        """Of each seed the effect on one target, over all values."""
        effects = self.effects[:, :, TARGETS.index(target)]
        return {seed: float(of_seed.mean()) for seed, of_seed in zip(self.seeds, effects, strict=True)}

    def moves(self) -> list[Move]:
        """Every ordered pair of values, within same and within disjoint."""
        gaps = self.gaps
        found = []
        for relation, accuracies in self.by_relation.items():
            levels = accuracies.mean(axis=2)
            for high, low in permutations(range(len(self.values)), 2):
                differences = (levels[:, high] - levels[:, low]).tolist()
                per_seed = dict(zip(self.seeds, differences, strict=True))
                left = {seed: gaps[seed] - move for seed, move in per_seed.items()}
                found.append(Move(relation, self.values[high], self.values[low], per_seed, left))
        return found

    def reversals(self) -> list[tuple[int, str, str]]:
        """Seed, value and target of every effect by which disjoint beats same."""
        found = np.argwhere(self.effects < 0).tolist()
        return [(self.seeds[seed], self.values[value], TARGETS[target]) for seed, value, target in found]


def squares_of(table: pd.DataFrame, factor: str, value: str | None = None) -> Squares:
    """The 2 x 2s of a factor.

    Args:
        table: results, whole or partial.
        factor: one of those in the table.
        value: the only one that is asked for; None for all.
    """
    chosen = table[(table["factor"] == factor) & table["source"].isin(TARGETS)]
    chosen = chosen.assign(value=chosen["value"].astype(str))
    if value is not None:
        chosen = chosen[chosen["value"] == value]
    values = tuple(dict.fromkeys(chosen["value"]))
    wide = chosen.pivot_table(index="seed", columns=["value", "source", "target"], values="transfer_accuracy")
    cells = pd.MultiIndex.from_product([values, TARGETS, TARGETS])
    wide = wide.reindex(columns=cells).dropna() if len(wide) else pd.DataFrame(columns=cells, dtype=float)
    return Squares(
        factor,
        tuple(int(seed) for seed in wide.index),
        values,
        wide.to_numpy(np.float64).reshape(len(wide), len(values), len(TARGETS), len(TARGETS)),
        int(chosen["num_test_samples"].max()) if len(chosen) else 0,
    )


def largest_move(moves: list[Move]) -> Move:
    """The one that leaves least of the gap, in the mean over seeds."""
    return min(moves, key=lambda move: t_interval(move.left.values()).estimate)


def bonferroni(numbers: dict[int, float], num: int) -> Interval:
    """A mean over seeds with the 95 % interval of one that was picked out of ``num``."""
    return t_interval(numbers.values(), 1 - 0.05 / num)
