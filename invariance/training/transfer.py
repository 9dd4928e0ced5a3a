"""Reuse of a pretrained representation: linear probe, and fine-tuning that starts from it (paper, section 2)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from invariance.data.engine import Engine
from invariance.events import CancelFlag, Diverged, Event, Finished, Progress, never
from invariance.files import sweep_temporaries
from invariance.models import Classifier, images_at_once
from invariance.models.initial import blank_linear
from invariance.models.last_block import freeze_before_last_block
from invariance.spec import SpecError, TransferSpec, canonical_json, identity_json
from invariance.spec.checks import require_kind
from invariance.training.answers import ANSWERS, Answers
from invariance.training.checkpoint import load_weights, save_weights
from invariance.training.evaluation import batch_by_batch, evaluation_of, in_batches
from invariance.training.feed import FiniteFeed, Rendered, num_steps_per_epoch
from invariance.training.loop import (
    NUM_VALIDATION_SAMPLES,
    WEIGHTS,
    optimise,
    render_split,
    render_training_split,
)
from invariance.training.precision import Precision
from invariance.training.probe import MAX_ITERATIONS, PRIOR_PRECISION, choose_penalty, fit_linear, fit_several
from invariance.training.resume import clear_state
from invariance.training.threads import in_threads_of
from invariance.training.train_state import TrainState

REPORT_EVERY_S = 1.0
_BACKWARD = 3  # a step of training costs about three forward passes


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
        directory: of the run; receives ``weights.safetensors``, the backbone and its new head, and ``answers.csv``,
            what it says of each test image.
        device: a torch device.
        cancelled: asked before every step.
        checkpoint_every_s: least time between two checkpoints of fine-tuning. A probe is solved within seconds and
            starts anew.

    Yields:
        Progress: of a linear probe, with ``train_loss`` every ten iterations of the solver; of fine-tuning, as of
        :func:`invariance.training.loop.optimise`; of images that only go through the network, the speed and the time
        left every second. Then Finished with ``transfer_accuracy`` and ``test_loss`` on the
        test split and ``train_accuracy`` and ``train_loss`` on the training samples, all in eval mode, and the
        ``penalty`` and the ``learning_rate`` where a validation split chose them.

    Raises:
        Cancelled, Diverged, SpecError: as :func:`invariance.training.loop.pretrain`; SpecError also if the weights
            cannot be used.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    sweep_temporaries(directory)
    require_kind(TransferSpec, "spec", spec, "a TransferSpec, such as TransferSpec(source=..., data=DatasetSpec())")
    work = _Work(spec, Path(source), directory, device, cancelled)
    events = work.precision.during(device, work.events(checkpoint_every_s))
    yield from in_threads_of([work.model.architecture], device, events)
    clear_state(directory)


def transfer_together(
    specs: Sequence[TransferSpec],
    sources: Sequence[Path],
    directories: Sequence[Path],
    *,
    device: str = "cpu",
    cancelled: CancelFlag = never,
) -> Iterator[tuple[int, Event]]:
    """Linear probes of several networks, tasks or penalties, solved as one problem.

    A network looks at a data set once, however many probes are fitted to it. Each head is the optimum that it is
    alone, to the tolerance of the solver.

    Args:
        specs: linear probes of as many samples and classes, on representations of one length.
        sources: weights of the pretrained network of each.
        directories: of the runs.
        device: a torch device.
        cancelled: asked now and then.

    Yields:
        The number of a run and its event, as of :func:`transfer`.

    Raises:
        Cancelled, SpecError: as :func:`transfer`; SpecError also if the probes cannot be solved as one.
    """
    if different := [spec for spec in specs if spec.method != "linear-probe"]:
        raise SpecError(f"method = {different[0].method}: only linear probes are solved together")
    for directory in directories:
        directory.mkdir(parents=True, exist_ok=True)
        sweep_temporaries(directory)
    works = [_Work(*each, device, cancelled) for each in zip(specs, sources, directories, strict=True)]
    sizes = {(work.num_samples, work.engine.num_classes, work.model.num_features) for work in works}
    if len(sizes) > 1 or len({spec.precision for spec in specs}) > 1:
        raise SpecError("probes of different sizes are not solved together: give as many samples and classes to each")
    events = works[0].precision.during(device, _transferred(works, cancelled))
    yield from in_threads_of([work.model.architecture for work in works], device, events)


def _transferred(works: Sequence[_Work], cancelled: CancelFlag) -> Generator[tuple[int, Event], None, None]:
    """The probes of all, from their features to their results."""
    seen: dict[tuple[Path, str], tuple[Rendered, Tensor]] = {}
    for number, work in enumerate(works):
        if work.looks_at not in seen:
            samples = render_split(work.engine, "train", work.num_samples)
            seen[work.looks_at] = samples, work.features(samples)
        yield number, work.first_event()
    yield from _solve_together(works, [seen[work.looks_at] for work in works], cancelled)
    for number, work in enumerate(works):
        for event in work.finish(*seen[work.looks_at]):
            yield number, event
        clear_state(work.directory)


def _solve_together(
    works: Sequence[_Work], seen: Sequence[tuple[Rendered, Tensor]], cancelled: CancelFlag
) -> Iterator[tuple[int, Progress]]:
    """Fits the heads of all."""
    penalties = [
        work.choose_penalty(features, samples.labels) for work, (samples, features) in zip(works, seen, strict=True)
    ]
    features, labels = seen[0][1], seen[0][0].labels
    if len({work.looks_at for work in works}) > 1:
        features, labels = torch.stack([each for _, each in seen]), torch.stack([each.labels for each, _ in seen])
    solver = fit_several(features, labels, works[0].engine.num_classes, penalties=penalties, cancelled=cancelled)
    while True:
        try:
            step, num_steps, losses = next(solver)
        except StopIteration as end:
            for work, layer in zip(works, end.value, strict=True):
                work.model.head.load_state_dict(layer.state_dict())
            return
        for number, work in enumerate(works):
            yield number, work.progress(step, num_steps, float(losses[number]))


class _Work:
    """A transfer on its way: the network, its task, and the clock."""

    def __init__(self, spec: TransferSpec, source: Path, directory: Path, device: str, cancelled: CancelFlag) -> None:
        assert spec.data.num_samples is not None, "the spec checks this"
        self.num_samples = spec.data.num_samples
        self.spec, self.directory, self.device, self.cancelled = spec, directory, device, cancelled
        self.precision = Precision(spec.precision)
        self.started = time.monotonic()
        self.penalty: float | None = None  # where the validation split chose it
        self.validation_accuracy = 0.0  # with that penalty
        self.learning_rate: float | None = None  # likewise
        self.looks_at = (source, canonical_json(spec.data))  # what decides the features
        self.engine = Engine(spec.data, device)
        self.model: Classifier = load_weights(source, device)
        # The place of the new head; the probe, or the state of an earlier fine-tuning, fills it.
        head = blank_linear(self.model.num_features, self.engine.num_classes, device=device)
        self.model.replace_head(head, self.engine.class_names)

    @property
    def seconds(self) -> float:
        """Time worked on the run."""
        return time.monotonic() - self.started

    def events(self, checkpoint_every_s: float) -> Generator[Event, None, None]:
        """All of it, as :func:`transfer` yields it."""
        samples = yield from render_training_split(self.engine, self.num_samples, self.cancelled, self.first_event())
        features = None
        if self.spec.method == "linear-probe":
            features = yield from self.probe(samples, report=True)
        else:
            if self.spec.trainable == "last-block":
                freeze_before_last_block(self.model)
            if self.spec.learning_rates:
                yield from self.choose_learning_rate(samples)
            else:
                yield from self.fine_tune(samples, checkpoint_every_s)
        yield from self.finish(samples, features)

    def first_event(self) -> Progress:
        """What is reported before there is anything to measure."""
        if self.spec.method == "linear-probe":
            return Progress(step=0, num_steps=MAX_ITERATIONS)
        num_epochs = max(1, len(self.spec.learning_rates)) * self.spec.epochs
        num_steps = num_epochs * num_steps_per_epoch(self.num_samples, self.spec.batch_size)
        return Progress(step=0, num_steps=num_steps, num_epochs=num_epochs)

    def features(self, samples: Rendered) -> Tensor:
        """The representations (N, F) of samples."""
        return in_batches(
            self.model.eval().representation, samples.images, cancelled=self.cancelled, precision=self.precision
        )

    @torch.no_grad()
    def said_of(self, features: Tensor, num_at_once: int) -> Tensor:
        """The logits (N, K) of features (N, F), with the bits that the whole network gives in batches of that size."""
        with self.precision.autocast(features.device):
            return torch.cat([self.model.head(part).to(torch.float32) for part in features.split(num_at_once)])

    def reported(
        self, apply: Callable[[Tensor], Tensor], images: Tensor, *, at: Progress, left: int
    ) -> Generator[Progress, None, Tensor]:
        """As :func:`in_batches`, with a report every second, since a large network takes minutes.

        Args:
            apply: the network or its representation, in eval mode.
            images: (N, 3, H, W) uint8.
            at: how far the run is meanwhile.
            left: images that go through the network after these, or what costs as much.
        """
        began = reported = time.monotonic()
        parts, num_done = [], 0
        for part in batch_by_batch(apply, images, cancelled=self.cancelled, precision=self.precision):
            parts.append(part)
            num_done += len(part)
            if (now := time.monotonic()) - reported >= REPORT_EVERY_S:
                reported, speed = now, num_done / (now - began)
                eta = (len(images) - num_done + left) / speed
                yield replace(at, metrics={}, images_per_second=speed, eta_seconds=eta, seconds=self.seconds)
        return torch.cat(parts)

    def probe(self, samples: Rendered, *, report: bool) -> Generator[Progress, None, Tensor]:
        """Solves the head on features (N, F), which it returns; batch norm is frozen at the pretrained statistics."""
        left = NUM_VALIDATION_SAMPLES + self.spec.num_test_samples
        if self.spec.method == "fine-tune":
            left += (_BACKWARD * self.first_event().num_epochs + 1) * self.num_samples
        model = self.model.eval()
        features = yield from self.reported(model.representation, samples.images, at=self.first_event(), left=left)
        penalty = self.choose_penalty(features, samples.labels)
        if report and self.penalty is not None:
            metrics = {"validation_accuracy": self.validation_accuracy}
            yield Progress(step=0, num_steps=MAX_ITERATIONS, metrics=metrics, seconds=self.seconds)
        solver = fit_linear(features, samples.labels, self.engine.num_classes, l2=penalty, cancelled=self.cancelled)
        while True:
            try:
                step, num_steps, loss = next(solver)
            except StopIteration as end:
                self.model.head.load_state_dict(end.value.state_dict())
                return features
            if report:
                yield self.progress(step, num_steps, loss)

    def progress(self, step: int, num_steps: int, loss: float) -> Progress:
        """What is reported of the solver."""
        metrics, epoch = {"train_loss": loss}, int(step == num_steps)
        return Progress(step=step, num_steps=num_steps, epoch=epoch, metrics=metrics, seconds=self.seconds)

    def choose_penalty(self, features: Tensor, labels: Tensor) -> float:
        """The prior's penalty, or the one that does best on the validation split of the task."""
        if self.spec.regularisation == "prior":
            return PRIOR_PRECISION / len(features)
        held_out = render_split(self.engine, "validation", NUM_VALIDATION_SAMPLES)
        self.penalty, accuracies = choose_penalty(
            features,
            labels,
            self.engine.num_classes,
            validation_features=self.features(held_out),
            validation_labels=held_out.labels,
            cancelled=self.cancelled,
        )
        self.validation_accuracy = max(accuracies)
        return self.penalty

    def fine_tune(self, samples: Rendered, checkpoint_every_s: float) -> Iterator[Progress]:
        """Trains from the probed head, or goes on with that."""
        train_state = self.train_state(self.spec.learning_rate, identity_json(self.spec))
        if train_state.resume():
            self.started -= train_state.seconds
            self.penalty = train_state.notes.get("penalty")
        else:
            yield from self.probe(samples, report=False)
            train_state.notes = {} if self.penalty is None else {"penalty": self.penalty}
        validation = render_split(self.engine, "validation", NUM_VALIDATION_SAMPLES)
        yield from optimise(
            train_state,
            self.feed(samples),
            validation=validation,
            cancelled=self.cancelled,
            checkpoint_every_s=checkpoint_every_s,
        )

    def choose_learning_rate(self, samples: Rendered) -> Iterator[Progress]:
        """Trains from the probed head once with each learning rate, and keeps what does best on the validation split.

        One that diverges is no choice, unless all do. Stopped on the way, all of it starts anew, as a probe does.
        """
        yield from self.probe(samples, report=False)
        validation, feed = render_split(self.engine, "validation", NUM_VALIDATION_SAMPLES), self.feed(samples)
        start, kept, best = _copied(self.model), None, -math.inf
        for number, rate in enumerate(self.spec.learning_rates):
            self.model.take_tensors(start)
            train_state = self.train_state(rate, f"{identity_json(self.spec)} learning_rate {rate}")
            accuracy, diverged = -math.inf, None
            try:
                for event in optimise(
                    train_state, feed, validation=validation, cancelled=self.cancelled, checkpoint_every_s=math.inf
                ):
                    accuracy = event.metrics.get("validation_accuracy", accuracy)
                    yield self.of_all(event, number, feed.num_images)
            except Diverged as error:
                diverged = error
            if diverged is None and accuracy > best:
                kept, best, self.learning_rate = _copied(self.model), accuracy, rate
        if kept is None:
            assert diverged is not None, "what does not diverge is validated"
            raise diverged
        self.model.take_tensors(kept)

    def train_state(self, learning_rate: float, identity: str) -> TrainState:
        """Of a fine-tuning that begins."""
        return TrainState(
            self.model,
            learning_rate=learning_rate,
            directory=self.directory,
            identity=identity,
            precision=self.precision,
        )

    def feed(self, samples: Rendered) -> FiniteFeed:
        """The batches of one fine-tuning."""
        return FiniteFeed(samples, batch_size=self.spec.batch_size, num_epochs=self.spec.epochs, seed=self.spec.seed)

    def of_all(self, event: Progress, number: int, num_images: int) -> Progress:
        """The event of a fine-tuning as one of all, which follow each other: ``number`` are behind it."""
        begun, num_left = self.first_event(), len(self.spec.learning_rates) - number - 1
        return replace(
            event,
            step=event.step + number * event.num_steps,
            num_steps=begun.num_steps,
            epoch=event.epoch + number * event.num_epochs,
            num_epochs=begun.num_epochs,
            eta_seconds=event.eta_seconds + num_left * num_images / max(event.images_per_second, 1e-9),
            seconds=self.seconds,
        )

    def finish(self, samples: Rendered, features: Tensor | None) -> Iterator[Event]:
        """Looks at the test split, once, and saves the network.

        Args:
            samples: that it learnt from.
            features: of these, where they are still what the network makes of them.
        """
        test = render_split(self.engine, "test", self.spec.num_test_samples)
        begun, model = self.first_event(), self.model.eval()
        end = replace(begun, step=begun.num_steps, epoch=begun.num_epochs)
        logits = yield from self.reported(model, test.images, at=end, left=self.num_samples if features is None else 0)
        on_test = evaluation_of(logits, test.labels)
        backgrounds = self.engine.background_numbers(self.engine.indices("test", self.spec.num_test_samples))
        said = (test.labels, backgrounds, logits.argmax(dim=1))
        Answers(*(each.cpu().numpy() for each in said)).write(self.directory / ANSWERS)
        if features is None:
            logits = yield from self.reported(model, samples.images, at=end, left=0)
        else:
            logits = self.said_of(features, num_at_once=images_at_once(model, samples.images))
        on_train = evaluation_of(logits, samples.labels)
        path = self.directory / WEIGHTS
        sha256 = save_weights(path, self.model, class_names=self.engine.class_names, spec=self.spec)
        yield Finished(
            metrics={
                "transfer_accuracy": on_test.accuracy,
                "test_loss": on_test.loss,
                "train_accuracy": on_train.accuracy,
                "train_loss": on_train.loss,
                **({} if self.penalty is None else {"penalty": self.penalty}),
                **({} if self.learning_rate is None else {"learning_rate": self.learning_rate}),
            },
            checkpoint=str(path),
            sha256=sha256,
            seconds=self.seconds,
            device=self.device,
            precision=self.precision.name_on(self.engine.device),
            answers=str(self.directory / ANSWERS),
        )


def _copied(model: Classifier) -> dict[str, Tensor]:
    """Weights and statistics of a network as they are now."""
    return {name: value.clone() for name, value in model.state_dict().items()}
