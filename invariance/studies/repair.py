"""What comes back: a mismatched network is trained further on images of the target task. A question of our own.

Two compositions, P and Q, one transformation of each category and none in common. A network pretrained on P (matched),
one on Q (mismatched) and one with its first weights (untrained) are trained on 10 to 5,000 images of a task that varies
P: the last block, or all weights, for as many steps each, at the learning rate that does best on the task's validation
split. After each, the accuracy on the task, the sens-score to P and how well the values of P can be decoded are taken.

The paper does not ask this, so nothing is published to compare with. The side of every finding was written down before
there were results, and so was what counts: half of the gap for a share, which is told of gaps above 0.1 alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Final

import numpy as np
import pandas as pd

from invariance.fits import slope
from invariance.numbers import format_number
from invariance.statistics import Interval, ratio_interval, t_interval
from invariance.studies.findings import NOT_IN_THE_PAPER, Contrast, Finding, Measured, told
from invariance.studies.own_data import Groups
from invariance.studies.repair_grid import (
    ALL,
    COLUMNS,
    FROZEN,
    LAST_BLOCK,
    MATCHED,
    MISMATCHED,
    SCALES,
    UNTRAINED,
    one_seed,
)
from invariance.studies.study import Design
from invariance.studies.verdicts import judge

LEAST_GAP: Final = 0.1
"""Of which a share is told: above it with all of its interval."""
MOST_OF_THE_GAP: Final = 0.5
"""A share that is to be exceeded."""


@dataclass(frozen=True)
class Repairs:
    """A table of the study, asked for one column by seed.

    Attributes:
        table: whole or partial.
    """

    table: pd.DataFrame

    @cached_property
    def nums_images(self) -> list[int]:
        """Numbers of images, from the fewest to the most; of no results, those of the quick scale."""
        return sorted({int(num) for num in self.table["num_images"]}) or list(SCALES["quick"].nums_images)

    @cached_property
    def _cells(self) -> dict[tuple[str, str, int], pd.DataFrame]:
        """Rows by network, what was trained of it and on how many images; in each one a seed."""
        groups: dict[Any, pd.DataFrame] = dict(iter(self.table.groupby(["source", "trained", "num_images"])))
        return {(one, way, int(num)): rows.set_index("seed") for (one, way, num), rows in groups.items()}

    def of(self, source: str, trained: str, num_images: int, column: str = "accuracy") -> pd.Series:
        """A column by seed; empty where there is nothing yet."""
        found = self._cells.get((source, trained, num_images))
        return pd.Series(dtype=float) if found is None else found[column].astype(float).dropna()

    def gap(self, trained: str, num_images: int) -> pd.Series:
        """By seed: what there is to make good, the matched network trained further less the mismatched one as it is."""
        return self.of(MATCHED, trained, num_images) - self.of(MISMATCHED, FROZEN, num_images)

    def gain(self, trained: str, num_images: int) -> pd.Series:
        """By seed: what training the mismatched network further adds to its accuracy as it is."""
        return self.of(MISMATCHED, trained, num_images) - self.of(MISMATCHED, FROZEN, num_images)

    def share(self, trained: str, num_images: int) -> Interval | None:
        """Of the gap that is made good, with Fieller's interval; None where the gap is too small to tell one."""
        parts = {"gain": self.gain(trained, num_images), "gap": self.gap(trained, num_images)}
        both = pd.concat(parts, axis=1).dropna()
        if not t_interval(both["gap"]).low > LEAST_GAP:  # NaN with one seed
            return None
        return ratio_interval(both["gain"], both["gap"])


def conclude(table: pd.DataFrame) -> list[Finding]:
    """How much of the gap is made good by what, whether invariance returns, and what the mismatched start is worth."""
    repairs = Repairs(table)
    return judge(
        [
            _gap(repairs),
            _gain(repairs, repairs.nums_images[-1], "repair_helps"),
            _gain(repairs, repairs.nums_images[0], "few_images_help"),
            *_shares(repairs),
            _all_beat_last_block(repairs),
            _gap_closes(repairs),
            _beats_untrained(repairs),
            _invariance_returns(repairs),
            _values_fade(repairs),
        ]
    )


def _mean(values: pd.Series, effects: pd.Series) -> str:
    """Over the seeds that an effect has."""
    return format_number(float(values.reindex(effects.dropna().index).mean()))


def _gap(repairs: Repairs) -> Measured:
    most = repairs.nums_images[-1]
    matched, mismatched = repairs.of(MATCHED, ALL, most), repairs.of(MISMATCHED, FROZEN, most)
    gaps, of_last_block = repairs.gap(ALL, most), repairs.gap(LAST_BLOCK, most)

    def say(measured: Interval) -> str:
        return (
            f"On {most:,} target images the matched network gets {_mean(matched, gaps)} with all weights trained, the "
            f"mismatched one as it is {_mean(mismatched, gaps)}: a gap of {told(measured)}, or of "
            f"{told(t_interval(of_last_block.dropna()))} with the last block trained; a share is told of one that "
            f"exceeds {format_number(LEAST_GAP)} with its interval; {NOT_IN_THE_PAPER}"
        )

    return Measured(name="gap", say=say, per_seed=gaps)


def _gain(repairs: Repairs, num: int, name: str) -> Measured:
    before, after = repairs.of(MISMATCHED, FROZEN, num), repairs.of(MISMATCHED, ALL, num)
    gains = repairs.gain(ALL, num)

    def say(measured: Interval) -> str:
        return (
            f"All weights of the mismatched network trained on {num:,} target images bring it from "
            f"{_mean(before, gains)} to {_mean(after, gains)}, a gain of {told(measured)}; {NOT_IN_THE_PAPER}"
        )

    return Measured(name=name, say=say, per_seed=gains)


