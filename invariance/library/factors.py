"""``invariance.factors``: what representations have kept of what varies between images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from invariance.data.engine import Engine
from invariance.library.images import data_set
from invariance.library.work import at_work, recorded_weights, result_of, several_names, task_of
from invariance.measures.factor_table import probe_factors
from invariance.spec import FactorSpec


def factors(
    networks: Any,
    factors: str | Sequence[str] = "all",
    *,
    images: Any = None,
    vary: str = FactorSpec.vary,
    num_images: int = FactorSpec.num_images,
    num_folds: int = FactorSpec.num_folds,
    device: str = "auto",
    seed: int = 0,
) -> pd.DataFrame:
    """Decodes what varies between images from representations, and from two controls, the pixels and first weights.

        invariance.factors(["none", "hue"], ["class", "hue", "rotate"])

    Args:
        networks: as for :func:`invariance.sens`.
        factors: ``all``, or names: ``class``, ``background``, transformations, or single parameters (``translate.x``).
        images: None for the built-in objects and backgrounds, a :class:`~invariance.spec.DatasetSpec`, the name of a
            source, or a folder of cut-outs. Not images that are finished: what was drawn for them is not known.
        vary: ``one`` factor at a time, or all of them ``together``.
        num_images: for each set of images, 50 or more.
        num_folds: of the cross-validation, 2 to 20.
        device: as for :func:`invariance.sens`.
        seed: of the images; a ``DatasetSpec`` has its own.

    Returns:
        A row for each network, factor and way of splitting objects, controls first, with the columns of ``invariance
        factors``, which ``docs/formats.md`` explains. Networks of this project are compared with the one among them
        that was trained on no transformation.

    Raises:
        SpecError: an argument cannot be used.
    """
    data = data_set(images, seed, why="since of each image has to be known what was drawn")
    names = several_names("factors", factors)
    with at_work("factors", networks, device) as at:
        sources = tuple(at.models)
        spec = FactorSpec(sources=sources, data=data, vary=vary, num_images=num_images, num_folds=num_folds)
        if names != ("all",):
            spec = replace(spec, factors=names)
        task = task_of(at.models, Engine(data, at.device), recorded_weights(networks, at.models))
        return result_of(probe_factors(spec, task), at.bar)[0]
