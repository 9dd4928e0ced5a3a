"""Five images at different values of a factor, and what two networks read off each: a row of a table, to be seen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from invariance.data.engine import Engine, to_bytes
from invariance.measures.factor_probe import fold_probes
from invariance.measures.factors import CLASS, Factor
from invariance.measures.task import Represent

PLACES: Final = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Of the values that are shown among those that the images have, as quantiles."""
NUM_PICTURES: Final = 16
"""Pictures in which a number or an angle is varied, of which the typical one is shown."""


@dataclass(frozen=True)
class Strip:
    """Five images at different values of a factor, and what is read off each, by probes that were not fitted to it.

    A number or an angle is varied in one picture, all else as drawn: of :data:`NUM_PICTURES` the one in which the
    difference between the networks is the median. Choices have images of up to five classes, typical in the same way.

    Attributes:
        factor: its name.
        title: the same in words.
        kind: ``number``, ``circle`` or ``choice``.
        transforms: what varies in the images.
        indices: of the samples in the data set.
        values: of the parameter, in place of those that were drawn; empty where images are as drawn.
        true: on the ruler: the number; degrees of the circle; of a yes or no 1 for applied; of other choices 1.
        first: the same, as read off the first network; of choices the regression on the indicator.
        second: as read off the second.
        labels: of each image, in words; empty where the ruler says all.
        first_length: of an angle the length of the vector that was read off the first network, 1 where it is true and
            near 0 where nothing is said of the direction; empty of what is no angle.
        second_length: the same of the second.
    """

    factor: str
    title: str
    kind: str
    transforms: tuple[str, ...]
    indices: tuple[int, ...]
    values: tuple[float, ...]
    true: tuple[float, ...]
    first: tuple[float, ...]
    second: tuple[float, ...]
    labels: tuple[str, ...] = ()
    first_length: tuple[float, ...] = ()
    second_length: tuple[float, ...] = ()

    def images(self, engine: Engine) -> NDArray[np.uint8]:
        """The images, rendered again: (5, S, S, 3); the engine has the objects and backgrounds of the card."""
        task = engine.with_spec_changes(transforms=self.transforms)
        instead = {self.factor: torch.tensor(self.values)} if self.values else None
        found = to_bytes(task.batch(torch.tensor(self.indices), instead=instead).images)
        pictures: NDArray[np.uint8] = found.permute(0, 2, 3, 1).cpu().numpy()
        return pictures


@dataclass(frozen=True)
class Decoding:
    """A factor in the N images where it can show, and what both networks' probes make of it.

    Attributes:
        factor: what is decoded.
        transforms: what varies in the images.
        target: (N, D) float64, see :class:`~invariance.measures.factors.Target`.
        values: (N,) float64, the parameter itself, or the number of the class.
        folds: (N,) int64.
        features: of either network (N, F).
        predicted: of either network (N, D) float64, each image by probes fitted to the other folds.
        indices: (N,) int64, of the samples in the data set.
    """

    factor: Factor
    transforms: tuple[str, ...]
    target: Tensor
    values: Tensor
    folds: Tensor
    features: Sequence[Tensor]
    predicted: Sequence[Tensor]
    indices: Tensor


def strip_of(decoding: Decoding, represent: Sequence[Represent], engine: Engine) -> Strip:
    """Chooses the images of a strip, and decodes them where they were not decoded before.

    Args:
        decoding: of a factor that varies.
        represent: images to features, of the first and the second network.
        engine: objects and backgrounds.
    """
    return _of_classes(decoding, engine) if decoding.factor.kind == "choice" else _swept(decoding, represent, engine)


