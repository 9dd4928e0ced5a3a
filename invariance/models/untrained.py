"""The network that a training started from: what an architecture does before it has seen an image."""

from __future__ import annotations

from invariance.models.classifier import Classifier
from invariance.models.registry import BUILDERS, create_model
from invariance.spec import SpecError


def has_untrained_twin(architecture: str) -> bool:
    """Whether the first weights of an architecture can be drawn; those of published networks are not known here."""
    return architecture in BUILDERS


def untrained_twin(model: Classifier, *, seed: int) -> Classifier:
    """The same architecture with its first weights; with the seed of its run, those that its training started from.

    Args:
        model: stays as it is.
        seed: of the weights; no global generator is read or set.

    Returns:
        In eval mode, on the same device, with the same class names. Its batch norm is the identity.

    Raises:
        SpecError: a published network.
    """
    if not has_untrained_twin(model.architecture):
        raise SpecError(f"the first weights of {model.architecture} are not known: there is no untrained twin of it")
    twin = create_model(model.architecture, model.num_classes, seed=seed)
    twin.class_names = model.class_names
    return twin.to(model.head.weight.device).eval()
