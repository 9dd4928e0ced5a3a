"""What the Train page watches: a transfer, with the pretraining that it builds on; and what it all came to."""

from __future__ import annotations

from dataclasses import dataclass

from invariance.models import PUBLISHED_PREFIX
from invariance.runs.describe import source_title, transforms_title
from invariance.runs.store import Run
from invariance.spec import SpecError
from pages.shared import server


@dataclass(frozen=True)
class Watched:
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
    def runs(self) -> list[Run]:
        """In the order in which they are executed."""
        return [self.transfer] if self.pretraining is None else [self.pretraining, self.transfer]

    @property
    def name(self) -> str:
        """The network in a few words: what it was pretrained on, or how it is called."""
        return source_title(self.transfer.spec.source) if self.transforms is None else transforms_title(self.transforms)

    @property
    def role(self) -> str:
        """Its name, and how that relates to the target task."""
        if self.transforms is None:
            return f"Published: {self.name}"
        is_matched = set(self.transforms) == set(self.transfer.spec.data.transforms)
        return f"{'Matched' if is_matched else 'Mismatched'}: {self.name}"

    @property
    def reference(self) -> str:
        """The network to look at afterwards: before the transfer, if that is a run of one's own."""
        return self.transfer.id if self.pretraining is None else self.pretraining.id

    @property
    def accuracy(self) -> float | None:
        """Of the transfer, in [0, 1], once it is known."""
        return self.transfer.metrics.get("transfer_accuracy")


def watched_of(transfer_ids: list[str]) -> list[Watched]:
    """The networks of some transfers.

    Raises:
        SpecError: a run is not known here, or is no transfer.
    """
    store, found = server.store(), []
    for run in [store.get(run_id) for run_id in transfer_ids]:
        if run.kind != "transfer":
            raise SpecError(f"run {run.id} is a {run.kind}: only transfers can be watched here; see the page Runs")
        source = run.spec.source
        pretraining = store.find(source)
        known = server.source_of(run, {} if pretraining is None else {source: pretraining})
        if known is None and not source.startswith(PUBLISHED_PREFIX):
            store.get(source)  # raises: neither here nor in the gallery
        found.append(Watched(run, pretraining, None if known is None else known.data.transforms))
    return found


def conclusion(pretrained_on: list[tuple[str, ...]], accuracies: list[float], target: tuple[str, ...]) -> str:
    """One sentence on which pretraining transferred better, and by how much.

    Args:
        pretrained_on: transformations of each pretraining, one or two.
        accuracies: of the transfers, in [0, 1].
        target: transformations of the target task.
    """
    names = [transforms_title(transforms) for transforms in pretrained_on]
    if len(names) == 1:
        return (
            f"Pretrained on **{names[0]}**, the network reaches **{accuracies[0]:.1%}** on {transforms_title(target)}."
        )
    points = 100 * (accuracies[0] - accuracies[1])
    if abs(points) < 1:
        return f"**{names[0]}** and **{names[1]}** transfer equally well here: less than one point apart."
    better, worse = (0, 1) if points > 0 else (1, 0)
    shared = "what the target task varies" if set(pretrained_on[better]) == set(target) else "something else"
    return (
        f"Pretraining on **{names[better]}**, {shared}, transfers **{abs(points):.1f} points** better than "
        f"on **{names[worse]}**: {accuracies[better]:.1%} against {accuracies[worse]:.1%} of the unseen images."
    )


def published_conclusion(name: str, accuracy: float, ours: list[float]) -> str:
    """One sentence on a published network beside those that were pretrained here.

    Args:
        name: of the network.
        accuracy: of its transfer, in [0, 1].
        ours: accuracies of the others; may be none.
    """
    said = f"The published **{name}** reaches **{accuracy:.1%}**"
    if not ours:
        return f"{said} of the unseen images."
    best = "the better network" if len(ours) > 1 else "the network"
    points = 100 * (accuracy - max(ours))
    if abs(points) < 1:
        return f"{said}, as much as {best} pretrained here."
    return f"{said}: **{abs(points):.1f} points** {'more' if points > 0 else 'less'} than {best} pretrained here."
