"""Scores that foresee transfer: what each is called, and what it looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from invariance.vocabulary.attach import by_name


@dataclass(frozen=True, kw_only=True)
class TransferScore:
    """A score of a network for a target task, of which more is better.

    Attributes:
        name: on the command line and in tables.
        title: for people.
        meaning: a phrase.
        source: where it is from.
        needs_head: whether it looks at what the network says of the classes that it was pretrained on.
    """

    name: str
    title: str
    meaning: str
    source: str
    needs_head: bool = False


TRANSFER_SCORES: Final[dict[str, TransferScore]] = by_name(
    "transfer score",
    TransferScore(
        name="logme",
        title="LogME",
        meaning="log maximum evidence of a Bayesian linear model of the labels on the features",
        source="You et al. 2021, arXiv 2102.11005",
    ),
    TransferScore(
        name="h_score",
        title="H-score",
        meaning="variance of the features between classes, in units of their variance",
        source="Bao et al. 2019, arXiv 2212.10082",
    ),
    TransferScore(
        name="leep",
        title="LEEP",
        meaning="mean log probability of the labels, predicted through the classes of the pretraining",
        source="Nguyen et al. 2020, arXiv 2002.12462",
        needs_head=True,
    ),
    TransferScore(
        name="nce",
        title="NCE",
        meaning="negative conditional entropy of the labels given the class of the pretraining that is predicted",
        source="Tran et al. 2019, arXiv 1908.08142",
        needs_head=True,
    ),
)
"""By name."""
