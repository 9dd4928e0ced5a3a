"""``invariance.attribute``: which pixels a network's decisions rest on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from invariance.attribution.attribute import Attribution
from invariance.attribution.attribute import attribute as attribute_logits
from invariance.attribution.compare import shared_limit
from invariance.attribution.methods import chosen_values, find_method
from invariance.attribution.scores import against_others, share_on_object
from invariance.data.engine import Engine
from invariance.data.preview import clean_backgrounds, to_pictures
from invariance.figures.pictures import fitting_factor, image_grid, png_bytes, relevance_overlay
from invariance.library.images import as_tensor, is_data, pictures_of, task_data, unit_images
from invariance.library.work import Networks, at_work
from invariance.models import Classifier, to_unit_range
from invariance.progress import ProgressBar
from invariance.spec import SpecError
from invariance.spec.checks import require, require_count
from invariance.vocabulary.methods import GIVEN_BASELINE

_SHOWN_PX = 128
_MOST_SHOWN = 16


@dataclass(frozen=True, repr=False)
class Attributions:
    """Maps of images, and what is said of each; a notebook shows the images beside their maps.

    Attributes:
        maps: (N, H, W) float32, signed: how much each pixel speaks for the explained class, in logits.
        scores: a row for each image: predicted, probability, explained, completeness_error; of images of a data set
            also true_class, and share_on_object, null and area (see ``docs/formats.md``).
        images: (N, H, W, 3) uint8.
        remark: a warning where the sums of the maps miss what they explain; empty where they do not.
    """

    maps: NDArray[np.float32]
    scores: pd.DataFrame
    images: NDArray[np.uint8]
    remark: str

    def overlays(self) -> NDArray[np.uint8]:
        """The maps in red (for) and blue (against) over the images in grey, on one scale: (N, H, W, 3) uint8."""
        limit = shared_limit(list(self.maps))
        return np.stack(
            [
                relevance_overlay(image, values, limit=limit)
                for image, values in zip(self.images, self.maps, strict=True)
            ]
        )

    def __repr__(self) -> str:
        num, height, width = self.maps.shape
        held = f"Attributions of {num} images of {height} x {width} px: maps, scores, images, overlays()"
        return f"{held}\n{self.remark}".strip()

    def _repr_png_(self) -> bytes:
        """What a notebook shows: the first images above their maps."""
        shown = slice(min(len(self.images), _MOST_SHOWN))
        pictures = np.concatenate((self.images[shown], self.overlays()[shown]))
        factor = fitting_factor(self.images.shape[1], _SHOWN_PX)
        return png_bytes(image_grid(pictures, columns=len(pictures) // 2, factor=factor))


@dataclass(frozen=True)
class _Shown:
    """Images to be explained, and what a data set knows of them."""

    images: Tensor
    engine: Engine | None = None
    indices: Tensor | None = None


def attribute(
    network: Any,
    images: Any = None,
    *,
    method: str = "integrated-gradients",
    target: int | str | Sequence[int] | Tensor | None = None,
    baseline: str | Tensor | NDArray[np.float32] = "blurred",
    num_images: int = 8,
    device: str = "auto",
    seed: int = 0,
    **parameters: float,
) -> Attributions:
    """Attributes a network's logits to pixels.

        found = invariance.attribute("rotate")
        found  # in a notebook: images and maps
        invariance.attribute(network, images, method="occlusion", target=3, window=8).scores

    Args:
        network: one, as :func:`invariance.network` takes it, with a last layer.
        images: a tensor (N, 3, H, W), or one image (3, H, W), float in [0, 1] or uint8, or a NumPy array of these, also
            with the channels last; a folder or a torch data set, as for :func:`invariance.sens`. A
            :class:`~invariance.spec.DatasetSpec`, or None for the network's own task (the gallery's, where it was not
            trained here), has masks, on which maps are scored.
        method: one of :data:`~invariance.vocabulary.methods.METHODS`.
        target: the class to explain: its number or name, or a number for each image; None for the predicted one.
        baseline: ``blurred``, ``black`` or ``mean``; images to compare with, (N or 1, 3, H, W); of a data set also
            ``background``.
        num_images: of a folder or data set; of a tensor all are explained.
        device: as for :func:`invariance.sens`.
        seed: of which images, where there are more.
        **parameters: of the method, such as ``steps=64``.

    Raises:
        SpecError: an argument cannot be used, the method cannot explain this network, or Captum is not installed.
    """
    require_count("num_images", num_images, 1, 10_000)
    for name, value in parameters.items():
        require(isinstance(value, int | float), name, value, "a number")
    options: dict[str, Any] = dict(chosen_values(find_method(method), parameters))
    with at_work("attribute", network, device) as at:
        if len(at.models) != 1:
            raise SpecError(f"network = {', '.join(at.models)}: expected one network")
        (model,) = at.models.values()
        model.require_head("attribution")
        shown = _shown(images, network, at.models, num=num_images, device=at.device, seed=seed)
        with _counting(model, at.bar):
            found = attribute_logits(
                model,
                shown.images,
                method=method,
                target=_target(model, target, shown.images),
                baseline=_baseline(baseline, shown),
                **options,
            )
        maps = found.relevance.detach().float().cpu().numpy()
        return Attributions(maps, _scores(model, found, shown), to_pictures(shown.images), found.remark)


@contextmanager
def _counting(model: Classifier, bar: ProgressBar) -> Iterator[None]:
    """Shows how many images have passed through a network."""
    seen = 0

    def count(_: Any, given: tuple[Tensor, ...], __: Any) -> None:
        nonlocal seen
        seen += len(given[0])
        bar.told(seen)

    handle = model.backbone.register_forward_hook(count)
    try:
        yield
    finally:
        handle.remove()


def _shown(images: Any, network: Any, models: Networks, *, num: int, device: str, seed: int) -> _Shown:
    """The images of a caller, (N, 3, H, W) float32 in [0, 1] on the device."""
    if isinstance(images := as_tensor(images), Tensor):
        batch = images[None] if images.dim() == 3 else images
        if batch.dim() != 4 or batch.shape[1] != 3 or len(batch) == 0:
            raise SpecError(f"images have the shape {tuple(images.shape)}: expected (N, 3, H, W), N at least 1")
        return _Shown(unit_images(batch).to(device))
    if not is_data(images):
        return _Shown(to_unit_range(pictures_of(images, models, num=num, seed=seed).pictures).to(device))
    engine = Engine(task_data(images, network, models, seed), device)
    indices = engine.indices("test", num)
    return _Shown(engine.batch(indices).images, engine, indices)


def _baseline(baseline: Any, shown: _Shown) -> str | Tensor:
    """What images are compared with, as every method takes it."""
    if isinstance(baseline, str):
        if baseline != GIVEN_BASELINE or shown.engine is None:
            return baseline
        assert shown.indices is not None
        return clean_backgrounds(shown.engine, shown.indices)
    num, *form = shown.images.shape
    require(isinstance(baseline := as_tensor(baseline), Tensor), "baseline", baseline, "a tensor, or the name of one")
    if not baseline.is_floating_point() or list(baseline.shape) not in ([num, *form], [1, *form]):
        raise SpecError(
            f"baseline = {baseline.dtype} of shape {tuple(baseline.shape)}: expected floats ({num} or 1, "
            f"{', '.join(map(str, form))}), or the name of one"
        )
    return unit_images(baseline)


def _target(model: Classifier, target: Any, images: Tensor) -> Tensor | int | None:
    """The class to explain as a number, or one for each image."""
    if target is None:
        return None
    if isinstance(target, str):
        if target not in model.class_names:
            known = ", ".join(model.class_names[:12]) or f"numbers from 0 to {model.num_classes - 1}"
            raise SpecError(f"target = {target!r}: the network does not know it; choose from {known}")
        return model.class_names.index(target)
    numbers = torch.as_tensor(target)
    fits = not numbers.is_floating_point() and numbers.dtype != torch.bool and numbers.shape in ((), (len(images),))
    if not fits or bool(((numbers < 0) | (numbers >= model.num_classes)).any()):
        raise SpecError(
            f"target = {target!r}: expected a number from 0 to {model.num_classes - 1}, or one for each of "
            f"{len(images)} images"
        )
    return numbers.to(images.device, torch.int64)


def _scores(model: Classifier, found: Attribution, shown: _Shown) -> pd.DataFrame:
    """A row for each image."""

    def name(number: int) -> str:
        return model.class_names[number] if model.class_names else str(number)

    probability, predicted = found.probabilities.max(dim=1)
    table: dict[str, Any] = {
        "predicted": [name(number) for number in predicted.tolist()],
        "probability": probability.tolist(),
        "explained": [name(number) for number in found.targets.tolist()],
        "completeness_error": found.completeness_error.tolist(),
    }
    if shown.engine is not None:
        assert shown.indices is not None
        batch = shown.engine.batch(shown.indices)
        on_object = against_others(share_on_object, found.relevance.detach(), batch.masks)
        table = {"true_class": [shown.engine.class_names[label] for label in batch.labels.tolist()], **table}
        table |= {"share_on_object": on_object.own.tolist(), "null": on_object.null.tolist()}
        table |= {"area": batch.masks.mean(dim=(1, 2)).tolist()}
    return pd.DataFrame(table)
