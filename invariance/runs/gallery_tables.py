"""Tables of the gallery's networks behind single pictures: made once, so that a lesson answers at once.

They are made from the weights that ship, on the test split of the task that those were pretrained on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Final

import pandas as pd
import torch

from invariance.data.engine import Engine
from invariance.measures.magnitude import magnitude_curve
from invariance.measures.profile import layer_profile
from invariance.models import Classifier, untrained_twin
from invariance.runs.gallery import entries
from invariance.spec import TRANSFORM_NAMES, PretrainSpec
from invariance.training.checkpoint import load_weights

UNTRAINED: Final = "untrained"

Networks = Mapping[str, Classifier]


def profiles(networks: Networks, engine: Engine, transforms: Collection[str], num_pairs: int) -> pd.DataFrame:
    """Every layer of the network of each transformation, of the one without any and of the untrained one.

    The layer at depth 0 is the pixels; the last one is the representation. So the table also holds how far single
    edits move an image to the eye and to a network: ``sens_conditional``, the twins that differ.
    """
    return _of_each(layer_profile, networks, engine, transforms, num_pairs)


def magnitudes(networks: Networks, engine: Engine, transforms: Collection[str], num_pairs: int) -> pd.DataFrame:
    """How far the same networks see an image move as one transformation grows, within and beyond its trained range."""
    return _of_each(magnitude_curve, networks, engine, transforms, num_pairs)


TABLES: Final[dict[str, Callable[[Networks, Engine, Collection[str], int], pd.DataFrame]]] = {
    "profiles": profiles,
    "magnitudes": magnitudes,
}
"""By file, without its ending."""


def make_tables(folder: Path, transforms: Collection[str], num_pairs: int, *, device: str) -> Iterator[str]:
    """Writes each of :data:`TABLES` of a gallery as CSV and yields its name when it is there.

    Args:
        folder: of the gallery, whose networks are made; the tables go there too.
        transforms: that the gallery has networks of.
        num_pairs: twins of each transformation.
        device: where to compute.
    """
    networks, engine = _networks(folder, device)
    for name, make in TABLES.items():
        with torch.inference_mode():
            table = make(networks, engine, transforms, num_pairs)
        table.to_csv(folder / f"{name}.csv", index=False, float_format="%.5g")
        yield name


def _of_each(
    make: Callable[..., pd.DataFrame], networks: Networks, engine: Engine, transforms: Collection[str], num_pairs: int
) -> pd.DataFrame:
    parts: list[pd.DataFrame] = []
    for transform in (name for name in TRANSFORM_NAMES if name in transforms):
        shown = {name: networks[name] for name in (transform, "none", UNTRAINED)}
        found = make(shown, engine, transform, num_pairs=num_pairs)
        parts.append(found.assign(transform=transform))
    return pd.concat(parts, ignore_index=True)


def _networks(folder: Path, device: str) -> tuple[dict[str, Classifier], Engine]:
    """The pretrained networks by name, the one that their trainings started from, and what they were trained on."""
    pretrained = {entry.name: entry for entry in entries(folder) if isinstance(entry.spec, PretrainSpec)}
    networks = {name: load_weights(entry.path).to(device).eval() for name, entry in pretrained.items()}
    first = pretrained["none"].spec
    assert isinstance(first, PretrainSpec)
    networks[UNTRAINED] = untrained_twin(networks["none"], seed=first.seed)
    return networks, Engine(first.data, device=device)
