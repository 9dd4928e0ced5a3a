"""The pairs of images from which equivariance is judged, and what can be told of each: its parameters as harmonics."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from invariance.data.batch import Batch
from invariance.data.engine import Engine, to_bytes
from invariance.events import CancelFlag, Cancelled, never
from invariance.measures.twin_set import TWIN_SEEDS
from invariance.vocabulary.laws import Constant, Switch, Uniform
from invariance.vocabulary.transforms import TRANSFORMATIONS, Transformation

NUM_VIEWS: Final = 8
"""Of each object, on backgrounds of their own."""
NUM_HARMONICS: Final = 2
_SEARCHED: Final = 20
_CHUNK: Final = 1024
_WAVES: Final = (torch.cos, torch.sin)


def untransformed_views(engine: Engine, num_views: int) -> Tensor:
    """The images of :func:`told_pairs` without the transformation: (N, 3, S, S) uint8."""
    plain = engine.with_spec_changes(transforms=())
    parts = engine.parts(equally_often(engine, num_views), _CHUNK)
    return torch.cat([to_bytes(plain.batch(part).images) for part in parts])


@dataclass(frozen=True)
class ToldPairs:
    """N pairs of views of one transformation.

    Attributes:
        first: (N, 3, S, S) uint8; where the transformation acts as a group a draw of it, else untransformed.
        second: (N, 3, S, S) uint8, of the same object on the same background.
        told: (N, H) float64, cosines and sines of what leads from the first to the second; H is 0 where nothing can be
            told (a field of noise, the choice of another picture) or nothing need be.
        objects: (N,) int64, class of the object.
        one_element: whether whatever differs differs by the same element (a flip, grayscale): nothing need be told.
    """

    first: Tensor
    second: Tensor
    told: Tensor
    objects: Tensor
    one_element: bool

    @property
    def differs(self) -> Tensor:
        """Whether the two images of a pair differ, (N,) bool."""
        return (self.first != self.second).flatten(1).any(dim=1)


def told_pairs(
    engine: Engine, transform: str, *, num_views: int = NUM_VIEWS, cancelled: CancelFlag = never
) -> ToldPairs:
    """Pairs of the test split, equally many of each object.

    Args:
        engine: objects and backgrounds; its own transformations are left out.
        transform: name of the transformation.
        num_views: pairs of each object.
        cancelled: asked before every 1024 images.

    Raises:
        Cancelled: the flag was set.
    """
    declared = TRANSFORMATIONS[transform]
    drawn = [engine.with_spec_changes(transforms=(transform,), transform_seed=seed) for seed in TWIN_SEEDS]
    one, other = drawn if declared.is_group else (engine.with_spec_changes(transforms=()), drawn[0])
    firsts, seconds, told, objects = [], [], [], []
    for chunk in engine.parts(equally_often(engine, num_views), _CHUNK):
        if cancelled():
            raise Cancelled
        before, after = one.batch(chunk), other.batch(chunk)
        firsts.append(to_bytes(before.images))
        seconds.append(to_bytes(after.images))
        told.append(_told(declared, before, after, engine.spec.image_size))
        objects.append(after.objects)
    alone = all(isinstance(one, Switch | Constant) for one in declared.parameters)
    return ToldPairs(torch.cat(firsts), torch.cat(seconds), torch.cat(told), torch.cat(objects).cpu(), alone)


def equally_often(engine: Engine, num_views: int) -> Tensor:
    """Indices of the test split with the first ``num_views`` samples of each object, in their order: (N,) int64."""
    candidates = engine.indices("test", len(engine.object_names) * num_views * _SEARCHED)
    labels = engine.draw(candidates.to(engine.device)).labels.cpu()
    order = labels.argsort(stable=True)
    counts = torch.bincount(labels, minlength=len(engine.object_names))
    within = torch.empty_like(labels)
    within[order] = torch.arange(len(labels)) - (counts.cumsum(0) - counts)[labels[order]]
    return candidates[within < num_views]


def _told(declared: Transformation, before: Batch, after: Batch, image_size: int) -> Tensor:
    """Harmonics of what leads from the first views to the second: (N, H) float64 on the CPU."""
    phases = []
    if declared.name == "translate":  # its parameters are places among those that are free; what acts is the offset
        offsets = (after.boxes[:, :2] - before.boxes[:, :2]).to(torch.float64)
        phases = [math.pi / image_size * offset for offset in offsets.unbind(dim=1)]
    else:
        for parameter in declared.parameters:
            if not isinstance(parameter, Uniform) or parameter.chooses:
                continue
            key = f"{declared.name}.{parameter.name}"
            values = after.parameters[key].to(torch.float64)
            if declared.is_group:
                assert parameter.turn is not None, "a difference of draws goes round a circle"
                phases.append(2.0 * math.pi / parameter.turn * (values - before.parameters[key]))
            else:
                phases.append(math.pi * ((values - parameter.low) / (parameter.high - parameter.low) - 0.5))
    waves = [wave(number * one) for one in phases for number in range(1, NUM_HARMONICS + 1) for wave in _WAVES]
    return torch.stack(waves, dim=1).cpu() if waves else torch.zeros(len(after.labels), 0, dtype=torch.float64)
