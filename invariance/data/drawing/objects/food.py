"""Objects: food."""

from __future__ import annotations

from invariance.data.drawing.model import Model

MODELS: tuple[Model, ...] = ()
