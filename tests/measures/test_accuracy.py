"""Accuracies with intervals over objects and backgrounds, and when two networks differ."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from invariance.measures.accuracy import accuracies_of, difference
from invariance.training.answers import Answers
from invariance.training.evaluation import mean_class_accuracy

NUM_BACKGROUNDS = 20


def answers(correct: np.ndarray, labels: np.ndarray, backgrounds: np.ndarray) -> Answers:
    return Answers(labels, backgrounds, np.where(correct, labels, labels + 1))


def test_values_by_hand() -> None:
    labels, backgrounds = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])
    first = answers(np.array([True, False, True, False]), labels, backgrounds)
    second = answers(np.array([True, True, True, True]), labels, backgrounds)
    found = accuracies_of([first, second])
    assert found.values.tolist() == pytest.approx([(2 / 3 + 0) / 2, 1.0])
    assert (found.num_images, found.num_objects, found.num_backgrounds) == (4, 2, 2)
    predicted, true = (torch.from_numpy(each) for each in (first.predicted, first.labels))
    assert float(found.values[0]) == pytest.approx(mean_class_accuracy(predicted, true))
    assert difference(second, first).estimate == pytest.approx(2 / 3)
    # 4 of 4 and 4/3 of 4 right.
    logits = found.interval([1.0, 0.0], found.logits), found.interval([0.0, 1.0], found.logits)
    assert [each.estimate for each in logits] == pytest.approx([math.log((4 / 3 + 0.5) / (8 / 3 + 0.5)), math.log(9)])


def test_other_images_are_refused() -> None:
    labels, backgrounds = np.array([0, 1]), np.array([0, 1])
    one = answers(np.array([True, True]), labels, backgrounds)
    for other in (answers(one.labels == 0, labels[::-1], backgrounds), answers(one.labels == 0, labels, labels * 0)):
        with pytest.raises(ValueError, match="other test images"):
            difference(one, other)


def test_noise_is_another_background_behind_every_image() -> None:
    labels = np.repeat(np.arange(4), 10)
    found = accuracies_of([answers(np.arange(40) % 2 == 0, labels, np.full(40, -1))], num_resamples=400)
    assert found.num_backgrounds == 40
    interval = found.interval([1.0])
    assert interval.estimate == 0.5 and 0.05 < interval.low < 0.35 and interval.high == pytest.approx(1 - interval.low)


def called_different(gap: float, num_objects: int, *, num_trials: int, seed: int) -> float:
    """How often two networks are called different whose objects and backgrounds are hard for both, and for each."""
    generator = np.random.default_rng(seed)
    labels, backgrounds = (generator.integers(num, size=600) for num in (num_objects, NUM_BACKGROUNDS))

    def of_images() -> np.ndarray:
        return 0.8 * (generator.normal(size=num_objects)[labels] + generator.normal(size=NUM_BACKGROUNDS)[backgrounds])

    called = 0
    for _ in range(num_trials):
        hard, said = of_images(), []
        for shift in (0.0, gap):
            own = of_images()
            correct = hard + own + shift + generator.logistic(size=600) > 0
            said.append(answers(correct, labels, backgrounds))
        found = accuracies_of(said, num_resamples=400)
        called += found.interval([1.0, -1.0]).side != 0
    return called / num_trials


@pytest.mark.parametrize("num_objects", [3, 12])
def test_networks_that_do_not_differ_are_seldom_called_different(num_objects: int) -> None:
    assert called_different(0.0, num_objects, num_trials=400, seed=0) <= 0.05


def test_networks_that_differ_much_are_called_different() -> None:
    assert called_different(2.5, 12, num_trials=50, seed=1) >= 0.9


def test_one_object_on_one_colour_says_nothing_of_others() -> None:
    said = answers(np.array([True, False]), np.array([0, 0]), np.array([4, 4]))
    interval = accuracies_of([said]).interval([1.0])
    assert interval.estimate == 0.5 and math.isnan(interval.low) and interval.side == 0
