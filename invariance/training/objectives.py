"""What pretraining minimises: labels, agreement between two views, or a rotation to be told.

With SimCLR and VICReg the transformations of the data set make the views: two draws of them on the same object and
background are a positive pair, so what the transformations change is what the network learns to ignore.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from invariance.models import Classifier
from invariance.models.initial import blank_linear, initialise_linear
from invariance.training.precision import AUTO, Precision
from invariance.vocabulary.attach import attach
from invariance.vocabulary.objectives import OBJECTIVES, ObjectiveFacts

TEMPERATURE: Final = 0.5
PROJECTION_WIDTH: Final = 128
INVARIANCE_WEIGHT, VARIANCE_WEIGHT, COVARIANCE_WEIGHT = 25.0, 25.0, 1.0
_VARIANCE_FLOOR = 1e-4


@dataclass(frozen=True)
class BatchLoss:
    """What one batch came to.

    Attributes:
        loss: scalar, to be minimised.
        num_correct: scalar int64, of how many images the task was solved.
        num_asked: how many there were.
    """

    loss: Tensor
    num_correct: Tensor
    num_asked: int


def nt_xent(first: Tensor, second: Tensor, *, temperature: float = TEMPERATURE) -> tuple[Tensor, Tensor]:
    """SimCLR's loss (Chen et al. 2020, arXiv 2002.05709, equation 1), the mean over all 2 B views.

    Args:
        first: (B, D) projections of one view of each sample, B at least 2.
        second: (B, D) of the other view.
        temperature: of the softmax over cosine similarities.

    Returns:
        The loss, and how many of the 2 B views have their partner as the most similar one.
    """
    views = functional.normalize(torch.cat((first, second)), dim=1)
    similarity = views @ views.T / temperature
    similarity = similarity.masked_fill(torch.eye(len(views), dtype=torch.bool, device=views.device), -torch.inf)
    partner = torch.arange(len(views), device=views.device).roll(len(first))
    return functional.cross_entropy(similarity, partner), (similarity.argmax(dim=1) == partner).sum()


def vicreg(first: Tensor, second: Tensor) -> Tensor:
    """VICReg's loss (Bardes, Ponce, LeCun 2022, arXiv 2105.04906, equations 1 to 6) with its published weights.

    Args:
        first: (B, D) projections of one view of each sample, B at least 2.
        second: (B, D) of the other view.
    """
    invariance = functional.mse_loss(first, second)
    variance = covariance = first.new_zeros(())
    for view in (first, second):
        centred = view - view.mean(dim=0)
        deviation = torch.sqrt(centred.square().sum(dim=0) / (len(view) - 1) + _VARIANCE_FLOOR)
        variance = variance + functional.relu(1.0 - deviation).mean() / 2
        matrix = centred.T @ centred / (len(view) - 1)
        covariance = covariance + (matrix.square().sum() - matrix.diagonal().square().sum()) / view.shape[1]
    return INVARIANCE_WEIGHT * invariance + VARIANCE_WEIGHT * variance + COVARIANCE_WEIGHT * covariance


def quarter_turns(images: Tensor) -> tuple[Tensor, Tensor]:
    """Every image in its four orientations (Gidaris et al. 2018, arXiv 1803.07728).

    Returns:
        (4 B, 3, S, S) images and (4 B,) labels: quarter turns counter-clockwise.
    """
    turned = torch.cat([torch.rot90(images, turns, dims=(2, 3)) for turns in range(4)])
    return turned, torch.arange(4, device=images.device).repeat_interleave(len(images))


class Objective(nn.Module, ABC):
    """A loss on batches, with the layers that only training needs.

    Args:
        num_features: F, length of the representation.
        seed: of the weights of its own layers.

    Attributes:
        facts: its declaration.
        precision: of the forward pass.
    """

    facts: ClassVar[ObjectiveFacts]
    precision: Precision = AUTO

    def __init__(self, num_features: int, seed: int) -> None:
        super().__init__()

    @abstractmethod
    def forward(self, model: Classifier, images: Tensor, labels: Tensor) -> BatchLoss:
        """The loss of a batch.

        Args:
            model: in training mode.
            images: (V B, 3, S, S), the V views of each sample one after the other, bytes (uint8) or float in [0, 1].
            labels: (B,) int64.
        """


class Supervised(Objective):
    """Cross entropy of the head's logits; the representation's length and the seed do not matter."""

    facts = OBJECTIVES["supervised"]

    def forward(self, model: Classifier, images: Tensor, labels: Tensor) -> BatchLoss:
        """See :class:`Objective`."""
        with self.precision.autocast(images.device):
            logits = model(images)
        return _classified(logits, labels)


class SimCLR(Objective):
    """Contrast of two views after a projection of two layers, which training discards."""

    facts = OBJECTIVES["simclr"]

    def __init__(self, num_features: int, seed: int) -> None:
        super().__init__(num_features, seed)
        self.projection = _projection(num_features, torch.Generator().manual_seed(seed))

    def forward(self, model: Classifier, images: Tensor, labels: Tensor) -> BatchLoss:
        """See :class:`Objective`; ``num_correct`` counts views that are nearer to their partner than to any other."""
        with self.precision.autocast(images.device):
            projected = self.projection(model.representation(images))
        first, second = projected.to(torch.float32).chunk(2)
        contrast, num_correct = nt_xent(first, second)
        return BatchLoss(self._loss(first, second, contrast), num_correct.detach(), len(images))

    def _loss(self, first: Tensor, second: Tensor, contrast: Tensor) -> Tensor:
        return contrast


class VICReg(SimCLR):
    """Agreement of two views whose dimensions vary and do not repeat each other, after the same projection."""

    facts = OBJECTIVES["vicreg"]

    def _loss(self, first: Tensor, second: Tensor, contrast: Tensor) -> Tensor:
        return vicreg(first, second)


class Rotation(Objective):
    """Cross entropy of telling which quarter turn an image went through, from its representation."""

    facts = OBJECTIVES["rotation"]

    def __init__(self, num_features: int, seed: int) -> None:
        super().__init__(num_features, seed)
        self.turn = blank_linear(num_features, 4)
        initialise_linear(self.turn, torch.Generator().manual_seed(seed))

    def forward(self, model: Classifier, images: Tensor, labels: Tensor) -> BatchLoss:
        """See :class:`Objective`; the batch is turned in all four ways."""
        turned, turns = quarter_turns(images)
        with self.precision.autocast(images.device):
            logits = self.turn(model.representation(turned))
        return _classified(logits, turns)


_CLASSES: Final = attach(
    "objective", OBJECTIVES, {one.facts.name: one for one in (Supervised, SimCLR, VICReg, Rotation)}
)


def create_objective(name: str, num_features: int, *, seed: int) -> Objective:
    """The objective of that name; the name has been checked when the spec was made.

    Args:
        name: one of :data:`~invariance.vocabulary.objectives.OBJECTIVES`.
        num_features: F, length of the representation it works on.
        seed: of its own layers' weights.
    """
    return _CLASSES[name](num_features, seed)


def _classified(logits: Tensor, labels: Tensor) -> BatchLoss:
    loss = functional.cross_entropy(logits.to(torch.float32), labels)
    return BatchLoss(loss, (logits.detach().argmax(dim=1) == labels).sum(), len(labels))


def _projection(num_features: int, generator: torch.Generator) -> nn.Sequential:
    first = blank_linear(num_features, num_features)
    second = blank_linear(num_features, PROJECTION_WIDTH)
    for layer in (first, second):
        initialise_linear(layer, generator)
    return nn.Sequential(first, nn.BatchNorm1d(num_features), nn.ReLU(inplace=True), second)
