"""What is known of two networks that are compared: their trainings, images for both, and transfers of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from invariance.runs.gallery import GalleryEntry, entries, thrown_away
from invariance.runs.locate import run_id_of, task_of, weights_of
from invariance.runs.store import Store
from invariance.spec import DatasetSpec, PretrainSpec, RunSpec, TransferSpec
from invariance.studies.thrown_away_card import ThrownAway, card_from_json
from invariance.studies.thrown_away_row import Transferred
from invariance.studies.thrown_away_words import TrainedOn
from invariance.training.checkpoint import weights_spec


@dataclass(frozen=True)
class NetworkPair:
    """What the store and the gallery know of two networks.

    Attributes:
        trained_on: the transformations of either's pretraining; None where they are not known.
        data: objects and backgrounds that the first was pretrained on, else the second, else the gallery's ``none``;
            without transformations.
        task: of the last training of the first, or of the second, as on the pages.
        transferred: what both reached on the first target task to which both were transferred in the same way.
    """

    trained_on: TrainedOn
    data: DatasetSpec
    task: DatasetSpec
    transferred: Transferred | None

    def added_to(self, card: ThrownAway) -> ThrownAway:
        """A card of the two with what it takes to say why."""
        return replace(card, trained_on=self.trained_on, transferred=self.transferred)


def network_pair(
    references: Sequence[str | None], store: Store | None, *, shipped: Sequence[GalleryEntry] | None = None
) -> NetworkPair:
    """Looks two networks up.

    Args:
        references: of either, see :func:`~invariance.runs.locate.run_id_of`; None for one that no run here made.
        store: where runs are looked up; None for the gallery alone.
        shipped: the gallery's networks; None for those that are here.

    Raises:
        SpecError: weights cannot be had.
    """
    known = entries() if shipped is None else shipped
    made = [None if reference is None else _spec_of(reference, store, known) for reference in references]
    origins = [None if reference is None else _origin(reference, store, known) for reference in references]
    pretrained, usual = [origin[1] for origin in origins if origin is not None], task_of([], store)
    data = pretrained[0].data if pretrained else usual
    task = next((spec.data for spec in made if spec is not None), usual)
    first, second = (None if origin is None else origin[1].data.transforms for origin in origins)
    return NetworkPair(
        trained_on=(first, second),
        data=replace(data, transforms=(), num_samples=DatasetSpec().num_samples),
        task=replace(task, num_samples=None),
        transferred=_common([origin[0] for origin in origins if origin is not None], store, known),
    )


def shipped_card(first: str, second: str) -> ThrownAway | None:
    """The card of two gallery models, as it was made with them; None where there is none, and for other networks."""
    found = thrown_away(first, second)
    return None if found is None else card_from_json(found, network_pair([first, second], None).data)


def _spec_of(reference: str, store: Store | None, known: Sequence[GalleryEntry]) -> PretrainSpec | TransferSpec | None:
    """The training that made a network; None for one from outside."""
    spec: RunSpec | None = next((one.spec for one in known if reference in (one.name, one.run_id)), None)
    spec = weights_spec(weights_of(reference, store)) if spec is None else spec
    return spec if isinstance(spec, PretrainSpec | TransferSpec) else None


def _origin(reference: str, store: Store | None, known: Sequence[GalleryEntry]) -> tuple[str, PretrainSpec] | None:
    """The pretraining that a network comes from, and its identity in the gallery or the store; None if elsewhere."""
    spec = _spec_of(reference, store, known)
    if isinstance(spec, TransferSpec):
        return _origin(spec.source, store, known)
    if spec is None:
        return None
    # Of an earlier schema a run has another name than its spec has today.
    shipped = next((one.run_id for one in known if reference in (one.name, one.run_id)), None)
    return shipped or run_id_of(reference, store), spec


def _common(sources: Sequence[str], store: Store | None, known: Sequence[GalleryEntry]) -> Transferred | None:
    """Accuracies on the first target task to which two networks were transferred in the same way."""
    if len(set(sources)) < 2:
        return None
    made = [(entry.spec, entry.metrics) for entry in known]
    made += [] if store is None else [(run.spec, run.metrics) for run in store.list("transfer", ["done"])]
    found: list[dict[TransferSpec, float]] = [{}, {}]
    for spec, metrics in made:
        if isinstance(spec, TransferSpec) and spec.source in sources and "transfer_accuracy" in metrics:
            way = replace(spec, source="any")
            found[sources.index(spec.source)].setdefault(way, metrics["transfer_accuracy"])
    for way, accuracy in found[0].items():
        if way in found[1]:
            return Transferred((accuracy, found[1][way]), way.data.transforms)
    return None
