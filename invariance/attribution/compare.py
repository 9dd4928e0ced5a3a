"""Several models on one image: what each sees in it, on one colour scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from invariance.attribution.attribute import attribute
from invariance.attribution.randomise import randomised
from invariance.attribution.scores import share_on_object
from invariance.data.engine import SPLIT_START, Batch, Engine
from invariance.data.foreground import indices_of
from invariance.data.preview import clean_backgrounds, to_pictures
from invariance.models import Classifier
from invariance.models.checks import require_networks
from invariance.spec import SpecError
from invariance.spec.checks import require, require_kind
from invariance.vocabulary.methods import BASELINES

PREDICTED: Final = "predicted"
TRUE: Final = "true"
LIMIT_QUANTILE: Final = 0.995
"""The colour scale ends here, so that one extreme pixel does not make all others pale."""
NUM_OTHERS: Final = 100
"""Images of the same split whose masks an image's map is scored against, too."""


@dataclass(frozen=True)
class Explanation:
    """One model's view of the image.

    Attributes:
        relevance: (S, S) float32, signed, in logits.
        class_names: of the model, in label order.
        probabilities: (K,) float32.
        predicted: name of the most probable class.
        explained: name of the class whose logit is explained.
        is_asked: whether that is the class asked for; otherwise the model does not know it and its prediction is
            explained instead.
        completeness_error: relative; 0 is exact.
        mass: share of the positive relevance on the object, NaN if undefined.
        null: the same map's mean share on the objects of :data:`NUM_OTHERS` other images, see
            :mod:`~invariance.attribution.scores`.
        sticker_mass: share of the positive relevance on the sticker, NaN without one.
        remark: a warning where the map's sum misses what it explains; empty otherwise.
    """

    relevance: NDArray[np.float32]
    class_names: tuple[str, ...]
    probabilities: NDArray[np.float32]
    predicted: str
    explained: str
    is_asked: bool
    completeness_error: float
    mass: float
    null: float
    sticker_mass: float
    remark: str

    def top(self, num: int = 3) -> list[tuple[str, float]]:
        """The most probable classes and their probabilities, the first one first."""
        order = np.argsort(-self.probabilities, kind="stable")[:num]
        return [(self.class_names[position], float(self.probabilities[position])) for position in order]


@dataclass(frozen=True)
class Comparison:
    """Several models on one image.

    Attributes:
        image: (S, S, 3) uint8.
        mask: (S, S) float32 in [0, 1].
        true_class: name of the image's class.
        has_sticker: whether there is a sticker on the image.
        explanations: one for each model.
        limit: largest |relevance| of the common colour scale.
    """

    image: NDArray[np.uint8]
    mask: NDArray[np.float32]
    true_class: str
    has_sticker: bool
    explanations: tuple[Explanation, ...]
    limit: float

    def scores(self) -> list[dict[str, float | str]]:
        """One record a model, plain values, as written to ``scores.json``."""
        return [
            {
                "predicted": view.predicted,
                "probability": float(view.probabilities.max()),
                "explained": view.explained,
                "share_on_object": view.mass,
                **({"share_on_sticker": view.sticker_mass} if self.has_sticker else {}),
                "null": view.null,
                "difference": view.mass - view.null,
                "area": float(self.mask.mean()),
                "completeness_error": view.completeness_error,
                **({"remark": view.remark} if view.remark else {}),
            }
            for view in self.explanations
        ]


