"""Does matching help? Two compositions P and Q, each a source and a target, judged both ways round.

On target P the matched network is the one of P, on target Q the one of Q. That P's network is better on P may mean that
it is better anywhere; only where each is better on its own target does the match make the difference. The mean of both
differences is the interaction of source and target, the gain from matching: what makes one source better, or one target
easier, on both sides cancels in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from torch import Tensor

from invariance.measures.accuracy import Accuracies, accuracies_of
from invariance.numbers import format_number
from invariance.statistics import Interval, t_interval
from invariance.studies.verdicts import FEWEST_SEEDS, SETTLED_SEEDS
from invariance.training.answers import Answers

Place = tuple[tuple[str, ...], tuple[str, ...]]
"""Compositions of a network's pretraining and of its target task."""
CONTRASTS: Final = ("PP - QP", "QQ - PQ")
"""What the simple effects are called: source and target of either side."""


class Matching(StrEnum):
    """What a run, or several seeds, say of matching."""

    HELPS = "matching helps"
    HARMS = "matching harms"
    SCALE = "depends on the scale"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class TwoByTwo:
    """Both simple effects and their mean, with 95 % intervals.

    With one seed an interval is over objects and backgrounds of the test images; with several, Student's over seeds.

    Attributes:
        simple_effects: accuracy of the matched network less that of the other one, on P and on Q.
        interaction: their mean, the gain from matching.
        interaction_logits: the same on the log odds of the accuracies.
        num_images: of each test.
        num_objects: among them.
        num_backgrounds: among them.
        num_seeds: 1 for one run.
    """

    simple_effects: tuple[Interval, Interval]
    interaction: Interval
    interaction_logits: Interval
    num_images: int
    num_objects: int
    num_backgrounds: int
    num_seeds: int

    @property
    def matching(self) -> Matching:
        """Helps where both simple effects lie above 0, and so does the interaction on either scale.

        Two seeds have numbers only, as everywhere.
        """
        if 1 < self.num_seeds < FEWEST_SEEDS:
            return Matching.UNDECIDED
        sides = {effect.side for effect in self.simple_effects}
        gains = {self.interaction.side, self.interaction_logits.side}
        if sides == gains == {1}:
            return Matching.HELPS
        if sides == gains == {-1}:
            return Matching.HARMS
        return Matching.UNDECIDED if gains == {0} else Matching.SCALE

    def statement(self, titles: tuple[str, str]) -> str:
        """The judgement in words, with its numbers and what they rest on.

        Args:
            titles: of P and Q.
        """
        on = "On this run" if self.num_seeds == 1 else f"Over these {self.num_seeds} seeds"
        if 1 < self.num_seeds < SETTLED_SEEDS:
            on += ", too few for a verdict," if self.num_seeds < FEWEST_SEEDS else ", preliminary,"
        said = {
            Matching.HELPS: f"{on} matching helps, both ways round",
            Matching.HARMS: f"{on} matching harms, both ways round",
            Matching.SCALE: f"{on} whether matching helps depends on the scale",
            Matching.UNDECIDED: f"{on} it is undecided whether matching helps",
        }[self.matching]
        effects = " and ".join(
            f"{points(effect)} on {title}" for effect, title in zip(self.simple_effects, titles, strict=True)
        )
        rests = f"n = {self.num_images:,} test images of {self.num_objects} objects"
        if self.num_seeds > 1:
            rests = f"n = {self.num_seeds} seeds with {self.num_images:,} test images each"
        return (
            f"{said}: the matched network is ahead by {effects}. The gain from matching, the mean of both, is "
            f"{points(self.interaction)}, or {self.interaction_logits} in logits. {rests}; other transformations and "
            "other seeds give other numbers."
        )


def points(difference: Interval) -> str:
    """A difference of accuracies in points of a hundred, with its interval."""
    ends = f" [{format_number(100 * difference.low, 1)}, {format_number(100 * difference.high, 1)}]"
    return f"{format_number(100 * difference.estimate, 1)} points{ends if difference.low == difference.low else ''}"


def judge(first: tuple[str, ...], second: tuple[str, ...], seeds: Sequence[Mapping[Place, Answers]]) -> TwoByTwo:
    """Judges one run, or several seeds of it.

    Args:
        first: P.
        second: Q.
        seeds: for each seed what the networks of P and Q said on the targets P and Q, whose test images show the same
            objects on the same backgrounds.

    Raises:
        ValueError: they show others.
    """
    places = [(source, target) for target in (first, second) for source in (first, second)]
    found = [accuracies_of([answers[place] for place in places]) for answers in seeds]

    def effect(*weights: float, is_logit: bool = False) -> Interval:
        def of(one: Accuracies) -> Interval:
            scale: Callable[[Tensor], Tensor] = one.logits if is_logit else lambda accuracies: accuracies
            return one.interval(weights, scale)

        intervals = [of(one) for one in found]
        return intervals[0] if len(found) == 1 else t_interval(interval.estimate for interval in intervals)

    return TwoByTwo(
        simple_effects=(effect(1, -1, 0, 0), effect(0, 0, -1, 1)),
        interaction=effect(0.5, -0.5, -0.5, 0.5),
        interaction_logits=effect(0.5, -0.5, -0.5, 0.5, is_logit=True),
        num_images=found[0].num_images,
        num_objects=found[0].num_objects,
        num_backgrounds=found[0].num_backgrounds,
        num_seeds=len(found),
    )
