"""What the fields of a spec can be that take one of a few words, and bounds that several places share."""

from __future__ import annotations

from typing import Final

PRECISIONS: Final[tuple[str, ...]] = ("auto", "float32", "bfloat16")
SCHEDULES: Final[tuple[str, ...]] = ("constant", "cosine", "linear")
TRANSFER_METHODS: Final[tuple[str, ...]] = ("linear-probe", "fine-tune")
TRAINABLE: Final[tuple[str, ...]] = ("all", "last-block")
"""What fine-tuning may change of a network, beside its last layer."""
REGULARISATIONS: Final[tuple[str, ...]] = ("prior", "validation")
VARIED: Final[tuple[str, ...]] = ("one", "together")
PLAIN_FACTORS: Final[tuple[str, ...]] = ("class", "background")
"""What varies between images even where nothing is transformed."""
RESAMPLINGS: Final[tuple[str, ...]] = ("bilinear", "nearest")
MAX_PROTOTYPES: Final = 1000
LABELS: Final[tuple[str, ...]] = ("object", "background", "sticker")
STICKER_PLACES: Final[tuple[str, ...]] = ("corner", "anywhere")
