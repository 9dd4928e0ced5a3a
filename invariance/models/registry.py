"""How the networks of each declared architecture are made."""

from __future__ import annotations

from typing import Final

import torch

from invariance.models import densenet, resnet, small, small_forms, vgg, vit
from invariance.models.builder import Builder
from invariance.models.classifier import Classifier, last_layer
from invariance.models.initial import give_storage, initialise_linear
from invariance.models.published import empty_published
from invariance.spec import SpecError
from invariance.spec.checks import require_count
from invariance.vocabulary.architectures import ARCHITECTURES, PUBLISHED_PREFIX
from invariance.vocabulary.attach import attach

BUILDERS: Final[dict[str, Builder]] = attach(
    "architecture",
    ARCHITECTURES,
    densenet.BUILDERS | resnet.BUILDERS | small.BUILDERS | small_forms.BUILDERS | vgg.BUILDERS | vit.BUILDERS,
)


def create_model(name: str, num_classes: int, *, seed: int) -> Classifier:
    """A network with random weights that depend on the seed alone.

    Args:
        name: one of :data:`~invariance.vocabulary.architectures.ARCHITECTURES`.
        num_classes: outputs of the head, at least 1.
        seed: of the weights, in [0, 2^63); torch's global generator is neither read nor set.

    Returns:
        The network on the CPU, in training mode, its convolutions in channels-last order.

    Raises:
        SpecError: the name is unknown, or a number cannot be used.
    """
    require_count("num_classes", num_classes, 1, 10**6)
    require_count("seed", seed, 0, 2**63 - 1)
    model = _empty(name, num_classes)
    give_storage(model, "cpu")
    generator = torch.Generator().manual_seed(seed)
    BUILDERS[name].initialise(model.backbone, generator)
    initialise_linear(model.head, generator)
    return model.to(memory_format=torch.channels_last)


def empty_model(name: str, num_classes: int) -> Classifier:
    """A network without storage (on torch's ``meta`` device): its names, shapes and dtypes, and nothing drawn.

    Args:
        name: as for :func:`create_model`, or ``torchvision:<name>`` for one that was published.
        num_classes: outputs of the head; 0 for none.

    Raises:
        SpecError: the name is unknown.
    """
    if not name.startswith(PUBLISHED_PREFIX):
        return _empty(name, num_classes)
    model = empty_published(name)
    with torch.device("meta"):
        model.replace_head(last_layer(model.num_features, num_classes), ("",) * num_classes)
    model.class_names = ()
    return model


def _empty(name: str, num_classes: int) -> Classifier:
    if not isinstance(name, str) or name not in BUILDERS:
        raise SpecError(
            f"unknown model {name!r}: choose from {', '.join(BUILDERS)}, or import the module that registers it"
        )
    builder = BUILDERS[name]
    with torch.device("meta"):
        return Classifier(
            name,
            builder.backbone(),
            builder.num_features,
            num_classes,
            input_size=ARCHITECTURES[name].input_size,
            layers=builder.layers,
        )
