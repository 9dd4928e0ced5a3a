"""``invariance.sens`` and ``invariance.profile``: what networks are invariant to, and in which of their layers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd
from torch import Tensor

from invariance.data.engine import Engine
from invariance.library.images import shown_images
from invariance.library.transforms import Chosen, chosen_transforms, own_twins
from invariance.library.work import at_work, result_of, task_of
from invariance.measures.profile import NUM_PROFILE_PAIRS, profile_twins
from invariance.measures.transform_table import measure_twins
from invariance.measures.twin_set import TwinSet, twin_set, untransformed
from invariance.spec import MeasureSpec
from invariance.spec.checks import require_count
from invariance.training.feed import Rendered


def sens(
    networks: Any,
    transforms: Any = "all",
    *,
    images: Any = None,
    num_pairs: int = MeasureSpec.num_pairs,
    device: str = "auto",
    seed: int = 0,
) -> pd.DataFrame:
    """How invariant networks are to transformations: the sens-score (paper, section 4) and other measures.

        invariance.sens("rotate")
        invariance.sens({"mine": network, "theirs": "hue"}, ["rotate", {"half": lambda x, generator: x / 2}])

    Twins are two draws of a transformation of the same image. The score is their mean distance in a network's
    representation over the mean distance of random pairs of images, which are a permutation of the twins: 0 is
    invariant, 1 is moved as far as to another image.

    Args:
        networks: one or several, as :func:`invariance.network` takes them: names, ``nn.Module``, a list, or
            ``{name: network}``.
        transforms: ``all`` (the paper's 18); names, as a text with commas or a list; ``{name: function}`` with
            ``function(images, generator)`` from (B, 3, H, W) float32 in [0, 1] on the CPU and a ``torch.Generator`` to
            images of the same kind; or a list of both. A function is given images that are finished, and one at a
            time, so that whatever it draws is drawn for each. One that draws nothing makes the second twin alone, the
            first is the image itself. Values beyond [0, 1] are cut off.
        images: what is transformed.
            None: the built-in objects on the built-in backgrounds, 32 px; the background stays as it is.
            A :class:`~invariance.spec.DatasetSpec` without transformations, or the name of a source (``cifar10``).
            A folder of pictures (in folders of classes, or flat), a tensor (N, 3, S, S) float in [0, 1] or uint8, or
            a torch data set of images or (image, label), as PIL or (3, S, S), or NumPy arrays of these, also with the
            channels last, (N, S, S, 3): whole pictures. A name then
            transforms the picture as a whole, and where it is moved away or becomes transparent (rotate, scale,
            erasing, ...) a built-in background shows, the same behind both twins; ``pose`` and ``occlude`` need
            objects. A folder ``<class>/<any>.png`` of cut-outs with transparency has objects.
            What of a folder is left out is said in a warning. Pictures of files and PIL are cut to a square of the size
            that the largest network takes, 32 px where all take any.
        num_pairs: twins of a transformation, at least 2; of whole pictures at most as many as there are.
        device: ``auto``, ``cpu`` or ``cuda``.
        seed: of objects, backgrounds, draws and random pairs; a ``DatasetSpec`` has its own.

    Returns:
        A row for each network and transformation, with the columns of ``invariance measure`` (model, transform, sens,
        sens_low, sens_high, sens_conditional, cosine, variance, cka, ...), which ``docs/formats.md`` explains.

    Raises:
        SpecError: an argument cannot be used.
    """
    require_count("num_pairs", num_pairs, 2, 10**7)
    chosen = chosen_transforms(transforms)
    with at_work("sens", networks, device) as at:
        engine, num = shown_images(images, at, chosen, num=num_pairs, seed=seed)
        clean = Rendered(*untransformed(engine, num))
        work = measure_twins(task_of(at.models, engine), clean, _twins(chosen, engine, clean.images))
        return result_of(work, at.bar)[0]


def profile(
    networks: Any,
    transforms: Any,
    *,
    images: Any = None,
    num_pairs: int = NUM_PROFILE_PAIRS,
    flatten: bool = False,
    device: str = "auto",
    seed: int = 0,
) -> pd.DataFrame:
    """Invariance layer by layer: every measure of :func:`sens` in each named layer, and of the pixels before them.

    Args:
        networks: as for :func:`sens`.
        transforms: as for :func:`sens`.
        images: as for :func:`sens`.
        num_pairs: twins of a transformation, at least 4.
        flatten: whether maps are kept whole; otherwise their mean over positions is measured, see
            :func:`~invariance.models.layer_features`.
        device: as for :func:`sens`.
        seed: as for :func:`sens`.

    Returns:
        Columns model, transform, layer, depth (0 for the pixels) and those of :func:`sens` that are measured.

    Raises:
        SpecError: an argument cannot be used.
    """
    require_count("num_pairs", num_pairs, 4, 10**5)
    chosen = chosen_transforms(transforms)
    with at_work("profile", networks, device) as at:
        engine, num = shown_images(images, at, chosen, num=num_pairs, seed=seed)
        clean, _ = untransformed(engine, num)
        tables = []
        for name, twins in _twins(chosen, engine, clean).items():
            table = profile_twins(at.models, clean, twins(), seed=engine.spec.seed, flatten=flatten)
            table.insert(1, "transform", name)
            tables.append(table)
            at.bar.told(len(tables), len(chosen))
        return pd.concat(tables, ignore_index=True)


def _twins(chosen: Chosen, engine: Engine, clean: Tensor) -> dict[str, Callable[[], TwinSet]]:
    """How the twins of each transformation are made."""
    seed = engine.spec.seed
    return {
        name: partial(twin_set, engine, name, clean)
        if change is None
        else partial(own_twins, name, change, clean, seed=seed)
        for name, change in chosen.items()
    }
