"""What the pages keep in memory between reruns: loaded pictures, networks, and the list of both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from invariance.attribution.compare import Comparison, compare
from invariance.data.engine import Engine, sources_of
from invariance.data.picture_contents import stamp
from invariance.measures.pairs import NUM_REFERENCE, mean_pair_distance
from invariance.models import BATCH_SIZE, untrained_twin
from invariance.runs import gallery
from invariance.runs.describe import title, transforms_title
from invariance.runs.locate import added_networks, load_network
from invariance.spec import DatasetSpec, PretrainSpec, RunSpec, TransferSpec
from invariance.spec.sources import SOURCES
from invariance.training.checkpoint import load_weights, require_sum
from invariance.vocabulary.architectures import FILE_PREFIX
from invariance.vocabulary.measures import starting_network_name
from pages.shared.serving import folders, server

if TYPE_CHECKING:
    from invariance.models import Classifier


GALLERY_PREFIX = "gallery: "
NUM_REFERENCE_ENLARGED = 48

Key = tuple[str, str]
"""A network's reference and its weights' hash: what results are cached by."""

Keys = tuple[Key, ...]


@dataclass(frozen=True)
class KnownModel:
    """A network that can be looked at.

    Attributes:
        reference: name in the gallery, run id, or what a network of others is called everywhere.
        label: for people.
        spec: the run that made it; None for a network of others.
        path: file of weights; None for a network of others, which the library finds by its reference.
        sha256: of that file, or what else tells its contents apart.
        metrics: accuracies in [0, 1].
        is_untrained: whether it is not the network in the file but the one that its training started from.
        shown_on: what a network of others is looked at with, since what it was trained on is not here.
        description: of a network of others, a line.
        source: of a transfer, the pretraining that it starts from; None where that is not known.
    """

    reference: str
    label: str
    spec: RunSpec | None
    path: Path | None
    sha256: str
    metrics: dict[str, float]
    is_untrained: bool = False
    shown_on: DatasetSpec = DatasetSpec()  # noqa: RUF009 -- frozen, so that one may serve all
    description: str = ""
    source: RunSpec | None = None

    @property
    def key(self) -> Key:
        """What results that depend on it are cached by."""
        return (self.reference, self.sha256)

    @property
    def from_gallery(self) -> bool:
        """Whether it ships with the project."""
        return self.label.startswith(GALLERY_PREFIX)

    @property
    def is_published(self) -> bool:
        """Whether others trained it."""
        return self.spec is None

    @property
    def short_title(self) -> str:
        """What varied in its pretraining, whether it was transferred, and which one it is of one's own runs."""
        if self.is_untrained or self.pretrained_on is None:
            return "untrained" if self.is_untrained else self.label
        suffix = ", transferred" if isinstance(self.spec, TransferSpec) else ""
        suffix += "" if self.from_gallery else f" ({self.reference[:4]})"
        return transforms_title(self.pretrained_on) + suffix

    @property
    def pretrained_on(self) -> tuple[str, ...] | None:
        """What varied in its pretraining; None where others trained it, or what it was transferred from."""
        known = self.source if isinstance(self.spec, TransferSpec) else self.spec
        return None if known is None else known.data.transforms

    @property
    def data(self) -> DatasetSpec:
        """What it was trained on last: the target task for a transfer."""
        return self.shown_on if self.spec is None else self.spec.data

    @property
    def model(self) -> Classifier:
        """The network itself, loaded once for each content of its file."""
        if self.is_untrained:
            return _load_untrained(str(self.path), self.sha256, getattr(self.spec, "seed", 0))
        return _load_added(*self.key) if self.path is None else _load(str(self.path), self.sha256)

    @property
    def num_reference(self) -> int:
        """Images whose random pairs are its unit of distance: fewer where it enlarges each of them."""
        return NUM_REFERENCE if self.model.batch_size == BATCH_SIZE else NUM_REFERENCE_ENLARGED

    @property
    def untrained(self) -> KnownModel | None:
        """The network that its pretraining started from; None for a transfer, which started from a trained one."""
        if not isinstance(self.spec, PretrainSpec):
            return None
        name = starting_network_name(self.spec.model, self.spec.seed)
        # Supervised, since other objectives ask for transformations; the first weights are the same.
        spec = replace(self.spec, objective="supervised", data=replace(self.spec.data, transforms=()))
        return replace(self, reference=name, label=name, spec=spec, metrics={}, is_untrained=True)


