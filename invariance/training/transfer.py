"""Reuse of a pretrained representation: linear probe, and fine-tuning that starts from it (paper, section 2)."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from pathlib import Path

from torch import Tensor, nn

from invariance.data.engine import Engine
from invariance.models import Classifier
from invariance.spec import TransferSpec, canonical_json
from invariance.training.atomic import sweep_temporaries
from invariance.training.checkpoint import load_weights, save_weights
from invariance.training.evaluation import evaluate, in_batches
from invariance.training.events import CancelFlag, Event, Finished, Progress, never
from invariance.training.feed import FiniteFeed, Rendered, num_steps_per_epoch
from invariance.training.loop import (
    NUM_VALIDATION_SAMPLES,
    WEIGHTS,
    optimise,
    render_split,
    render_training_split,
)
from invariance.training.probe import MAX_ITERATIONS, choose_penalty, fit_linear
from invariance.training.resume import clear_state
from invariance.training.trainee import Trainee


def transfer(
    spec: TransferSpec,
    source: Path,
    directory: Path,
    *,
    device: str = "cpu",
    cancelled: CancelFlag = never,
    checkpoint_every_s: float = 10.0,
) -> Iterator[Event]:
    """Puts a pretrained network to another task.

    Args:
        spec: the task and the method.
        source: weights of the pretrained network.
        directory: of the run; receives ``weights.safetensors``: the backbone and its new head.
        device: a torch device.
        cancelled: asked before every step.
        checkpoint_every_s: least time between two checkpoints of fine-tuning. A probe is solved within seconds and
            starts anew.

    Yields:
        Progress: of a linear probe, with ``train_loss`` every ten iterations of the solver; of fine-tuning, as of
        :func:`invariance.training.loop.optimise`. Then Finished with ``transfer_accuracy`` and ``test_loss`` on the
        test split and ``train_accuracy`` and ``train_loss`` on the training samples, all in eval mode, and the
        ``penalty`` where a validation split chose it.

    Raises:
        Cancelled, Diverged, SpecError: as :func:`invariance.training.loop.pretrain`; SpecError also if the weights
            cannot be used.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    sweep_temporaries(directory)
    work = _Work(spec, Path(source), directory, device, cancelled)
    samples = yield from render_training_split(work.engine, work.num_samples, cancelled, work.first_event())
    if spec.method == "linear-probe":
        yield from work.probe(samples, report=True)
    else:
        yield from work.fine_tune(samples, checkpoint_every_s)
    yield work.finish(samples)
    clear_state(directory)


class _Work:
    """A transfer on its way: the network, its task, and the clock."""

    def __init__(self, spec: TransferSpec, source: Path, directory: Path, device: str, cancelled: CancelFlag) -> None:
        assert spec.data.num_samples is not None, "the spec checks this"
        self.num_samples = spec.data.num_samples
        self.spec, self.directory, self.device, self.cancelled = spec, directory, device, cancelled
        self.started = time.monotonic()
        self.penalty: float | None = None  # the probe's own
        self.engine = Engine(spec.data, device)
        self.model: Classifier = load_weights(source, device)
        # The place of the new head; the probe, or the state of an earlier fine-tuning, fills it.
        head = nn.utils.skip_init(nn.Linear, self.model.num_features, self.engine.num_classes, device=device)
        self.model.replace_head(head, self.engine.class_names)

    @property
    def seconds(self) -> float:
        """Time worked on the run."""
        return time.monotonic() - self.started

    def first_event(self) -> Progress:
        """What is reported before there is anything to measure."""
        if self.spec.method == "linear-probe":
            return Progress(step=0, num_steps=MAX_ITERATIONS)
        num_steps = self.spec.epochs * num_steps_per_epoch(self.num_samples, self.spec.batch_size)
        return Progress(step=0, num_steps=num_steps, num_epochs=self.spec.epochs)

    def probe(self, samples: Rendered, *, report: bool) -> Generator[Progress, None, None]:
        """Solves the head on features extracted once, with batch norm frozen at the pretrained statistics."""
        self.model.eval()
        features = in_batches(self.model.representation, samples.images, cancelled=self.cancelled)
        if self.spec.regularisation == "validation":
            yield from self._choose_penalty(features, samples.labels, report=report)
        solver = fit_linear(
            features, samples.labels, self.engine.num_classes, l2=self.penalty, cancelled=self.cancelled
        )
        while True:
            try:
                step, num_steps, loss = next(solver)
            except StopIteration as end:
                self.model.head.load_state_dict(end.value.state_dict())
                return
            if report:
                metrics = {"train_loss": loss}
                epoch = int(step == num_steps)
                yield Progress(step=step, num_steps=num_steps, epoch=epoch, metrics=metrics, seconds=self.seconds)

    def _choose_penalty(self, features: Tensor, labels: Tensor, *, report: bool) -> Generator[Progress, None, None]:
        """Sets the penalty that does best on the validation split of the task."""
        held_out = render_split(self.engine, "validation", NUM_VALIDATION_SAMPLES)
        self.penalty, accuracies = choose_penalty(
            features,
            labels,
            self.engine.num_classes,
            validation_features=in_batches(self.model.representation, held_out.images, cancelled=self.cancelled),
            validation_labels=held_out.labels,
            cancelled=self.cancelled,
        )
        if report:
            metrics = {"validation_accuracy": max(accuracies)}
            yield Progress(step=0, num_steps=MAX_ITERATIONS, metrics=metrics, seconds=self.seconds)

    def fine_tune(self, samples: Rendered, checkpoint_every_s: float) -> Iterator[Progress]:
        """Trains all weights from the probed head, or goes on with that."""
        trainee = Trainee(
            self.model,
            learning_rate=self.spec.learning_rate,
            directory=self.directory,
            identity=canonical_json(self.spec),
        )
        if trainee.resume():
            self.started -= trainee.seconds
        else:
            yield from self.probe(samples, report=False)
        feed = FiniteFeed(samples, batch_size=self.spec.batch_size, num_epochs=self.spec.epochs, seed=self.spec.seed)
        validation = render_split(self.engine, "validation", NUM_VALIDATION_SAMPLES)
        yield from optimise(
            trainee,
            feed,
            validation=validation,
            cancelled=self.cancelled,
            checkpoint_every_s=checkpoint_every_s,
        )

    def finish(self, samples: Rendered) -> Finished:
        """Looks at the test split, once, and saves the network."""
        test = render_split(self.engine, "test", self.spec.num_test_samples)
        on_test = evaluate(self.model, test, cancelled=self.cancelled)
        on_train = evaluate(self.model, samples, cancelled=self.cancelled)
        path = self.directory / WEIGHTS
        sha256 = save_weights(path, self.model, class_names=self.engine.class_names, spec=self.spec)
        return Finished(
            metrics={
                "transfer_accuracy": on_test.accuracy,
                "test_loss": on_test.loss,
                "train_accuracy": on_train.accuracy,
                "train_loss": on_train.loss,
                **({} if self.penalty is None else {"penalty": self.penalty}),
            },
            checkpoint=str(path),
            sha256=sha256,
            seconds=self.seconds,
            device=self.device,
        )
