"""``invariance.shapley``: whose evidence decisions rest on, the object's, the background's or the sticker's."""

from __future__ import annotations

from typing import Any

import pandas as pd

from invariance.attribution.coalitions import NUM_REFERENCES
from invariance.attribution.compare import PREDICTED
from invariance.attribution.map_set import MAX_IMAGES
from invariance.attribution.tables import evidence_tables
from invariance.data.engine import Engine
from invariance.library.images import task_data
from invariance.library.work import at_work
from invariance.spec import SpecError
from invariance.spec.checks import require_count


def shapley(
    networks: Any,
    *,
    images: Any = None,
    num_images: int = 200,
    explain: str = PREDICTED,
    worth: str = "logit",
    reference: str = "others",
    num_references: int = NUM_REFERENCES,
    by_class: bool = False,
    differences: bool = False,
    device: str = "auto",
    seed: int = 0,
) -> pd.DataFrame:
    """Exact Shapley values of the parts of images, each made again under every coalition of its parts.

        invariance.shapley(["matched-transfer", "disjoint-transfer"], num_images=100)

    Args:
        networks: as for :func:`invariance.sens`; they have a last layer.
        images: None for the task of the first network that was trained here (of none: that of the gallery's ``none``),
            a :class:`~invariance.spec.DatasetSpec`, the name of a source, or a folder of cut-outs. Not images that are
            finished: their objects and backgrounds cannot be shown apart.
        num_images: of the test split.
        explain: ``predicted``, ``true``, or the name of a class.
        worth: of a coalition: ``logit`` or ``log-probability`` of the explained class.
        reference: what stands for an absent background: ``others`` or ``mean``.
        num_references: other backgrounds.
        by_class: whether rows of each class follow those of all.
        differences: whether the differences of every two networks' shares are wanted instead.
        device: as for :func:`invariance.sens`.
        seed: of the images, where they are the built-in ones; a task and a ``DatasetSpec`` have their own.

    Returns:
        A row for each network, group of images, class and part, with the columns of ``invariance shapley``; or a row
        for each pair of networks, group and part.

    Raises:
        SpecError: an argument cannot be used.
    """
    require_count("num_images", num_images, 1, MAX_IMAGES)
    with at_work("shapley", networks, device) as at:
        if differences and len(at.models) < 2:
            raise SpecError("differences = True: they are of two networks or more, and this is one; name another")
        data = task_data(images, networks, at.models, seed, why="since object and background are shown apart")
        found = evidence_tables(
            at.models,
            Engine(data, at.device),
            by_class=by_class,
            num=num_images,
            explain=explain,
            worth=worth,
            reference=reference,
            num_references=num_references,
            on_progress=at.bar.told,
        )
        return found[differences]