def compare(
    models: Sequence[Classifier],
    engine: Engine,
    *,
    position: int = 0,
    split: str = "test",
    explain: str = PREDICTED,
    baseline: str = "blurred",
    method: str = "integrated-gradients",
    parameters: Mapping[str, float] | None = None,
) -> Comparison:
    """Attributes the logits of several models on one image of a data set.

    Args:
        models: loaded networks with ``class_names``, in eval mode, on the engine's device.
        engine: the data set.
        position: of the image in the split, from 0.
        split: ``train``, ``validation`` or ``test``.
        explain: ``predicted`` (each model's own), ``true``, or the name of a class.
        baseline: one of ``BASELINES``. Against the clean background all relevance lies on the object, whatever the
            model, and its share says nothing there, unless there is a sticker to share it with.
        method: see :func:`~invariance.attribution.attribute.attribute`.
        parameters: of the method; what is not given keeps its default.

    Raises:
        SpecError: a name or parameter is not known, the position is negative, or the method cannot explain a network.
    """
    require_networks(models)
    require_kind(Engine, "engine", engine, "an Engine of a data set")
    require(baseline in BASELINES, "baseline", baseline, ", ".join(BASELINES))
    require(position >= 0, "position", position, "0 or more")
    require_known_class(models, explain)
    indices = indices_of(split, 1, position)
    batch = engine.batch(indices)
    true_class = engine.class_names[int(batch.labels[0])]
    wanted = true_class if explain == TRUE else explain
    start = clean_backgrounds(engine, indices) if baseline == "background" else baseline
    options: dict[str, Any] = dict(parameters or {})
    others = [number for number in range(NUM_OTHERS + 1) if number != position][:NUM_OTHERS]
    of_others = engine.parts(torch.tensor(others) + SPLIT_START[split], NUM_OTHERS)
    elsewhere = torch.cat([engine.batch(part).masks for part in of_others])
    explanations = tuple(_explain(model, batch, elsewhere, start, wanted, method, options) for model in models)
    return Comparison(
        image=to_pictures(batch.images)[0],
        mask=batch.masks[0].cpu().numpy(),
        true_class=true_class,
        has_sticker=bool(batch.stickers[0] >= 0),
        explanations=explanations,
        limit=shared_limit([view.relevance for view in explanations]),
    )


def require_known_class(models: Sequence[Classifier], explain: str) -> None:
    """Raises SpecError where a class is to be explained that no model has an output for, or a model has none at all."""
    for model in models:
        model.require_head("attribution")
    if explain not in (TRUE, PREDICTED) and not any(explain in model.class_names for model in models):
        raise SpecError(f"class {explain!r}: no model knows it; choose from {', '.join(models[0].class_names)}")


def _explain(
    model: Classifier,
    batch: Batch,
    elsewhere: Tensor,
    start: str | Tensor,
    wanted: str,
    method: str,
    parameters: dict[str, Any],
) -> Explanation:
    """One model's view of a batch of one image, whose map is also scored on masks (M, S, S) of other images.

    A model that does not know the class explains its prediction.
    """
    is_known = wanted in model.class_names
    target = model.class_names.index(wanted) if is_known else None
    found = attribute(model, batch.images, method=method, target=target, baseline=start, **parameters)
    here, sticker, others = (
        share_on_object(found.relevance, masks)[0] for masks in (batch.masks, batch.sticker_masks, elsewhere)
    )
    return Explanation(
        relevance=found.relevance[0].float().cpu().numpy(),
        class_names=model.class_names,
        probabilities=found.probabilities[0].cpu().numpy(),
        predicted=model.class_names[int(found.probabilities[0].argmax())],
        explained=model.class_names[int(found.targets[0])],
        is_asked=wanted == PREDICTED or is_known,
        completeness_error=float(found.completeness_error[0]),
        mass=float(here),
        null=float(others.nanmean()),
        sticker_mass=float(sticker),
        remark=found.remark,
    )


@dataclass(frozen=True)
class Randomised:
    """One network's map beside that of the same network with fresh weights, for the same class and image.

    Attributes:
        image: (S, S, 3) uint8.
        trained: relevance (S, S).
        fresh: relevance (S, S) without what was learnt.
    """

    image: NDArray[np.uint8]
    trained: NDArray[np.float32]
    fresh: NDArray[np.float32]


def compare_randomised(
    model: Classifier, engine: Engine, *, weights: str, seed: int = 0, **question: Any
) -> Randomised:
    """What becomes of one network's map of one image where it forgets what it learnt: a picture, and no test.

    See :mod:`~invariance.attribution.randomisation` for the test.

    Args:
        model: in eval mode, on the engine's device.
        engine: the data set.
        weights: ``head`` or ``all``, see :func:`~invariance.attribution.randomise.randomised`.
        seed: of the fresh weights.
        **question: as for :func:`compare`.
    """
    found = compare([model], engine, **question)
    trained = found.explanations[0]
    question["explain"] = trained.explained
    fresh = compare([randomised(model, weights=weights, seed=seed)], engine, **question).explanations[0]
    return Randomised(found.image, trained.relevance, fresh.relevance)


def shared_limit(maps: Sequence[NDArray[np.float32]]) -> float:
    """The end of one colour scale for several maps of signed relevance; positive even where all are zero."""
    largest = max(float(np.quantile(np.abs(values), LIMIT_QUANTILE)) for values in maps)
    return largest if largest > 0 else 1.0
