"""Networks behind one protocol: ``representation(images)`` and a linear ``head``."""

from invariance.models.classifier import Classifier
from invariance.models.registry import ARCHITECTURES, Architecture, create_model, empty_model

__all__ = ["ARCHITECTURES", "Architecture", "Classifier", "create_model", "empty_model"]
