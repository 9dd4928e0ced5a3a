"""What the paper reports (arXiv 2407.04325), for figures and findings that show it beside our own results.

The authors' reported accuracies pool training, validation and test samples, so they are inflated where training
accuracy is higher: orderings, gaps and shapes compare, third decimals do not.

How exactly a value is known is one of two kinds. Where study B gives ±, that is taken as a standard error over its ten
seeds. All else is known as exactly as it can be read: study A off its plots and the tables from their two decimals, to
0.005 both; the ± of study C are standard deviations over transformations and seeds, which say nothing of how sure their
means are; study D is told in round figures.
"""

from __future__ import annotations

import math
from typing import Final

from invariance.studies.findings import Published

READ_TO: Final = 0.005
"""Of a value off a plot, or with two decimals in a table."""


def read(value: float) -> Published:
    """A value of which only is known how exactly it can be read."""
    return Published(value, READ_TO)


def difference(first: Published, second: Published) -> Published:
    """First less second. Standard errors add in quadrature, and outweigh reading errors, which add up."""
    known = first.known or second.known
    error = math.hypot(first.error, second.error) if known else first.error + second.error
    return Published(first.value - second.value, error, known)


def ratio(first: Published, second: Published) -> Published:
    """First over second, of values that can be read: their relative errors add up."""
    assert not (first.known or second.known), "the ratios that findings need are of values that can be read"
    value = first.value / second.value
    return Published(value, abs(value) * (first.error / abs(first.value) + second.error / abs(second.value)))


def mean(*values: Published) -> Published:
    """Mean of values that can be read."""
    assert not any(one.known for one in values), "the means that findings need are of values that can be read"
    return Published(sum(one.value for one in values) / len(values), sum(one.error for one in values) / len(values))


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

RELEVANT_FEATURES_ERRORS: Final[dict[tuple[str, str], float]] = {
    ("c", "co_o"): 0.04,
    ("co_c", "co_o"): 0.05,
    ("o", "co_o"): 0.05,
}
"""Trained on and probed on, to the standard error of the accuracy where one is given."""


def relevant_features(trained_on: str, probed_on: str) -> Published:
    """Accuracy of a probe in study B."""
    value = RELEVANT_FEATURES[trained_on][probed_on]
    error = RELEVANT_FEATURES_ERRORS.get((trained_on, probed_on))
    return read(value) if error is None else Published(value, error, known=True)


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

MISMATCH_COVERED: Final = Published(0.99, 0.01)
"""Accuracy in study D wherever pretraining covers the target: 0.98 to 1.00."""
MISMATCH_ONE_MISSING: Final = Published(0.075, 0.025)
"""Accuracy that one missing transformation costs: 0.05 to 0.1."""
MISMATCH_CLASSES: Final = 30
MISMATCH_FROM_1_TO_8: Final = Published(0.33, 0.01)
"""Accuracy of pretraining with 1 on tasks with 8: about 0.33."""
