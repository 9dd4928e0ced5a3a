"""How a transfer stands, with the pretraining that it builds on: what the Train page shows live."""

from __future__ import annotations

from dataclasses import dataclass

from invariance.models import PUBLISHED_PREFIX
from invariance.runs.describe import source_title, transforms_title
from invariance.runs.store import Run
from invariance.spec import SpecError, TransferSpec
from pages.shared import server


@dataclass(frozen=True)
class TransferStatus:
    """One network on its way to the target task.

    Attributes:
        transfer: of it.
        pretraining: of it, if that is in the store; a network that ships or was published is ready.
        transforms: what it was pretrained on; None for a published network.
    """

    transfer: Run
    pretraining: Run | None
    transforms: tuple[str, ...] | None

    @property
    def spec(self) -> TransferSpec:
        """Of the transfer."""
        assert isinstance(self.transfer.spec, TransferSpec)
        return self.transfer.spec

    @property
    def runs(self) -> list[Run]:
        """In the order in which they are executed."""
        return [self.transfer] if self.pretraining is None else [self.pretraining, self.transfer]

    @property
    def name(self) -> str:
        """The network in a few words: what it was pretrained on, or how it is called."""
        return source_title(self.spec.source) if self.transforms is None else transforms_title(self.transforms)

    @property
    def role(self) -> str:
        """Its name, and how that relates to the target task."""
        if self.transforms is None:
            return f"Published: {self.name}"
        is_matched = set(self.transforms) == set(self.spec.data.transforms)
        return f"{'Matched' if is_matched else 'Mismatched'}: {self.name}"

    @property
    def reference(self) -> str:
        """The network to look at afterwards: before the transfer, if that is a run of one's own."""
        return self.transfer.id if self.pretraining is None else self.pretraining.id

    @property
    def accuracy(self) -> float | None:
        """Of the transfer, in [0, 1], once it is known."""
        return self.transfer.metrics.get("transfer_accuracy")


def transfer_statuses(transfer_ids: list[str]) -> list[TransferStatus]:
    """How some transfers stand.

    Raises:
        SpecError: a run is not known here, or is no transfer.
    """
    store, found = server.store(), []
    for run in [store.get(run_id) for run_id in transfer_ids]:
        if not isinstance(run.spec, TransferSpec):
            raise SpecError(f"run {run.id} is a {run.kind}: only transfers can be shown here; see the page Runs")
        source = run.spec.source
        pretraining = store.find(source)
        known = server.source_of(run, {} if pretraining is None else {source: pretraining})
        if known is None and not source.startswith(PUBLISHED_PREFIX):
            store.get(source)  # raises: neither here nor in the gallery
        found.append(TransferStatus(run, pretraining, None if known is None else known.data.transforms))
    return found
