"""Tables of the gallery's networks behind single pictures: made once, so that a lesson answers at once.

They are made from the weights that ship: on the test split of what those were pretrained on, and, of the pair that was
transferred, on that of the target task.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd
import torch

from invariance.data.engine import Engine
from invariance.data.example import EXAMPLE_TRANSFORMS
from invariance.measures.example import EXAMPLE_COLUMNS, example_table
from invariance.measures.magnitude import magnitude_curve
from invariance.measures.profile import layer_profile
from invariance.models import Classifier, untrained_twin
from invariance.runs.gallery import GalleryEntry, entries
from invariance.spec import TRANSFORM_NAMES, PretrainSpec, TransferSpec
from invariance.training.checkpoint import load_weights

UNTRAINED: Final = "untrained"


@dataclass(frozen=True)
class Shipped:
    """Networks of a gallery and what they are looked at with.

    Attributes:
        pretrained: by name, with the untrained one that their trainings started from.
        engine: of what they were pretrained on, whose transformations the twins replace.
        transferred: the pair that was transferred, by name.
        task: of its target task.
        transforms: that the gallery has networks of.
        num_pairs: twins of each transformation.
        num_images: that are attributed.
    """

    pretrained: Mapping[str, Classifier]
    engine: Engine
    transferred: Mapping[str, Classifier]
    task: Engine
    transforms: Collection[str]
    num_pairs: int
    num_images: int

    def of_each(self, make: Callable[..., pd.DataFrame]) -> pd.DataFrame:
        """A table of every transformation's network, the one without any, and the untrained one."""
        parts: list[pd.DataFrame] = []
        for transform in (name for name in TRANSFORM_NAMES if name in self.transforms):
            networks = {name: self.pretrained[name] for name in (transform, "none", UNTRAINED)}
            with torch.inference_mode():
                parts.append(make(networks, self.engine, transform, num_pairs=self.num_pairs))
            parts[-1] = parts[-1].assign(transform=transform)
        return pd.concat(parts, ignore_index=True)


def profiles(shipped: Shipped) -> pd.DataFrame:
    """Every layer from the pixels (depth 0) to the representation.

    So it also holds how far single edits move an image to the eye and to a network: ``sens_conditional``.
    """
    return shipped.of_each(layer_profile)


def magnitudes(shipped: Shipped) -> pd.DataFrame:
    """How far a network sees an image move as one transformation grows, within and beyond its trained range."""
    return shipped.of_each(magnitude_curve)


def mask_scores(shipped: Shipped) -> pd.DataFrame:
    """Whether maps lie on the object, beside other images' objects."""
    from invariance.attribution.tables import score_table  # here, since it needs an extra

    return score_table(shipped.transferred, shipped.task, num=shipped.num_images)


def randomisation(shipped: Shipped) -> pd.DataFrame:
    """Whether maps change with the weights, beside maps of untrained networks among themselves."""
    from invariance.attribution.tables import randomisation_table

    return randomisation_table(shipped.transferred, shipped.task)


def evidence(shipped: Shipped) -> pd.DataFrame:
    """Shapley values of object and background, among equally right images."""
    from invariance.attribution.tables import evidence_tables

    return evidence_tables(shipped.transferred, shipped.task, num=shipped.num_images)[0]


def example(shipped: Shipped) -> pd.DataFrame:
    """What the app begins with: one image at every magnitude, seen by who trained on that and by who did not."""
    parts = [pd.DataFrame(columns=list(EXAMPLE_COLUMNS))]
    for transform in (name for name in EXAMPLE_TRANSFORMS if name in shipped.transforms):
        networks = {name: shipped.pretrained[name] for name in (transform, "none", UNTRAINED)}
        parts.append(example_table(networks, shipped.engine, transform))
    return pd.concat(parts[1:] or parts, ignore_index=True)


TABLES: Final[dict[str, Callable[[Shipped], pd.DataFrame]]] = {
    "profiles": profiles,
    "magnitudes": magnitudes,
    "mask-scores": mask_scores,
    "randomisation": randomisation,
    "evidence": evidence,
    "example": example,
}
"""By file, without its ending."""


def make_tables(folder: Path, transforms: Collection[str], num_pairs: int, num_images: int, *, device: str) -> None:
    """Writes each of :data:`TABLES` of a gallery as CSV.

    Args:
        folder: of the gallery, whose networks are made; the tables go there too.
        transforms: that the gallery has networks of.
        num_pairs: twins of each transformation.
        num_images: that are attributed.
        device: where to compute.
    """
    pretrained, engine = _loaded(folder, PretrainSpec, device)
    transferred, task = _loaded(folder, TransferSpec, device)
    pretrained[UNTRAINED] = untrained_twin(pretrained["none"], seed=engine.spec.seed)
    shipped = Shipped(pretrained, engine, transferred, task, transforms, num_pairs, num_images)
    for name, make in TABLES.items():
        make(shipped).to_csv(folder / f"{name}.csv", index=False, float_format="%.5g")


def _loaded(folder: Path, kind: type, device: str) -> tuple[dict[str, Classifier], Engine]:
    """The networks of one kind of run by name, and their data."""
    chosen: list[GalleryEntry] = [entry for entry in entries(folder) if isinstance(entry.spec, kind)]
    networks = {entry.name: load_weights(entry.path).to(device).eval() for entry in chosen}
    return networks, Engine(chosen[0].spec.data, device=device)
