"""Networks behind one protocol: ``representation(images)`` and a linear ``head``."""

from invariance.models.classifier import BATCH_SIZE, Classifier, batch_size_at, images_at_once, to_unit_range
from invariance.models.layer_features import layer_features
from invariance.models.published import (
    PublishedFacts,
    download_published,
    has_published,
    is_cached,
    published_facts,
    published_here,
    published_names,
    published_path,
)
from invariance.models.registry import create_model, empty_model
from invariance.models.untrained import has_untrained_twin, untrained_twin
from invariance.vocabulary.architectures import PUBLISHED_PREFIX

__all__ = [
    "BATCH_SIZE",
    "PUBLISHED_PREFIX",
    "Classifier",
    "PublishedFacts",
    "batch_size_at",
    "create_model",
    "download_published",
    "empty_model",
    "has_published",
    "has_untrained_twin",
    "images_at_once",
    "is_cached",
    "layer_features",
    "published_facts",
    "published_here",
    "published_names",
    "published_path",
    "to_unit_range",
    "untrained_twin",
]
