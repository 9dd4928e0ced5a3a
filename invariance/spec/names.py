"""The names that a spec may use: architectures, objectives, measures."""

from __future__ import annotations

MODEL_NAMES: tuple[str, ...] = (
    "small",
    "resnet18",
    "resnet50",
    "densenet",
    "vgg11_bn",
    "vit",
    "small_resnet",
    "small_vgg",
    "small_vit",
)
SMALLEST_IMAGE_PX: dict[str, int] = {"vgg11_bn": 32}
"""Architectures whose poolings leave nothing of a smaller image."""

OBJECTIVES: tuple[str, ...] = ("supervised", "simclr", "vicreg", "rotation")
MEASURE_NAMES: tuple[str, ...] = ("sens", "features")
