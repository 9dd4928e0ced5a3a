"""Runs that train: pretraining and transfer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from invariance.spec.checks import SpecError, require, require_choice, require_count, require_number
from invariance.spec.dataset import DatasetSpec, require_dataset
from invariance.spec.run import BaseRunSpec
from invariance.vocabulary.architectures import ARCHITECTURES
from invariance.vocabulary.choices import PRECISIONS, REGULARISATIONS, SCHEDULES, TRAINABLE, TRANSFER_METHODS
from invariance.vocabulary.objectives import OBJECTIVES
from invariance.vocabulary.optimizers import OPTIMIZERS


@dataclass(frozen=True, kw_only=True)
class PretrainSpec(BaseRunSpec):
    """Training of a network from random weights.

    Attributes:
        data: the training set; its test split is used once, at the end.
        model: architecture, one of :data:`~invariance.vocabulary.architectures.ARCHITECTURES`.
        epochs: number of passes over the data; with 0 the network keeps its first weights, untrained.
        samples_per_epoch: images in one epoch of an endless stream; ignored for a finite data set.
        batch_size: images in one step.
        learning_rate: of Adam, at the start; the filters of ``muon`` have 12 times that.
        seed: initial weights and order of the samples.
        num_test_samples: size of the test split.
        objective: one of :data:`~invariance.vocabulary.objectives.OBJECTIVES`. Other than ``supervised``, the last
            layer is solved on the frozen representation when training is over, so that there is an accuracy to compare.
        schedule: of the learning rate, one of ``SCHEDULES``: constant, or falling to 0 along half a cosine or a line.
        weight_decay: of Adam, as an L2 penalty on the weights.
        precision: of the network's products, one of ``PRECISIONS``: ``auto`` is bfloat16 where the device has
            instructions for it (CUDA GPUs, some processors) and float32 elsewhere; parameters are float32 always.
        optimizer: one of :data:`~invariance.vocabulary.optimizers.OPTIMIZERS`: ``adam`` for all weights, or ``muon``
            for the filters of convolutions and Adam for the rest.
    """

    kind: ClassVar[str] = "pretrain"
    data: DatasetSpec
    model: str = "small"
    epochs: int = 10
    samples_per_epoch: int = 10_000
    batch_size: int = 256
    learning_rate: float = 1e-3
    seed: int = 0
    num_test_samples: int = 2_000
    objective: str = "supervised"
    schedule: str = "constant"
    weight_decay: float = 0.0
    precision: str = "auto"
    optimizer: str = "adam"

    def __post_init__(self) -> None:
        require_dataset(self.data)
        require_choice("objective", self.objective, OBJECTIVES)
        require_choice("optimizer", self.optimizer, OPTIMIZERS)
        require(self.schedule in SCHEDULES, "schedule", self.schedule, " or ".join(SCHEDULES))
        require_number("weight_decay", self.weight_decay, 0.0, 1.0)
        if OBJECTIVES[self.objective].needs_transforms and not self.data.transforms:
            raise SpecError(f"objective = {self.objective}: its views differ in transformations; choose some")
        known = f"{' or '.join(ARCHITECTURES)}, or one that an imported module registers"
        require(isinstance(self.model, str) and self.model in ARCHITECTURES, "model", self.model, known)
        if self.data.image_size < (smallest := ARCHITECTURES[self.model].smallest_image_px):
            raise SpecError(f"image_size = {self.data.image_size}: {self.model} needs at least {smallest} px")
        check_training(self, fewest_epochs=0)
        require_count("samples_per_epoch", self.samples_per_epoch, 1, 2**31)
        if self.data.num_samples == 1:
            raise SpecError("num_samples = 1: batch norm needs at least 2 images to train on")


@dataclass(frozen=True, kw_only=True)
class TransferSpec(BaseRunSpec):
    """Reuse of a pretrained representation on another task.

    Attributes:
        source: the pretrained network: a run id, or the reference of a network from outside.
        data: the target task; must be finite.
        method: ``linear-probe`` (features extracted once, new last layer) or ``fine-tune`` (all weights, starting
            from the probed head).
        epochs: passes of fine-tuning; the probe is solved, not iterated over epochs.
        batch_size: images in one step of fine-tuning.
        learning_rate: of Adam in fine-tuning.
        seed: initial head and order of the samples.
        num_test_samples: size of the test split, used once.
        regularisation: of the probe: ``prior``, one penalty that suits small networks, or ``validation``, the penalty
            of a wide grid whose probe is most accurate on the task's validation split.
        precision: of the network's products, one of ``PRECISIONS``: ``auto`` is bfloat16 where the device has
            instructions for it (CUDA GPUs, some processors) and float32 elsewhere; parameters are float32 always.
        trainable: what fine-tuning changes beside the last layer, one of ``TRAINABLE``: ``all`` weights, or those of
            the ``last-block``, all before it frozen with the statistics of its batch norm.
        learning_rates: of Adam in fine-tuning, each tried from the same start; the one whose network is most accurate
            on the task's validation split is kept. Without any it is ``learning_rate``.
    """

    kind: ClassVar[str] = "transfer"
    source: str
    data: DatasetSpec
    method: str = "linear-probe"
    epochs: int = 10
    batch_size: int = 256
    learning_rate: float = 1e-3
    seed: int = 0
    num_test_samples: int = 2_000
    regularisation: str = "prior"
    precision: str = "auto"
    trainable: str = "all"
    learning_rates: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        require_dataset(self.data)
        accepted = " or ".join(REGULARISATIONS)
        require(self.regularisation in REGULARISATIONS, "regularisation", self.regularisation, accepted)
        require(
            isinstance(self.source, str) and bool(self.source),
            "source",
            self.source,
            "the id of a pretraining run or a gallery model",
        )
        require(self.method in TRANSFER_METHODS, "method", self.method, " or ".join(TRANSFER_METHODS))
        if self.data.num_samples is None:
            raise SpecError("num_samples = endless (None): transfer needs a finite target task; give a number")
        check_training(self)
        self._check_fine_tuning()

    def _check_fine_tuning(self) -> None:
        require_choice("trainable", self.trainable, TRAINABLE)
        rates = self.learning_rates
        require(isinstance(rates, tuple | list), "learning_rates", rates, "a list of different numbers")
        for rate in rates:
            require_number("learning_rates", rate, 1e-8, 10.0)
        object.__setattr__(self, "learning_rates", tuple(map(float, rates)))
        require(len(set(self.learning_rates)) == len(rates), "learning_rates", rates, "each one once")
        if self.method != "fine-tune" and (rates or self.trainable != "all"):
            given = f"learning_rates = {rates}" if rates else f"trainable = {self.trainable}"
            raise SpecError(f"{given}: a {self.method} trains no weights but the last layer's; choose method fine-tune")

    @property
    def depends_on(self) -> tuple[str, ...]:
        """The pretrained run."""
        return (self.source,)


def check_training(spec: PretrainSpec | TransferSpec, *, fewest_epochs: int = 1) -> None:
    """Raises SpecError unless the settings of an optimisation can be used."""
    require(spec.precision in PRECISIONS, "precision", spec.precision, " or ".join(PRECISIONS))
    require_count("epochs", spec.epochs, fewest_epochs, 100_000)
    require_count("batch_size", spec.batch_size, 2, 65_536)
    require_number("learning_rate", spec.learning_rate, 1e-8, 10.0)
    require_count("seed", spec.seed, 0, 2**63 - 1)
    require_count("num_test_samples", spec.num_test_samples, 1, 2**31)
