"""The paper's settings of pretraining (arXiv 2407.04325, appendix; the authors' code where the two differ)."""

from __future__ import annotations

from typing import Any, Final

_SIZES: Final = {"num_samples": 50_000, "num_test_samples": 10_000, "model": "resnet18", "learning_rate": 1e-3}

PAPER_PRESETS: Final[dict[str, dict[str, Any]]] = {
    "paper-a": {**_SIZES, "epochs": 50, "batch_size": 512},
    "paper-b": {**_SIZES, "epochs": 200, "batch_size": 512},
    "paper-c": {**_SIZES, "epochs": 50, "batch_size": 512},
    "paper-d": {**_SIZES, "epochs": 100, "batch_size": 256},
    "paper-vit": {
        **_SIZES,
        "model": "vit",
        "epochs": 50,
        "batch_size": 512,
        "weight_decay": 5e-5,
        "schedule": "cosine",
    },
}
"""Fields of ``PretrainSpec`` (and ``num_samples`` of its data) by study; the transformer of study A has its own."""