def _swept(decoding: Decoding, represent: Sequence[Represent], engine: Engine) -> Strip:
    """Of a number or an angle."""
    factor, num = decoding.factor, len(PLACES)
    values, true, columns = _places(factor, decoding.values)
    first_fold = decoding.folds == decoding.folds.min()
    tried = decoding.indices[first_fold][:NUM_PICTURES]
    task = engine.with_spec_changes(transforms=decoding.transforms)
    images = to_bytes(task.batch(tried.repeat_interleave(num), instead={factor.name: values.repeat(len(tried))}).images)
    predicted = [
        _by_the_others(features, decoding.target, first_fold, each(images).cpu())
        for features, each in zip(decoding.features, represent, strict=True)
    ]
    errors = [(one - columns.repeat(len(tried), 1)).square().sum(dim=1) for one in predicted]
    typical = _ordered((errors[1] - errors[0]).view(len(tried), num).sum(dim=1), 0.5)
    shown = [one[typical * num : (typical + 1) * num] for one in predicted]
    first, second = (_on_ruler(factor, one) for one in shown)
    lengths = [tuple(one.norm(dim=1).tolist()) if factor.kind == "circle" else () for one in shown]
    return Strip(
        factor=factor.name,
        title=factor.title,
        kind=factor.kind,
        transforms=decoding.transforms,
        indices=(int(tried[typical]),) * num,
        values=tuple(values.tolist()),
        true=tuple(true.tolist()),
        first=first,
        second=second,
        first_length=lengths[0],
        second_length=lengths[1],
    )


def _places(factor: Factor, known: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Five values of a parameter, what each is on the ruler, and what it is to a probe (5, D)."""
    at = torch.tensor(PLACES, dtype=torch.float64)
    if factor.kind != "circle":
        values = torch.quantile(known, at)
        return values, values, values[:, None]
    assert factor.turn is not None
    turns = torch.quantile((known / factor.turn + 0.5) % 1.0 - 0.5, at)  # from the side opposite to 0 once round
    angles = 2 * math.pi * turns
    return turns % 1.0 * factor.turn, 360.0 * turns, torch.stack((angles.cos(), angles.sin()), dim=1)


def _by_the_others(features: Tensor, target: Tensor, held: Tensor, others: Tensor) -> Tensor:
    """What the probe fitted to all images but ``held`` reads off further ones: (M, D) float64."""
    both = torch.cat((features, others))
    is_held = torch.cat((held, torch.ones(len(others), dtype=torch.bool)))
    probe = next(fold_probes(both, (~is_held).to(torch.int64)))
    outputs = torch.cat((target, target.new_zeros(len(others), target.shape[1])))
    return probe.predict(outputs, torch.zeros(target.shape[1], dtype=torch.int64))[0][-len(others) :]


def _on_ruler(factor: Factor, predicted: Tensor) -> tuple[float, ...]:
    if factor.kind == "circle":
        return tuple(torch.atan2(predicted[:, 1], predicted[:, 0]).rad2deg().tolist())
    return tuple(predicted[:, 0].tolist())


def _of_classes(decoding: Decoding, engine: Engine) -> Strip:
    """Of a choice: images of it as they are, each decoded while its fold was held out."""
    num = decoding.target.shape[1]
    is_switch = bool(decoding.factor.transform)
    shown = [0, 0, 1, 1, 1] if num == 2 else [round(each) for each in np.linspace(0, num - 1, len(PLACES))]
    errors = [(decoding.target - one).square().sum(dim=1) for one in decoding.predicted]
    labels, chosen = decoding.target.argmax(dim=1), []
    for place, label in enumerate(shown):
        members = (labels == label).nonzero()[:, 0]
        share = shown[: place + 1].count(label) / (shown.count(label) + 1)
        chosen.append(int(members[_ordered((errors[1] - errors[0])[members], share)]))
    columns = [1] * len(chosen) if is_switch else shown
    true, first, second = (tuple(one[chosen, columns].tolist()) for one in (decoding.target, *decoding.predicted))
    names = _names(decoding, engine)
    return Strip(
        factor=decoding.factor.name,
        title=decoding.factor.title,
        kind=decoding.factor.kind,
        transforms=decoding.transforms,
        indices=tuple(decoding.indices[chosen].tolist()),
        values=(),
        true=true,
        first=first,
        second=second,
        labels=tuple(names[int(number)] for number in decoding.values[chosen]),
    )


def _names(decoding: Decoding, engine: Engine) -> Mapping[int, str]:
    if decoding.factor.transform:
        return {0: "not applied", 1: "applied"}
    if decoding.factor.name == CLASS:
        return {number: name.replace("-", " ") for number, name in enumerate(engine.object_names)}
    return {int(number): Path(engine.background_name(int(number))).stem for number in decoding.values.unique()}


def _ordered(gaps: Tensor, share: float) -> int:
    """Position of the value below which this share of all lies, the lower one of two."""
    return int(gaps.argsort(stable=True)[int(share * (len(gaps) - 1))])
