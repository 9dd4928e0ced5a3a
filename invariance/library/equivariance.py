"""``invariance.equivariance``: whether what a transformation does to a representation can be foreseen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from invariance.data.engine import Engine
from invariance.library.images import data_set
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
        images: None for the built-in objects and backgrounds, a :class:`~invariance.spec.DatasetSpec`, or the name of
            a source.
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
    data = data_set(images, seed)
    names = several_names("transforms", transforms)
    with at_work(networks, device) as (models, where):
        spec = MeasureSpec(sources=tuple(models), data=data, measure="equivariance", num_pairs=num_pairs, layers=layers)
        if names != ("all",):
            spec = replace(spec, transforms=names)
        return result_of(measure_equivariance(spec, task_of(models, Engine(data, where))))[0]
