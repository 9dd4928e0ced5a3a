"""What the paper reports (arXiv 2407.04325), for figures and findings that show it beside our own results.

Accuracies of study A are read off its plots, to about 0.005. The authors' reported accuracies pool training, validation
and test samples, so they are inflated where training accuracy is higher: orderings, gaps and shapes compare, third
decimals do not.
"""

from __future__ import annotations

from typing import Final

TRANSFORMS_VS_OTHER: Final[dict[str, dict[str, tuple[float, float]]]] = {
    "class_relationship": {
        "subset": (0.954, 0.773),
        "disjoint": (0.983, 0.862),
        "same": (1.00, 0.907),
        "superset": (1.00, 0.923),
    },
    "architecture": {
        "resnet18": (0.984, 0.870),
        "resnet50": (0.989, 0.899),
        "densenet": (0.975, 0.834),
        "vgg11_bn": (0.967, 0.832),
        "vit": (0.977, 0.836),
    },
    "pretraining_samples": {
        "1000": (0.946, 0.810),
        "10000": (0.978, 0.836),
        "50000": (0.985, 0.833),
        "100000": (0.984, 0.826),
        "500000": (0.985, 0.838),
    },
}
"""Factor and value to transfer accuracy after pretraining with (the same, disjoint) transformations."""

RELEVANT_FEATURES: Final[dict[str, dict[str, float]]] = {
    "c": {"c": 0.98, "co_c": 0.95, "co_o": 0.80, "o": 1.00},
    "co_c": {"c": 0.98, "co_c": 0.98, "co_o": 0.53, "o": 1.00},
    "co_o": {"c": 0.31, "co_c": 0.24, "co_o": 1.00, "o": 1.00},
    "o": {"c": 0.36, "co_c": 0.35, "co_o": 0.85, "o": 1.00},
}
"""Trained on, probed on, to accuracy."""

RELEVANT_FEATURES_SENS: Final[dict[str, tuple[float, float]]] = {
    "c": (0.99, 0.21),
    "co_c": (1.00, 0.08),
    "co_o": (0.11, 0.99),
    "o": (0.98, 0.19),
}
"""Trained on, to the sens-score to changing C and to changing O."""

INVARIANCE_TRANSFER: Final[dict[str, dict[str, tuple[float, float]]]] = {
    "same": {
        "same-objects": (0.12, 0.07),
        "new-objects": (0.21, 0.10),
        "noise-objects-on-noise": (0.56, 0.16),
        "cifar10": (0.37, 0.19),
        "cifar100": (0.35, 0.17),
    },
    "other": {
        "same-objects": (0.40, 0.15),
        "new-objects": (0.41, 0.14),
        "noise-objects-on-noise": (0.69, 0.15),
        "cifar10": (0.51, 0.20),
        "cifar100": (0.50, 0.18),
    },
    "none": {
        "same-objects": (0.39, 0.15),
        "new-objects": (0.42, 0.15),
        "noise-objects-on-noise": (0.69, 0.16),
        "cifar10": (0.48, 0.22),
        "cifar100": (0.48, 0.20),
    },
}
"""Relation of the model's transformation to the twins', data, to mean sens-score and its standard deviation over
transformations and seeds; models trained on photographs."""

MISMATCH: Final[dict[str, float]] = {"covered": 0.98, "one_missing": 0.05, "from_1_to_8": 0.33}
"""Least accuracy where pretraining covers the target; loss with one missing transformation (0.05 to 0.1); accuracy of
pretraining with 1 on tasks with 8."""
