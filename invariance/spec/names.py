"""The names that a spec may use: transformations, architectures, objectives, methods."""

from __future__ import annotations

CATEGORIES: dict[str, tuple[str, ...]] = {
    "geometric": ("translate", "rotate", "scale", "v_flip", "h_flip", "shear"),
    "photometric": ("hue", "brightness", "grayscale", "posterize", "invert", "sharpen"),
    "corruption": ("blur", "noise", "pixelate", "elastic", "erasing", "contrast"),
}
"""The 18 transformations of Transforms-2D by category, in the order of the paper (arXiv 2407.04325, appendix B)."""

TRANSFORM_NAMES: tuple[str, ...] = tuple(name for names in CATEGORIES.values() for name in names)

BEYOND_2D: tuple[str, ...] = ("pose", "occlude")
"""Transformations that are not in the paper, which names being two-dimensional as its limitation."""

ALL_CATEGORIES: dict[str, tuple[str, ...]] = {**CATEGORIES, "beyond 2-D": BEYOND_2D}

PRECISIONS: tuple[str, ...] = ("auto", "float32", "bfloat16")
SCHEDULES: tuple[str, ...] = ("constant", "cosine")
TRANSFER_METHODS: tuple[str, ...] = ("linear-probe", "fine-tune")
REGULARISATIONS: tuple[str, ...] = ("prior", "validation")
VARIED: tuple[str, ...] = ("one", "together")
PLAIN_FACTORS: tuple[str, ...] = ("class", "background")
"""What varies between images even where nothing is transformed."""
RESAMPLINGS: tuple[str, ...] = ("bilinear", "nearest")
MAX_PROTOTYPES = 1000
LABELS: tuple[str, ...] = ("object", "background", "sticker")
STICKER_PLACES: tuple[str, ...] = ("corner", "anywhere")
