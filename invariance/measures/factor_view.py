"""One factor as one model gives it away: what every held-out image was, and what was read off its representation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from invariance.data.engine import Engine
from invariance.measures.factor_images import image_sets, render_set
from invariance.measures.factor_probe import held_out, held_out_means
from invariance.measures.factor_scores import chosen_class
from invariance.measures.factors import BACKGROUND, CLASS, resolve_factors, target_of
from invariance.models import Classifier
from invariance.training.evaluation import in_batches
from invariance.vocabulary.factors import KNOWN


@dataclass(frozen=True)
class DecodedFactor:
    """What was there and what was decoded, for each of N images.

    Attributes:
        kind: ``number``, ``circle`` or ``choice``.
        true: (N,) float64: the number, the angle in degrees from -180 to 180, or the position in ``class_names``.
        decoded: (N,) float64, the same of what the probe says.
        class_names: of a choice; empty for the others.
    """

    kind: str
    true: NDArray[np.float64]
    decoded: NDArray[np.float64]
    class_names: tuple[str, ...] = ()


def decode_factor(
    model: Classifier, engine: Engine, factor_name: str, *, objects: str = KNOWN, num_images: int, num_folds: int
) -> DecodedFactor:
    """Decodes one factor that varies alone, from the images that :func:`~.factor_table.probe_factors` uses.

    Args:
        model: loaded network on the engine's device, in eval mode.
        engine: objects and backgrounds; its own transformations are left out.
        factor_name: of one factor.
        objects: one of :data:`~invariance.vocabulary.factors.OBJECTS`; class is decoded where they are known, and
            background in the one split that it has.
        num_images: before repetitions are dropped.
        num_folds: of the cross-validation.

    Raises:
        SpecError: there is no such factor, or there are too few different pictures for the folds.
    """
    (factor,) = (one for one in resolve_factors((factor_name,)) if one.name == factor_name)
    (wanted,) = image_sets([factor], together=False)
    found = render_set(engine, wanted, num=num_images, num_folds=num_folds, seed=engine.spec.seed)
    split = found.splits.get(objects) or next(iter(found.splits.values()))
    target, folds = target_of(factor, found.recipe), split.folds
    features = in_batches(model.representation, found.images).cpu()
    columns, folds = target.columns[target.defined], folds[target.defined]
    (predicted,), _ = held_out(features[target.defined], [columns], folds)
    if factor.kind == "number":
        return DecodedFactor(factor.kind, columns[:, 0].numpy(), predicted[:, 0].numpy())
    if factor.kind == "circle":
        return DecodedFactor(factor.kind, _degrees(columns).numpy(), _degrees(predicted).numpy())
    true = columns.argmax(dim=1).to(torch.float64)
    decoded = chosen_class(predicted, held_out_means(columns, folds)).to(torch.float64)
    return DecodedFactor(factor.kind, true.numpy(), decoded.numpy(), _names(factor.name, target.values, engine))


def _degrees(points: torch.Tensor) -> torch.Tensor:
    return torch.atan2(points[:, 1], points[:, 0]).rad2deg()


def _names(factor_name: str, values: torch.Tensor, engine: Engine) -> tuple[str, ...]:
    numbers = [int(value) for value in values.unique()]
    if factor_name == CLASS:
        return tuple(engine.object_names[number] for number in numbers)
    if factor_name == BACKGROUND:
        return tuple(f"background {number}" for number in numbers)
    return tuple("applied" if number else "not applied" for number in numbers)
