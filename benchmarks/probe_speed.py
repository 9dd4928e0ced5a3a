"""A linear probe solved on features extracted once, beside one trained as the paper did: part of ``bench train``.

The paper trains the last layer by Adam for 200 epochs, and every epoch sends every image through the frozen backbone
again. The backbone and its batch norm are in eval mode and take no gradient, so an image has the same features in
every epoch: the head that comes out, and hence its accuracy, is the same whether they are computed again or kept.
The benchmark therefore trains the paper's head in full on kept features, for its accuracy, and times some epochs with
the backbone in them, for its time.

Both start from images on the device, in bytes; the paper's loop made its images again in each epoch, which is left out.
The paper's way is in float32, as loops usually are; the project's in its own precision, float32 where that is faster.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.data_speed import synchronise
from invariance.data.engine import Engine
from invariance.models import Classifier
from invariance.runs.gallery import entry
from invariance.spec import TransferSpec
from invariance.training.checkpoint import load_weights
from invariance.training.evaluation import in_batches, mean_class_accuracy
from invariance.training.feed import Rendered
from invariance.training.loop import render_split
from invariance.training.precision import Precision
from invariance.training.probe import fit_linear, solved

BACKBONE, TASK = "matched", "matched-transfer"
EPOCHS, LEARNING_RATE, BATCH_SIZE = 200, 1e-3, 512
GOAL_TIMES, GOAL_ACCURACY_LOSS = 50.0, 0.005

Representation = Callable[[Tensor], Tensor]
"""Maps a batch of a probe's inputs to features (B, F) float32."""


@dataclass(frozen=True)
class Settings:
    """How to measure.

    Attributes:
        threads: of torch.
        rounds: each has a target set of its own.
        timed_epochs: of Adam in a round, from which the time of all 200 is estimated.
        num_samples: of the target set; None is that of the gallery's task.
        num_test_samples: on which the accuracies are measured.
        device: where.
    """

    threads: int = 2
    rounds: int = 5
    timed_epochs: int = 10
    num_samples: int | None = None
    num_test_samples: int = 10_000
    device: str = "cpu"


def new_head(num_features: int, num_classes: int, *, seed: int, device: torch.device) -> nn.Linear:
    """A last layer with torch's own initial weights; torch's global generator is put back."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Linear(num_features, num_classes).to(device)


def train_head(
    head: nn.Linear, inputs: Tensor, labels: Tensor, *, represent: Representation, epochs: int, seed: int
) -> None:
    """The paper's linear probe: Adam on the last layer, constant learning rate.

    Args:
        head: changed.
        inputs: (N, …), images or their features.
        labels: (N,) int64.
        represent: the frozen part, from inputs to features.
        epochs: passes over the inputs.
        seed: of their order.
    """
    optimiser = torch.optim.Adam(head.parameters(), lr=LEARNING_RATE, fused=labels.is_cuda)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        for chosen in torch.randperm(len(labels), generator=generator).to(labels.device).split(BATCH_SIZE):
            with torch.no_grad():
                features = represent(inputs[chosen])
            loss = F.cross_entropy(head(features), labels[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()


def frozen(model: Classifier) -> Representation:
    """Bytes (B, 3, S, S) through a backbone in eval mode, in float32 as in the usual loop of ``train_speed``."""
    assert not model.training
    return model.representation


def solve(model: Classifier, samples: Rendered, num_classes: int) -> nn.Linear:
    """The project's linear probe, extraction of the features included."""
    features = in_batches(model.representation, samples.images)
    return solved(fit_linear(features, samples.labels, num_classes))


def accuracy(head: nn.Linear, features: Tensor, labels: Tensor) -> float:
    """Mean of per-class accuracies, in [0, 1]."""
    with torch.no_grad():
        return mean_class_accuracy(head(features).argmax(dim=1), labels)


class Probes:
    """The backbone and the target task of the gallery, with the test set's features extracted."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        task = entry(TASK).spec
        assert isinstance(task, TransferSpec)
        self.model = load_weights(entry(BACKBONE).path, settings.device).eval()
        self.engine = Engine(task.data, settings.device)
        self.num_samples = settings.num_samples or task.data.num_samples or 0
        test = render_split(self.engine, "test", settings.num_test_samples)
        self._test_features = in_batches(self.model.representation, test.images)
        self._test_labels = test.labels

    def round(self, number: int) -> dict[str, float]:
        """Times both on a target set of this round's own.

        Returns:
            ``probe_seconds``; ``adam_seconds``, estimated for all epochs; ``probe_accuracy`` and ``adam_accuracy`` on
            the test set.
        """
        settings, engine = self.settings, self.engine
        images, labels = engine.render(engine.indices("train", self.num_samples) + number * self.num_samples)
        probe_seconds, probe = self._timed(lambda: solve(self.model, Rendered(images, labels), engine.num_classes))
        represent = frozen(self.model)
        adam_seconds, _ = self._timed(
            lambda: train_head(
                self._head(number), images, labels, represent=represent, epochs=settings.timed_epochs, seed=number
            )
        )
        kept = in_batches(self.model.representation, images, precision=Precision("float32"))
        head = self._head(number)
        train_head(head, kept, labels, represent=lambda features: features, epochs=EPOCHS, seed=number)
        return {
            "probe_seconds": probe_seconds,
            "adam_seconds": adam_seconds * EPOCHS / settings.timed_epochs,
            "probe_accuracy": accuracy(probe, self._test_features, self._test_labels),
            "adam_accuracy": accuracy(head, self._test_features, self._test_labels),
        }

    def _head(self, seed: int) -> nn.Linear:
        return new_head(
            self.model.num_features, self.engine.num_classes, seed=seed, device=torch.device(self.settings.device)
        )

    def _timed(self, work: Callable[[], Any]) -> tuple[float, Any]:
        synchronise(self.settings.device)
        start = time.perf_counter()
        result = work()
        synchronise(self.settings.device)
        return time.perf_counter() - start, result


def measure(settings: Settings) -> dict[str, Any]:
    """All rounds, after one that is not counted.

    Returns:
        As of :func:`summarise`, with what was measured: ``backbone``, ``transforms``, ``num_classes``,
        ``num_samples``, ``num_test_samples``, ``epochs`` and ``timed_epochs``.
    """
    threads_before = torch.get_num_threads()
    torch.set_num_threads(settings.threads)
    try:
        probes = Probes(settings)
        probes.round(settings.rounds)
        rounds = [probes.round(number) for number in range(settings.rounds)]
    finally:
        torch.set_num_threads(threads_before)
    return {
        **summarise(rounds),
        "backbone": BACKBONE,
        "transforms": list(probes.engine.spec.transforms),
        "num_classes": probes.engine.num_classes,
        "num_samples": probes.num_samples,
        "num_test_samples": settings.num_test_samples,
        "epochs": EPOCHS,
        "timed_epochs": settings.timed_epochs,
    }


def summarise(rounds: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Medians over rounds of what :meth:`Probes.round` returns, with ``times_faster`` and ``accuracy_gain``.

    Both compare within a round: seconds of Adam to those of the probe, accuracy of the probe less that of Adam.
    """
    row: dict[str, Any] = {name: statistics.median(values[name] for values in rounds) for name in rounds[0]}
    row["times_faster"] = statistics.median(values["adam_seconds"] / values["probe_seconds"] for values in rounds)
    row["accuracy_gain"] = statistics.median(values["probe_accuracy"] - values["adam_accuracy"] for values in rounds)
    return row
