"""What pretraining minimises: labels, agreement between two views, or a rotation to be told.

With SimCLR and VICReg the transformations of the data set make the views: two draws of them on the same object and
background are a positive pair, so what the transformations change is what the network learns to ignore.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from invariance.models import Classifier
from invariance.models.initial import initialise_linear
from invariance.training.precision import AUTO, Precision

TEMPERATURE: Final = 0.5
PROJECTION_WIDTH: Final = 128
INVARIANCE_WEIGHT, VARIANCE_WEIGHT, COVARIANCE_WEIGHT = 25.0, 25.0, 1.0
_VARIANCE_FLOOR = 1e-4


@dataclass(frozen=True)
class Outcome:
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

    Attributes:
        num_views: views of each sample in a batch: 1, or 2 stacked as (2 B, 3, S, S).
        precision: of the forward pass.
    """

    num_views = 1
    precision: Precision = AUTO

    @abstractmethod
    def forward(self, model: Classifier, images: Tensor, labels: Tensor) -> Outcome:
        """The outcome of a batch.

        Args:
            model: in training mode.
            images: (num_views * B, 3, S, S), bytes (uint8) or float in [0, 1].
            labels: (B,) int64.
        """


class Supervised(Objective):
    """Cross entropy of the head's logits."""

    def forward(self, model: Classifier, images: Tensor, labels: Tensor) -> Outcome:
        """See :class:`Objective`."""
        with self.precision.autocast(images.device):
            logits = model(images)
        return _classified(logits, labels)


class TwoViews(Objective):
    """Agreement of two views after a projection of two layers, which training discards.

    Args:
        num_features: F, length of the representation.
        name: ``simclr`` or ``vicreg``.
        seed: of the projection's weights.
    """

    num_views = 2

    def __init__(self, num_features: int, name: str, seed: int) -> None:
        super().__init__()
        self._name = name
        self.projection = _projection(num_features, torch.Generator().manual_seed(seed))

    def forward(self, model: Classifier, images: Tensor, labels: Tensor) -> Outcome:
        """See :class:`Objective`; ``num_correct`` counts views that are nearer to their partner than to any other."""
        with self.precision.autocast(images.device):
            projected = self.projection(model.representation(images))
        first, second = projected.to(torch.float32).chunk(2)
        loss, num_correct = nt_xent(first, second)
        if self._name == "vicreg":
            loss = vicreg(first, second)
        return Outcome(loss, num_correct.detach(), len(images))


class Rotation(Objective):
    """Cross entropy of telling which quarter turn an image went through, from its representation.

    Args:
        num_features: F, length of the representation.
        seed: of the weights of the layer that tells it.
    """

    def __init__(self, num_features: int, seed: int) -> None:
        super().__init__()
        self.turn = nn.utils.skip_init(nn.Linear, num_features, 4)
        initialise_linear(self.turn, torch.Generator().manual_seed(seed))

    def forward(self, model: Classifier, images: Tensor, labels: Tensor) -> Outcome:
        """See :class:`Objective`; the batch is turned in all four ways."""
        turned, turns = quarter_turns(images)
        with self.precision.autocast(images.device):
            logits = self.turn(model.representation(turned))
        return _classified(logits, turns)


def create_objective(name: str, num_features: int, *, seed: int) -> Objective:
    """The objective of that name; the name has been checked when the spec was made.

    Args:
        name: one of ``invariance.spec.OBJECTIVES``.
        num_features: F, length of the representation it works on.
        seed: of its own layers' weights.
    """
    if name == "supervised":
        return Supervised()
    return Rotation(num_features, seed) if name == "rotation" else TwoViews(num_features, name, seed)


def _classified(logits: Tensor, labels: Tensor) -> Outcome:
    loss = functional.cross_entropy(logits.to(torch.float32), labels)
    return Outcome(loss, (logits.detach().argmax(dim=1) == labels).sum(), len(labels))


def _projection(num_features: int, generator: torch.Generator) -> nn.Sequential:
    first = nn.utils.skip_init(nn.Linear, num_features, num_features)
    second = nn.utils.skip_init(nn.Linear, num_features, PROJECTION_WIDTH)
    for layer in (first, second):
        initialise_linear(layer, generator)
    return nn.Sequential(first, nn.BatchNorm1d(num_features), nn.ReLU(inplace=True), second)
