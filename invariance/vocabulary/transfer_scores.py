"""Scores that foresee transfer: what each is called, what it looks at, and the tables in which they are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from invariance.vocabulary.attach import by_name
from invariance.vocabulary.columns import Column


@dataclass(frozen=True, kw_only=True)
class TransferScore:
    """A score of a network for a target task, of which more is better.

    Attributes:
        name: on the command line and in tables.
        title: for people.
        meaning: a phrase.
        source: where it is from; empty for what is no proposal of a paper.
        needs_head: whether it looks at what the network says of the classes that it was pretrained on.
    """

    name: str
    title: str
    meaning: str
    source: str = ""
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

BASELINES: Final[dict[str, TransferScore]] = by_name(
    "baseline of transfer scores",
    TransferScore(
        name="sens",
        title="mean sens-score",
        meaning="minus the mean sens-score to the target's transformations: told these, it sees no image of the target",
    ),
    TransferScore(
        name="relation",
        title="relation",
        meaning="mean accuracy on the other tasks of all networks whose pretraining is related to the task alike",
    ),
    TransferScore(
        name="other_tasks",
        title="the other tasks",
        meaning="the network's own mean accuracy on the other tasks, a ranking that hardly depends on the task",
    ),
    TransferScore(
        name="pretraining_accuracy", title="pretraining accuracy", meaning="accuracy on the task of the pretraining"
    ),
    TransferScore(
        name="second_probe",
        title="a second probe",
        meaning="accuracy of a probe on other images of the target: how well any score could do",
    ),
)
"""What a score is held against, by name; the last is the ceiling."""

ACCURACIES: Final[dict[str, str]] = {"transfer_accuracy": "linear probe", "fine_tune_accuracy": "fine-tuning"}
"""Columns of what is foreseen, and what gives it."""

BENCHMARK_TABLE: Final = (
    Column(name="network", meaning="run id of the pretrained network"),
    Column(name="model", meaning="its architecture"),
    Column(name="objective", meaning="of its pretraining"),
    Column(name="source", meaning="transformations of its pretraining"),
    Column(name="task", meaning="transformations of the target task"),
    Column(name="relation", meaning="how the two are related, as of a what-if"),
    Column(name="pretraining_accuracy", meaning="on the test split of the pretraining"),
    Column(name="transfer_accuracy", meaning="of a linear probe on the test split of the task"),
    Column(name="second_probe", meaning="the same of a probe on other images of the task; of a part of the tasks"),
    Column(name="fine_tune_accuracy", meaning="after fine-tuning; of a part of the tasks"),
    Column(name="sens", meaning="mean sens-score to the task's transformations (0: invariant)"),
    Column(name="run", meaning="the run of the linear probe"),
    *(Column(name=name, meaning=one.meaning) for name, one in TRANSFER_SCORES.items()),
)
"""Of ``results.csv`` of the benchmark, a row for each network and task; the last ones once it is whole."""

_TAU: Final = (
    "weighted Kendall tau (Vigna 2015, arXiv 1404.3325) between score and accuracy over all networks, mean over "
    "tasks, and its 95 % interval"
)
_WITHIN: Final = "the same among the networks of one architecture, mean over architectures and tasks"
_SHARE: Final = "accuracy of the network with the highest score over that of the best network, mean over tasks"
RANKING_TABLE: Final = (
    Column(name="score", meaning="name of the score, or of a baseline"),
    Column(name="foresees", meaning=" or ".join(ACCURACIES.values())),
    *(Column(name=f"tau{end}", meaning=_TAU) for end in ("", "_low", "_high")),
    *(Column(name=f"tau_within{end}", meaning=_WITHIN) for end in ("", "_low", "_high")),
    *(Column(name=f"share_of_best{end}", meaning=_SHARE) for end in ("", "_low", "_high")),
    Column(name="num_networks", meaning="networks that have the score"),
    Column(name="num_tasks", meaning="tasks for which all of them have score and accuracy"),
)
"""Of ``ranking.csv``, a row for each score and what it foresees; intervals resample networks and tasks."""
