"""What a network in training would reach on another task if it were transferred now, for people who watch it learn.

A small linear probe, about ten times a training. It is told of and decides nothing: network, optimiser and random
states are left as they are, it is no part of a run's identity, and who does not ask for it does not pay for it. It is
taken on images of the target's validation split, so that its test split is looked at once, by the transfer itself.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from invariance.data.engine import Engine
from invariance.events import CancelFlag, Cancelled
from invariance.models import Classifier
from invariance.spec import DatasetSpec
from invariance.training.evaluation import in_batches, mean_class_accuracy
from invariance.training.feed import Feed, Rendered
from invariance.training.probe import fit_linear, solved
from invariance.training.threads import threads_of
from invariance.training.train_state import TrainState
from invariance.vocabulary.target_probe import NUM_SHOWN, TARGET_ACCURACY, answer_metric

NUM_TRAIN: Final = 240
NUM_VALIDATION: Final = 240
MAX_PROBES: Final = 10
"""In a training, not counting the one before its first step."""
COST_SHARE: Final = 0.10
"""Of a training's cost that its probes may come to; ``benchmarks.target_probe_cost`` measures what they do."""
_MAX_ITERATIONS = 25  # of the solver: the last digits of an accuracy on few images are not worth more
_PASSES_OF_A_STEP = 3.0  # forward and backward, in forward passes
_PASSES_OF_A_PROBE = 1.25  # forward, and the solver


class TargetProbe:
    """The images of a target task, and when they are looked at.

    Args:
        data: the target task.
        device: of the training.
        cancelled: asked on the way.

    Raises:
        SpecError: the data set cannot be used.
    """

    def __init__(self, data: DatasetSpec, device: str, cancelled: CancelFlag) -> None:
        engine = Engine(data, device)
        self._num_classes, self._cancelled = engine.num_classes, cancelled
        self._train = Rendered(*engine.render(engine.indices("train", NUM_TRAIN)))
        self._held_out = Rendered(*engine.render(engine.indices("validation", NUM_VALIDATION)))
        self._shown = shown_positions(engine)

    def is_due(self, train_state: TrainState, feed: Feed) -> bool:
        """Whether a probe belongs to the step that a training is at and has not been taken there.

        A function of the step alone, so that a training that was stopped goes on with the same curve.
        """
        num = num_probes(feed.num_images)
        if num == 0 or not is_probed(train_state.step, feed.num_steps, num):
            return False
        past = reversed(train_state.history)
        return not any(TARGET_ACCURACY in one["metrics"] for one in past if one["step"] == train_state.step)

    def measure(self, train_state: TrainState) -> dict[str, float]:
        """The accuracy, in [0, 1], and what the network says of the images that are shown, as class numbers.

        Nothing if the representation has no finite values, or somebody asks the training to stop.
        """
        model, precision = train_state.model, train_state.precision
        was_training = model.training
        model.eval()
        try:
            seen, held_out = (
                in_batches(model.representation, each.images, cancelled=self._cancelled, precision=precision)
                for each in (self._train, self._held_out)
            )
            if not (seen.isfinite().all() and held_out.isfinite().all()):
                return {}
            head = solved(
                fit_linear(
                    seen,
                    self._train.labels,
                    self._num_classes,
                    max_iterations=_MAX_ITERATIONS,
                    cancelled=self._cancelled,
                )
            )
        except Cancelled:  # the training notices it too, and saves itself
            return {}
        finally:
            model.train(was_training)
        with torch.no_grad():
            said = head(held_out).argmax(dim=1)
        answers = {answer_metric(number): float(said[position]) for number, position in enumerate(self._shown)}
        return {TARGET_ACCURACY: mean_class_accuracy(said, self._held_out.labels), **answers}


def num_probes(num_images: int) -> int:
    """How many probes a training has after its start, at most :data:`MAX_PROBES`; a short one has fewer, or none.

    Args:
        num_images: that it sees, repetitions counted.
    """
    cost = _PASSES_OF_A_PROBE * (NUM_TRAIN + NUM_VALIDATION)
    return min(MAX_PROBES, round(COST_SHARE * _PASSES_OF_A_STEP * num_images / cost))


def is_probed(step: int, num_steps: int, num: int) -> bool:
    """Whether a step is one of ``num`` evenly spaced ones that end with the last, or none is taken yet."""
    return step == 0 or step * num // num_steps > (step - 1) * num // num_steps


def shown_positions(engine: Engine) -> list[int]:
    """Which images of the validation split are shown one by one: the first ones of different classes."""
    labels = engine.labels(engine.indices("validation", NUM_VALIDATION)).tolist()
    first = list(dict.fromkeys(labels.index(label) for label in labels))
    others = [position for position in range(len(labels)) if position not in first]
    return (first + others)[:NUM_SHOWN]


def shown_images(engine: Engine) -> tuple[NDArray[np.uint8], list[int]]:
    """The images of :func:`shown_positions`, for who watches: (N, S, S, 3), and their class numbers."""
    images, labels = _shown(engine)
    return images.permute(0, 2, 3, 1).cpu().numpy(), labels.tolist()


def shown_answers(model: Classifier, engine: Engine) -> list[int]:
    """What a network that was put to the task says of these images, as class numbers.

    Args:
        model: in eval mode, on the engine's device, with the classes of the task.
        engine: of the task.
    """
    images, _ = _shown(engine)
    with threads_of([model.architecture], engine.device):
        return in_batches(model, images).argmax(dim=1).tolist()


def _shown(engine: Engine) -> tuple[torch.Tensor, torch.Tensor]:
    return engine.render(engine.indices("validation", NUM_VALIDATION)[shown_positions(engine)])