def _shares(repairs: Repairs) -> Iterator[Measured]:
    """Of the gap, by what is trained; those that cannot be told are no findings, and the gap says why."""
    most = repairs.nums_images[-1]
    for trained, name, what in (
        (ALL, "all_weights_make_good", "All weights"),
        (LAST_BLOCK, "last_block_makes_good", "The last block"),
    ):
        if repairs.share(trained, most) is not None:
            yield Measured(
                name=name,
                say=partial(_say_share, f"{what} trained on {most:,} target images"),
                per_seed=repairs.gain(trained, most),
                denominators=repairs.gap(trained, most),
                above=MOST_OF_THE_GAP,
            )


def _say_share(how: str, measured: Interval) -> str:
    return (
        f"{how}: the share of the gap made good is {told(measured)}, stated beforehand: above "
        f"{format_number(MOST_OF_THE_GAP)}; {NOT_IN_THE_PAPER}"
    )


def _all_beat_last_block(repairs: Repairs) -> Measured:
    most = repairs.nums_images[-1]
    every, last = (repairs.of(MISMATCHED, trained, most) for trained in (ALL, LAST_BLOCK))
    gains = every - last

    def say(measured: Interval) -> str:
        return (
            f"On {most:,} target images the mismatched network gets {_mean(every, gains)} with all weights trained and "
            f"{_mean(last, gains)} with the last block alone, a difference of {told(measured)}; {NOT_IN_THE_PAPER}"
        )

    return Measured(name="all_weights_beat_last_block", say=say, per_seed=gains)


def _gap_closes(repairs: Repairs) -> Measured:
    """What is left of the gap after both networks were treated alike, over the logarithm of the number of images."""
    nums = repairs.nums_images
    left = pd.concat(
        [repairs.of(MATCHED, ALL, num) - repairs.of(MISMATCHED, ALL, num) for num in nums], axis=1
    ).dropna()
    falls = {seed: -slope(np.log10(nums), row) for seed, row in left.iterrows()} if len(nums) > 1 else {}

    def say(measured: Interval) -> str:
        fewest, most = (format_number(float(left.iloc[:, place].mean())) for place in (0, -1))
        return (
            f"With all weights of both trained, matched and mismatched network are {fewest} apart on {nums[0]:,} "
            f"target images and {most} on {nums[-1]:,}: {told(measured)} less for ten times as many; {NOT_IN_THE_PAPER}"
        )

    return Measured(name="gap_closes", say=say, per_seed=falls)


def _beats_untrained(repairs: Repairs) -> Measured:
    """What a mismatched pretraining is still worth, on every number of images."""
    nums = repairs.nums_images
    ahead = {num: repairs.of(MISMATCHED, ALL, num) - repairs.of(UNTRAINED, ALL, num) for num in nums}
    over_all = pd.concat(list(ahead.values()), axis=1).mean(axis=1, skipna=False)

    def say(measured: Interval) -> str:
        known = over_all.dropna().index
        listed = ", ".join(f"{format_number(float(one[known].mean()))} on {num:,}" for num, one in ahead.items())
        return (
            f"With all weights trained on the same target images the mismatched network is {told(measured)} ahead of "
            f"an untrained one: {listed}; {NOT_IN_THE_PAPER}"
        )

    contrasts = [Contrast(f"{num:,} images", one) for num, one in ahead.items()]
    return Measured(name="beats_untrained", say=say, per_seed=over_all, contrasts=contrasts)


def _before_and_after(repairs: Repairs, column: str) -> tuple[pd.Series, pd.Series, pd.Series]:
    """A score of the mismatched network as it is, with all weights trained, and of the matched one so trained."""
    most = repairs.nums_images[-1]
    of = partial(repairs.of, num_images=most, column=column)
    return of(MISMATCHED, FROZEN), of(MISMATCHED, ALL), of(MATCHED, ALL)


def _invariance_returns(repairs: Repairs) -> Measured:
    most = repairs.nums_images[-1]
    before, after, matched = _before_and_after(repairs, "sens")
    falls = before - after

    def say(measured: Interval) -> str:
        return (
            f"All weights trained on {most:,} target images, the mismatched network's sens-score to the target's "
            f"transformations goes from {_mean(before, falls)} to {_mean(after, falls)}, the matched one's to "
            f"{_mean(matched, falls)}: a fall of {told(measured)}; {NOT_IN_THE_PAPER}"
        )

    return Measured(name="invariance_returns", say=say, per_seed=falls)


def _values_fade(repairs: Repairs) -> Measured:
    """Exploratory, since both ways could be argued: better features say more, invariance says less."""
    most = repairs.nums_images[-1]
    before, after, matched = _before_and_after(repairs, "skill")
    falls = before - after

    def say(measured: Interval) -> str:
        return (
            f"All weights trained on {most:,} target images, values of the target's transformations are decoded from "
            f"the mismatched network with {_mean(after, falls)} where it had {_mean(before, falls)} (matched "
            f"{_mean(matched, falls)}): {told(measured)} less; {NOT_IN_THE_PAPER}"
        )

    return Measured(name="values_fade", say=say, per_seed=falls, confirmatory=False)


DESIGN: Final = Design(
    scales=SCALES,
    columns=COLUMNS,
    parts=one_seed,
    conclude=conclude,
    groups=Groups(("to pretrain on", "of the target task")),
)
