"""How a network's weights may follow their gradients in pretraining, and at which rates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from invariance.vocabulary.attach import by_name


@dataclass(frozen=True, kw_only=True)
class OptimizerFacts:
    """What a spec, a page or the optimiser itself needs to know of a rule.

    Attributes:
        name: in specs, links and on the command line.
        title: for people.
        summary: what it does, a phrase.
        betas: by how much the running means of Adam's gradients and of their squares decline in a step.
        filter_rate: learning rate of the filters of convolutions, in multiples of the learning rate of everything
            else; None where Adam steps them too.
        learning_rate: that suits the short trainings of a what-if, at their start.
        batch_size: likewise.
        schedule: likewise, of all rates.
    """

    name: str
    title: str
    summary: str
    betas: tuple[float, float]
    filter_rate: float | None = None
    learning_rate: float
    batch_size: int
    schedule: str

    @property
    def settings(self) -> dict[str, str | int | float]:
        """The fields of a pretraining that suit it."""
        return {
            "optimizer": self.name,
            "batch_size": self.batch_size,
            "learning_rate": self.learning_rate,
            "schedule": self.schedule,
        }


OPTIMIZERS: Final[dict[str, OptimizerFacts]] = by_name(
    "optimizer",
    OptimizerFacts(
        name="adam",
        title="Adam",
        summary="each weight by running means of its gradient (Kingma and Ba 2014, arXiv 1412.6980)",
        betas=(0.9, 0.999),
        learning_rate=2e-3,
        batch_size=128,
        schedule="constant",
    ),
    OptimizerFacts(
        name="muon",
        title="Muon",
        summary="filters of convolutions by the orthogonalised gradient (Jordan et al. 2024, "
        "kellerjordan.github.io/posts/muon), all else by Adam",
        betas=(0.85, 0.95),
        filter_rate=12.0,
        learning_rate=0.02,
        batch_size=64,
        schedule="linear",
    ),
)
"""By name, in the order in which they are offered. Muon's rates are those of Jordan's airbench (arXiv 2404.00498)."""

MUON_MOMENTUM: Final = 0.6
"""Share of a filter's averaged gradient that is kept in a step; looked ahead along it, as Nesterov does."""
NEWTON_SCHULZ: Final = (3.4445, -4.7750, 2.0315)
"""Coefficients of the odd quintic that draws singular values towards one."""
NEWTON_SCHULZ_STEPS: Final = 3
"""How often it is applied: enough that the large ones are alike, as few as possible since each is three products."""
