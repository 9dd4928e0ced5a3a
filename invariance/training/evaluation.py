"""Accuracy and loss of a network on a finite set."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from invariance.events import CancelFlag, Cancelled, never
from invariance.models import Classifier, images_at_once
from invariance.models.checks import require_network
from invariance.training.feed import Rendered
from invariance.training.precision import FULL, Precision


@dataclass(frozen=True)
class Evaluation:
    """What a network does on a set of samples.

    Attributes:
        accuracy: mean over classes of the share of each class that is recognised, in [0, 1].
        loss: mean cross entropy over samples, in nats.
    """

    accuracy: float
    loss: float


def mean_class_accuracy(predictions: Tensor, labels: Tensor) -> float:
    """Mean of per-class accuracies (the paper's accuracy), over the classes that occur; NaN if there are none.

    Args:
        predictions: (N,) int64 class numbers.
        labels: (N,) int64 class numbers.
    """
    if len(labels) == 0:
        return math.nan
    correct = (predictions == labels).to(torch.float64)
    totals = torch.bincount(labels)
    hits = torch.bincount(labels, weights=correct)
    present = totals > 0
    return float((hits[present] / totals[present]).mean())


def in_batches(
    apply: Callable[[Tensor], Tensor], images: Tensor, *, cancelled: CancelFlag = never, precision: Precision = FULL
) -> Tensor:
    """Applies a part of a network in eval mode to many images.

    Args:
        apply: maps (B, 3, H, W) uint8 to (B, D), for example ``model.representation``. A network, or a method of
            one, gets as many images at once as it takes.
        images: (N, 3, H, W) uint8.
        cancelled: asked before every batch.
        precision: of the network's products.

    Returns:
        (N, D) float32 on the device of the images.

    Raises:
        Cancelled: the flag was set.
    """
    return torch.cat(list(batch_by_batch(apply, images, cancelled=cancelled, precision=precision)))


def batch_by_batch(
    apply: Callable[[Tensor], Tensor], images: Tensor, *, cancelled: CancelFlag = never, precision: Precision = FULL
) -> Iterator[Tensor]:
    """The pieces of :func:`in_batches`, each when it is done, for those who want to say how far they are."""
    require_network(apply, "network")
    for part in images.split(images_at_once(apply, images)):
        if cancelled():
            raise Cancelled
        with torch.no_grad(), precision.products(images.device), precision.autocast(images.device):
            output = apply(part).to(torch.float32)
        yield output


def evaluate(
    model: Classifier, samples: Rendered, *, cancelled: CancelFlag = never, precision: Precision = FULL
) -> Evaluation:
    """Accuracy and loss in eval mode; the network's mode is put back afterwards."""
    was_training = model.training
    model.eval()
    try:
        logits = in_batches(model, samples.images, cancelled=cancelled, precision=precision)
    finally:
        model.train(was_training)
    return evaluation_of(logits, samples.labels)


def evaluation_of(logits: Tensor, labels: Tensor) -> Evaluation:
    """Accuracy and loss of logits (N, K) for labels (N,) int64."""
    loss = functional.cross_entropy(logits.to(torch.float64), labels)
    return Evaluation(mean_class_accuracy(logits.argmax(dim=1), labels), float(loss))
