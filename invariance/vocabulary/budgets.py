"""How long the pretrainings of a what-if are, and which budget is usual for a network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from invariance.vocabulary.attach import by_name
from invariance.vocabulary.optimizers import OPTIMIZERS


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How long pretraining is: passes, freshly drawn images in each, and what makes use of them.

    Attributes:
        name: for people, in links and on the command line.
        optimizer: one of :data:`~invariance.vocabulary.optimizers.OPTIMIZERS`, with the rates that suit it.
        epochs: passes.
        samples_per_epoch: images in each.
        summary: what it is good for and what it costs, one line.
        measured_on: architectures for which ``benchmarks.what_if_speed`` has shown gaps equal to those of *Quick*, in
            supervised pretraining; it is offered for these alone. None for a budget that suits all.
    """

    name: str
    optimizer: str
    epochs: int
    samples_per_epoch: int
    summary: str
    measured_on: tuple[str, ...] | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """Fields of ``PretrainSpec`` on an endless stream."""
        lengths = {"epochs": self.epochs, "samples_per_epoch": self.samples_per_epoch}
        return lengths | OPTIMIZERS[self.optimizer].settings

    def suits(self, model: str, objective: str) -> bool:
        """Whether it is offered for a network."""
        return self.measured_on is None or (model in self.measured_on and objective == "supervised")


BUDGETS: Final[dict[str, Budget]] = by_name(
    "budget",
    Budget(
        name="Instant",
        optimizer="muon",
        epochs=4,
        samples_per_epoch=2_500,
        summary="A quarter of Quick's images, trained with Muon, in half the time. Accuracies are higher on average "
        "and the gap is as wide, though not for every pair; networks throw away less of what they do not need.",
        measured_on=("small", "small_resnet", "small_vgg"),
    ),
    Budget(
        name="Quick",
        optimizer="adam",
        epochs=4,
        samples_per_epoch=10_000,
        summary="Seconds a network: enough for a large gap to show.",
    ),
    Budget(
        name="Standard",
        optimizer="adam",
        epochs=12,
        samples_per_epoch=10_000,
        summary="As long as the gallery's networks.",
    ),
    Budget(
        name="Long",
        optimizer="adam",
        epochs=40,
        samples_per_epoch=20_000,
        summary="Until there is little left to learn.",
    ),
)
"""By name, from short to long. Where nothing else is asked, the first that suits a network is its budget."""


def usual_budget(model: str = "small", objective: str = "supervised", optimizer: str | None = None) -> Budget:
    """The budget of a pretraining of which nothing is said of its length.

    Args:
        model: architecture.
        objective: of pretraining.
        optimizer: that is asked for; the shortest budget with it is taken then, whatever the network.
    """
    if optimizer is None:
        return next(budget for budget in BUDGETS.values() if budget.suits(model, objective))
    return next(budget for budget in BUDGETS.values() if budget.optimizer == optimizer)


def common_budget(networks: Iterable[tuple[str, str]], optimizer: str | None = None) -> Budget:
    """The one budget of networks that are compared, so that they differ in nothing else.

    Args:
        networks: architecture and objective of each.
        optimizer: that is asked for, see :func:`usual_budget`.

    Returns:
        What is usual for all of them, or where that differs the shortest one that suits every network.
    """
    usual = {usual_budget(*network, optimizer).name for network in networks}
    return BUDGETS[usual.pop()] if len(usual) == 1 else next(one for one in BUDGETS.values() if one.measured_on is None)
