"""All objects of the catalogue, collected from the themes."""

from __future__ import annotations

from tools.catalogue.model import Model
from tools.catalogue.objects import (
    animals,
    creatures,
    food,
    home,
    kitchen,
    music,
    nature,
    tools,
    toys,
    transport,
    treats,
    vehicles,
)

_THEMES = (kitchen, food, treats, animals, creatures, nature, toys, vehicles, transport, tools, music, home)

MODELS: tuple[Model, ...] = tuple(
    sorted((model for theme in _THEMES for model in theme.MODELS), key=lambda model: model.name)
)