def known_models() -> dict[str, KnownModel]:
    """The gallery's networks, those of finished runs, and those of others, by reference, in this order."""
    shipped = gallery.entries()
    by_run = {entry.run_id: entry.spec for entry in shipped}
    found = {
        entry.name: KnownModel(
            entry.name,
            _gallery_label(entry),
            entry.spec,
            entry.path,
            entry.sha256,
            dict(entry.metrics),
            source=by_run.get(getattr(entry.spec, "source", "")),
        )
        for entry in shipped
    }
    store = server.store()
    runs = {run.id: run for run in store.list(states=("done",))}
    for run in reversed(runs.values()):
        path = store.directory(run.id) / Path((run.result or {}).get("checkpoint") or "-").name
        if (
            run.kind in ("pretrain", "transfer")
            and run.id not in by_run
            and path.is_file()
            and folders.may_see(run.spec)
        ):
            earlier = f", schema {run.schema}" if run.remark else ""
            source = server.source_of(run, runs)
            label = f"{title(run.spec, source)} ({run.id[:4]}{earlier})"
            sha256 = str((run.result or {}).get("sha256"))
            found[run.id] = KnownModel(run.id, label, run.spec, path, sha256, run.metrics, source=source)
    shown_on = found["none"].data if "none" in found else DatasetSpec()
    for reference, name, description in added_networks(store):
        is_file = reference.startswith(FILE_PREFIX)
        label = f"file: {name} ({reference.removeprefix(FILE_PREFIX)[:4]})" if is_file else f"published: {name}"
        found[reference] = KnownModel(reference, label, None, None, "", {}, shown_on=shown_on, description=description)
    return found


def keys_of(models: Iterable[KnownModel]) -> Keys:
    """What results that depend on several networks are cached by."""
    return tuple(model.key for model in models)


def engine(spec: DatasetSpec) -> Engine:
    """An engine of this data set; its pictures are read once, whatever else of the spec changes.

    Raises:
        SpecError: a folder or a class cannot be used.
    """
    sources = sources_of(spec)
    stamps = tuple(stamp(getattr(spec, role)) for role in SOURCES)
    return _pictures(sources, stamps).with_spec_changes(**vars(spec))


def explain(
    models: Sequence[KnownModel],
    data: DatasetSpec,
    position: int,
    target: str,
    baseline: str,
    method: str = "integrated-gradients",
    parameters: tuple[tuple[str, float], ...] = (),
) -> Comparison:
    """Networks on one image of the test split, see :func:`invariance.attribution.compare.compare`."""
    spec = replace(data, num_samples=None)
    return _explain(models, keys_of(models), spec, position, target, baseline, method, parameters)


def pair_distance(model: KnownModel, data: DatasetSpec) -> float:
    """The unit of distance in a network's representation, see :mod:`invariance.measures.pairs`."""
    return _pair_distance(model, model.key, replace(data, num_samples=None))


@st.cache_resource(max_entries=8, show_spinner="Reading pictures")
def _pictures(sources: DatasetSpec, stamps: tuple[str, ...]) -> Engine:
    return Engine(sources)


@st.cache_resource(max_entries=24, show_spinner=False)
def _load(path: str, sha256: str) -> Classifier:
    return load_weights(require_sum(Path(path), sha256))


@st.cache_resource(max_entries=6, show_spinner="Loading a network")
def _load_added(reference: str, sha256: str) -> Classifier:
    return load_network(reference, server.store())


@st.cache_resource(max_entries=24, show_spinner=False)
def _load_untrained(path: str, sha256: str, seed: int) -> Classifier:
    return untrained_twin(_load(path, sha256), seed=seed)


# A network itself is left out of a cache's key, which its own key is in.


@st.cache_data(max_entries=256, show_spinner=False)
def _pair_distance(_model: KnownModel, key: Key, data: DatasetSpec) -> float:
    return mean_pair_distance(_model.model, engine(data), num=_model.num_reference)


@st.cache_data(max_entries=128, show_spinner="Explaining")
def _explain(
    _models: Sequence[KnownModel],
    keys: Keys,
    spec: DatasetSpec,
    position: int,
    target: str,
    baseline: str,
    method: str,
    parameters: tuple[tuple[str, float], ...],
) -> Comparison:
    return compare(
        [model.model for model in _models],
        engine(spec),
        position=position,
        explain=target,
        baseline=baseline,
        method=method,
        parameters=dict(parameters),
    )


def _gallery_label(entry: gallery.GalleryEntry) -> str:
    if entry.spec.kind == "transfer":
        return GALLERY_PREFIX + entry.title.replace(" + ", ", ")  # as transformations are listed everywhere else
    return GALLERY_PREFIX + transforms_title(entry.spec.data.transforms)
