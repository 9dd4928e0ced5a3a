"""How large a study is: what all studies share, and the base of what each has of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from invariance.spec import DatasetSpec, PretrainSpec, TransferSpec


@dataclass(frozen=True)
class Budget:
    """What a study spends on each of its runs, and how often it is repeated; the fields are those of the specs.

    Attributes:
        seeds: each repeats the study with other objects, transformations and initial weights.
        model: architecture.
        num_samples: to pretrain on; None for freshly drawn images in every step.
        epochs: of pretraining.
        batch_size: of pretraining.
        learning_rate: of pretraining.
        transfer_samples: to transfer with.
        num_test_samples: of every test split.
        num_pairs: twins of a sens-score.
        regularisation: of the probe.
        samples_per_epoch: with freshly drawn images; otherwise without meaning.
        shared_backgrounds: whether tests show the backgrounds of training, as in the paper.
    """

    seeds: tuple[int, ...]
    model: str
    num_samples: int | None
    epochs: int
    batch_size: int
    learning_rate: float
    transfer_samples: int
    num_test_samples: int
    num_pairs: int
    regularisation: str = "prior"
    samples_per_epoch: int = 10_000
    shared_backgrounds: bool = False

    def pretraining(self, data: DatasetSpec, seed: int, **others: Any) -> PretrainSpec:
        """The pretraining on a data set.

        Args:
            data: the training set.
            seed: of the initial weights.
            **others: fields of the spec that are not as usual.
        """
        usual = {
            "model": self.model,
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "learning_rate": self.learning_rate,
            "num_test_samples": self.num_test_samples,
            "samples_per_epoch": self.samples_per_epoch,
        }
        return PretrainSpec(data=data, seed=seed, **{**usual, **others})

    def transfer(self, source: str, data: DatasetSpec, seed: int) -> TransferSpec:
        """The linear probe of a network on a target task."""
        return TransferSpec(
            source=source,
            data=data,
            seed=seed,
            num_test_samples=self.num_test_samples,
            regularisation=self.regularisation,
        )


QUICK: Final = Budget(
    seeds=tuple(range(12)),
    model="small",
    num_samples=None,
    epochs=4,
    batch_size=128,
    learning_rate=2e-3,
    transfer_samples=2_000,
    num_test_samples=1_000,
    num_pairs=500,
)
"""About half an hour on a processor; two blocks of seeds, over which the transformations of study A are balanced."""

STANDARD: Final = Budget(
    seeds=tuple(range(6)),
    model="resnet18",
    num_samples=20_000,
    epochs=10,
    batch_size=256,
    learning_rate=1e-3,
    transfer_samples=5_000,
    num_test_samples=4_000,
    num_pairs=2_000,
)
"""Hours on one GPU; one block of seeds, the fewest from which a verdict is not preliminary."""

PAPER: Final = Budget(
    seeds=tuple(range(10)),
    model="resnet18",
    num_samples=50_000,
    epochs=50,
    batch_size=512,
    learning_rate=1e-3,
    transfer_samples=50_000,
    num_test_samples=10_000,
    num_pairs=10_000,
    regularisation="validation",
    shared_backgrounds=True,
)
"""As published (arXiv 2407.04325, appendix)."""

SCALE_NAMES: Final = ("quick", "standard", "paper")
"""From small to large; every study has all of them."""


@dataclass(frozen=True, kw_only=True)
class StudyScale:
    """A study at one scale; what a study has of its own is added by a class of its own.

    Attributes:
        budget: of its runs.
        num_classes: of a task, or of each disjoint group of classes.
        objects: source of the objects.
        backgrounds: source of the backgrounds.
        factors: what is varied, in a study that has such to choose from.
    """

    budget: Budget
    num_classes: int = 30
    objects: str = "builtin"
    backgrounds: str = "builtin"
    factors: tuple[str, ...] = ()
