"""Networks behind one protocol: ``representation(images)`` and a linear ``head``."""

from invariance.models.classifier import Classifier
from invariance.models.published import PREFIX as PUBLISHED_PREFIX
from invariance.models.published import download_published, published_names
from invariance.models.registry import ARCHITECTURES, Architecture, create_model, empty_model

__all__ = [
    "ARCHITECTURES",
    "PUBLISHED_PREFIX",
    "Architecture",
    "Classifier",
    "create_model",
    "download_published",
    "empty_model",
    "published_names",
]
