"""A network in training: what changes with each step, and what has to be saved to go on from any of them."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from invariance.events import Diverged
from invariance.models import Classifier
from invariance.training.objectives import BatchLoss, Objective, Supervised
from invariance.training.optimiser import Optimiser
from invariance.training.precision import AUTO, Precision, tuned_convolutions
from invariance.training.resume import load_state, save_state
from invariance.vocabulary.optimizers import OPTIMIZERS


class TrainState:
    """Network, optimiser, position and running sums.

    Args:
        model: trained in place, on its own device.
        learning_rate: of Adam, at the start.
        directory: where the state is saved.
        identity: of the run; a state of another run is not taken up.
        objective: what is minimised; None is cross entropy. Its own layers are trained along.
        schedule: share of the learning rate at a share of the training in [0, 1); None keeps it constant.
        weight_decay: L2 penalty of Adam.
        precision: of the forward pass.
        optimizer: one of :data:`~invariance.vocabulary.optimizers.OPTIMIZERS`.

    Attributes:
        step: steps taken.
        images_since_validation: images seen since the network was last validated.
        optimiser: over the network's and the objective's parameters, in this order.
        notes: numbers from before the first step that the end of the run reports; saved along.
        history: the measured steps so far, each with its ``step``, ``seconds`` and ``metrics``; saved along.
        loss_sum: () float64, of the images since metrics were last taken; in a stack a view of the sums of all.
        num_correct: () int64, of how many of them the task was solved; likewise.
    """

    def __init__(
        self,
        model: Classifier,
        *,
        learning_rate: float,
        directory: Path,
        identity: str,
        objective: Objective | None = None,
        schedule: Callable[[float], float] | None = None,
        weight_decay: float = 0.0,
        precision: Precision = AUTO,
        optimizer: str = "adam",
    ) -> None:
        self.model = model
        self.objective = objective or Supervised(model.num_features, seed=0)
        self.objective.precision = precision
        self.step = 0
        self.images_since_validation = 0
        self.notes: dict[str, float] = {}
        self.history: list[dict[str, Any]] = []
        self._device = next(model.parameters()).device
        # Dropout and stochastic depth keep their probability as `p`; published networks have them.
        self._draws = any(isinstance(p := getattr(module, "p", None), float) and p > 0 for module in model.modules())
        self._learning_rate = learning_rate
        self._schedule = schedule
        self._weight_decay = weight_decay
        self._optimizer = OPTIMIZERS[optimizer]
        own: list[Tensor] = [*model.parameters(), *self.objective.parameters()]
        self._are_filters = [parameter.dim() == 4 for parameter in own]
        self.optimiser = self.new_optimiser(own)
        self._directory = directory
        self._identity = identity
        self._seconds_before = 0.0
        self._started = time.monotonic()
        self._num_images = 0
        self.loss_sum = torch.zeros((), dtype=torch.float64, device=self._device)
        self.num_correct = torch.zeros((), dtype=torch.int64, device=self._device)

    def new_optimiser(self, parameters: list[Tensor]) -> Optimiser:
        """One with this training's settings.

        Args:
            parameters: the network's and the objective's, in this order, or stacks of those of several.
        """
        return Optimiser(parameters, self._optimizer, are_filters=self._are_filters, weight_decay=self._weight_decay)

    @property
    def precision(self) -> Precision:
        """Of the forward pass."""
        return self.objective.precision

    @property
    def seconds(self) -> float:
        """Time worked on the run, earlier processes included and pauses left out."""
        return self._seconds_before + time.monotonic() - self._started

    def advance(self, images: Tensor, labels: Tensor, *, share: float = 0.0) -> None:
        """One step.

        Args:
            images: (V B, 3, H, W), bytes (uint8) or float in [0, 1], the objective's V views of each sample.
            labels: (B,).
            share: of the training that is done before this step, in [0, 1).
        """
        self.model.train()
        with tuned_convolutions(self._device):
            with self._addressed_draws():
                outcome = self.objective(self.model, images, labels)
            self.optimiser.zero_grad()
            outcome.loss.backward()
        self.optimiser.step(self.learning_rate_at(share))
        add_up(self.loss_sum, self.num_correct, outcome)
        self.note_step(outcome.num_asked, num_samples=len(labels))

    @contextmanager
    def _addressed_draws(self) -> Iterator[None]:
        """Makes what dropout draws a function of (run, step), and leaves torch's generators as they were.

        A resumed run would otherwise go on with the draws of a new process, and a run in a warm worker with those that
        the runs before it left. The networks that are trained from scratch here have no such layer.
        """
        if not self._draws:
            yield
            return
        address = hashlib.sha256(f"{self._identity} step {self.step}".encode()).digest()
        with torch.random.fork_rng([self._device] if self._device.type == "cuda" else []):
            torch.manual_seed(int.from_bytes(address[:8], "little"))
            yield

    def learning_rate_at(self, share: float) -> float:
        """Where the schedule is at a share of the training in [0, 1)."""
        return self._learning_rate * (1.0 if self._schedule is None else self._schedule(share))

    def note_step(self, num_asked: int, *, num_samples: int) -> None:
        """Counts a step that was taken, whose outcome is in the sums."""
        self.step += 1
        self.images_since_validation += num_samples
        self._num_images += num_asked

    def take_metrics(self) -> dict[str, float]:
        """Mean loss and accuracy of the training batches since the last call, in training mode.

        Raises:
            Diverged: the loss of one of them was not finite.
        """
        if self._num_images == 0:
            return {}
        self.require_finite()
        metrics = {
            "train_loss": float(self.loss_sum) / self._num_images,
            "train_accuracy": int(self.num_correct) / self._num_images,
        }
        self._num_images = 0
        for total in (self.loss_sum, self.num_correct):
            total.zero_()
        return metrics

    def require_finite(self) -> None:
        """Raises Diverged if the loss of a batch since the last call of :meth:`take_metrics` was not finite."""
        if not math.isfinite(float(self.loss_sum)):
            raise Diverged(
                f"training diverged at or before step {self.step}: the loss is not a finite number; "
                f"choose a learning_rate below {self._learning_rate:g} (0.001 is usual)"
            )

    def save(self) -> None:
        """Saves everything a later process needs to go on from here.

        Raises:
            Diverged: there is nothing worth going on from.
        """
        self.require_finite()
        state = {
            "identity": self._identity,
            # Copies, since a view into a stack of networks would take the whole stack along.
            "model": {name: value.clone() for name, value in self.model.state_dict().items()},
            "objective": self.objective.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
            "images_since_validation": self.images_since_validation,
            "notes": self.notes,
            "history": self.history,
            "num_images": self._num_images,
            "loss_sum": self.loss_sum.clone(),
            "num_correct": self.num_correct.clone(),
        }
        save_state(self._directory, state)

    def resume(self) -> bool:
        """Takes up the state that is saved in the directory; False if there is none of this run."""
        state = load_state(self._directory)
        if state is None or state.get("identity") != self._identity:
            return False
        self.model.take_tensors(state["model"])
        self.objective.load_state_dict(state.get("objective", {}))
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = state["step"]
        self._seconds_before = state["seconds"]
        self.images_since_validation = state["images_since_validation"]
        self.notes = state.get("notes", {})
        self.history = state.get("history", state.get("told", []))  # told: as former versions called it
        self._num_images = state["num_images"]
        self.loss_sum = state["loss_sum"].to(self._device)
        self.num_correct = state["num_correct"].to(self._device)
        return True


def add_up(loss_sum: Tensor, num_correct: Tensor, outcome: BatchLoss) -> None:
    """Adds what a batch came to, of one network () or of each of a stack (K,), to its sums, in place.

    The sums stay on the device: reading them at every step would make a GPU wait for the processor.
    """
    loss_sum.add_(outcome.loss.detach(), alpha=outcome.num_asked)  # in float64, where this product is exact
    num_correct.add_(outcome.num_correct)
