"""``invariance.equivariance``: whether what a transformation does to a representation can be foreseen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from invariance.library.images import shown_images
from invariance.library.transforms import Chosen
from invariance.library.work import at_work, result_of, several_names, task_of
from invariance.measures.equivariance_table import measure_equivariance
from invariance.spec import MeasureSpec
from invariance.vocabulary.equivariance import EQUIVARIANCE_PAIRS


def equivariance(
    networks: Any,
    transforms: Any = "all",
    *,
    images: Any = None,
    num_pairs: int = EQUIVARIANCE_PAIRS,
    layers: bool = False,
    device: str = "auto",
    seed: int = 0,
) -> pd.DataFrame:
    """Tells invariant, equivariant and scrambled representations apart, on objects that no prediction was fitted to.

        invariance.equivariance(["none", "hue"], "hue,rotate")

    Args:
        networks: as for :func:`invariance.sens`.
        transforms: ``all`` (the paper's 18), or names.
        images: as for :func:`invariance.sens`; of whole pictures (a folder, a tensor, an array, a torch data set) each
            is an object of its own.
        num_pairs: shared out equally to the objects, at least two to each.
        layers: whether there is a row for each layer, from the pixels on, in place of the representation.
        device: as for :func:`invariance.sens`.
        seed: of the images; a ``DatasetSpec`` has its own.

    Returns:
        A row for each network and transformation, with the columns of ``invariance measure --measure equivariance``
        (r2_unchanged, r2_linear, r2_parameter, r2_told, equivariance with its interval, control, the local
        equivariance error, verdict, ...), which ``docs/formats.md`` explains; with ``layers`` also layer and depth.

    Raises:
        SpecError: an argument cannot be used.
    """
    names = several_names("transforms", transforms)
    with at_work("equivariance", networks, device) as at:
        spec = MeasureSpec(sources=tuple(at.models), measure="equivariance", num_pairs=num_pairs, layers=layers)
        if names != ("all",):
            spec = replace(spec, transforms=names)
        chosen: Chosen = dict.fromkeys(spec.transforms)
        engine, _ = shown_images(images, at, chosen, num=max(2, num_pairs // 2), seed=seed, each_its_own=True)
        work = measure_equivariance(replace(spec, data=engine.spec), task_of(at.models, engine))
        return result_of(work, at.bar)[0]
