"""Modules of a user's that register something, and their removal when a test is over."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SWIRL = """
import torch
from torch import nn
from torch.nn.functional import grid_sample

import invariance
from invariance.vocabulary.laws import Switch


def swirl(images, parameters):
    side = torch.linspace(-1, 1, images.shape[-1], device=images.device)
    y, x = torch.meshgrid(side, side, indexing="ij")
    turn = torch.deg2rad(parameters["angle_deg"])[:, None, None] * (1 - (x**2 + y**2).sqrt().clamp(max=1))
    grid = torch.stack((x * turn.cos() - y * turn.sin(), x * turn.sin() + y * turn.cos()), dim=-1)
    return grid_sample(images, grid, align_corners=True)


class Backbone(nn.Module):
    def __init__(self):
        super().__init__()
        self.convolution, self.norm = nn.Conv2d(3, 8, 3, stride=2), nn.LayerNorm(8)
        self.shift = nn.Parameter(torch.randn(8))

    def forward(self, images):
        return self.norm(self.convolution(images).relu().mean(dim=(2, 3))) + self.shift


invariance.register_transform("swirl", swirl, parameters={"angle_deg": (-180, 180)}, stream=1000, geometric=True)
invariance.register_transform(
    "negate", lambda images, parameters: 1 - images, parameters={"applied": Switch()}, stream=1001, version=VERSION
)
invariance.register_architecture("tiny", Backbone, layers=["convolution"], version=VERSION)
"""


@contextmanager
def forgotten() -> Iterator[None]:
    """What is registered in the body is gone after it."""
    from invariance.data.transforms import TRANSFORMS
    from invariance.models.registry import BUILDERS
    from invariance.runs.run import _spec_of
    from invariance.vocabulary import architectures, transforms

    kept: list[dict[str, Any]] = [
        TRANSFORMS,
        BUILDERS,
        architectures.ARCHITECTURES,
        transforms.TRANSFORMATIONS,
        transforms._FLAT,
        transforms.ALL_CATEGORIES,
    ]
    before, modules = [dict(one) for one in kept], set(sys.modules)
    try:
        yield
    finally:
        for name in {one.module for one in transforms.TRANSFORMATIONS.values()} - modules:
            sys.modules.pop(name, None)
        for one, items in zip(kept, before, strict=True):
            one.clear()
            one.update(items)
        _spec_of.cache_clear()  # specs that were read while it was known


@contextmanager
def module_of(folder: Path, *, name: str = "my_swirl", version: int = 1) -> Iterator[str]:
    """A module in a folder that Python finds; what it registers is gone after the body."""
    folder = folder / str(version)  # Python tells a changed file by its time in whole seconds
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text(SWIRL.replace("VERSION", str(version)))
    loaded = sys.modules.pop(name, None)
    sys.path.insert(0, str(folder))
    try:
        with forgotten():
            yield name
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop(name, None)
        if loaded is not None:
            sys.modules[name] = loaded
