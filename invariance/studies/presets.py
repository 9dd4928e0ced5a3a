"""The paper's settings of pretraining (arXiv 2407.04325, appendix; the authors' code where the two differ)."""

from __future__ import annotations

from typing import Any, Final

from invariance.studies.scales import PAPER

_USUAL: Final = {
    name: getattr(PAPER, name)
    for name in (
        "num_samples",
        "shared_backgrounds",
        "num_test_samples",
        "model",
        "learning_rate",
        "epochs",
        "batch_size",
    )
}

PAPER_PRESETS: Final[dict[str, dict[str, Any]]] = {
    "paper-a": _USUAL,
    "paper-b": {**_USUAL, "epochs": 200},
    "paper-c": _USUAL,
    "paper-d": {**_USUAL, "epochs": 100, "batch_size": 256},
    "paper-vit": {**_USUAL, "model": "vit", "weight_decay": 5e-5, "schedule": "cosine"},
}
"""Fields of ``PretrainSpec`` (and ``num_samples`` and ``shared_backgrounds`` of its data) by study; the transformer of
study A has its own."""
