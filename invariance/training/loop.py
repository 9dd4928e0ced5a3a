"""Training: a plain loop that reports, saves itself, and stops when it is asked to."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Final

from invariance.data.devices import as_device
from invariance.data.engine import Engine
from invariance.events import CancelFlag, Cancelled, Event, Finished, Progress, never
from invariance.files import sweep_temporaries
from invariance.models import create_model
from invariance.spec import PretrainSpec, SpecError, identity_json
from invariance.spec.checks import require_kind
from invariance.training.checkpoint import save_weights
from invariance.training.evaluation import Evaluation, evaluate, in_batches
from invariance.training.feed import (
    Feed,
    FiniteFeed,
    Rendered,
    StreamFeed,
    TwinFeed,
    num_steps_per_epoch,
    render_cancellable,
)
from invariance.training.objectives import create_objective
from invariance.training.pace import Pace
from invariance.training.precision import Precision
from invariance.training.probe import fit_linear, solved
from invariance.training.reporting import replayed_history, tell, tell_of_target
from invariance.training.resume import clear_state
from invariance.training.target_probe import TargetProbe
from invariance.training.threads import in_threads_of
from invariance.training.train_state import TrainState
from invariance.training.watched import watched_task
from invariance.vocabulary.attach import attach
from invariance.vocabulary.choices import SCHEDULES

WEIGHTS = "weights.safetensors"
NUM_VALIDATION_SAMPLES = 1_000
NUM_PROBE_SAMPLES = 5_000
EVENT_EVERY_S = 0.1
SAVING_SHARE = 0.05  # of the time, at most, goes into checkpoints, however large the network and slow the disk


def pretrain(
    spec: PretrainSpec,
    directory: Path,
    *,
    device: str = "cpu",
    cancelled: CancelFlag = never,
    checkpoint_every_s: float = 10.0,
) -> Iterator[Event]:
    """Trains a network from random weights, or goes on with a training that was stopped.

    On the CPU, stopping and going on gives the same weights, bit for bit, as never stopping, and the same metrics at
    the same steps. A killed run does the steps after its last checkpoint again, and reports them again.

    Args:
        spec: what to train on, and how.
        directory: of the run; receives ``weights.safetensors`` and, until it is done, the state. A task that it names
            (:func:`~invariance.training.watched.watch`) is probed on the way.
        device: a torch device.
        cancelled: asked before every step.
        checkpoint_every_s: least time between two checkpoints.

    Yields:
        Progress as of :func:`optimise`; then Finished with ``test_accuracy``, ``test_loss``, ``train_accuracy`` and
        ``train_loss`` of the trained network in eval mode.

    Raises:
        Cancelled: the flag was set; the state is saved.
        Diverged: the loss is no longer finite.
        SpecError: the data set cannot be used.
    """
    require_kind(PretrainSpec, "spec", spec, "a PretrainSpec, such as PretrainSpec(data=DatasetSpec())")
    as_device(device)
    yield from in_threads_of([spec.model], device, _pretrained(spec, directory, device, cancelled, checkpoint_every_s))


def _pretrained(
    spec: PretrainSpec, directory: Path, device: str, cancelled: CancelFlag, checkpoint_every_s: float
) -> Generator[Event, None, None]:
    run = Pretraining(spec, directory, device=device, cancelled=cancelled)
    yield from run.train_state.precision.during(device, run.events(checkpoint_every_s))
    # Whoever asks for the event after Finished has recorded it, so there is nothing left to go on with.
    clear_state(run.directory)


class Pretraining:
    """A pretraining on its way: its data, its network, and how it ends.

    Args:
        spec: what to train on, and how.
        directory: of the run; the state that it holds is taken up.
        device: a torch device.
        cancelled: asked now and then.

    Attributes:
        train_state: the network in training.
        feed: its batches, once it is open.

    Raises:
        SpecError: the data set cannot be used.
    """

    feed: Feed

    def __init__(self, spec: PretrainSpec, directory: Path, *, device: str, cancelled: CancelFlag) -> None:
        self.spec, self.directory = spec, Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        sweep_temporaries(self.directory)
        self.engine = Engine(spec.data, device)
        self._device, self._cancelled = device, cancelled
        model = create_model(spec.model, self.engine.num_classes, seed=spec.seed).to(device)
        self.train_state = TrainState(
            model,
            learning_rate=spec.learning_rate,
            directory=self.directory,
            identity=identity_json(spec),
            objective=create_objective(spec.objective, model.num_features, seed=spec.seed).to(device),
            schedule=_SCHEDULES[spec.schedule],
            weight_decay=spec.weight_decay,
            precision=Precision(spec.precision),
            optimizer=spec.optimizer,
        )
        self.train_state.resume()

    def open(self) -> Generator[Progress, None, Feed]:
        """Prepares the batches; a finite set is rendered, with an event now and then."""
        self.feed = yield from _open_feed(self.spec, self.engine, self.train_state, self._cancelled)
        return self.feed

    def events(self, checkpoint_every_s: float) -> Generator[Event, None, None]:
        """All of it, as :func:`pretrain` yields it."""
        feed = yield from self.open()
        yield from optimise(
            self.train_state,
            feed,
            validation=self.validation(),
            cancelled=self._cancelled,
            checkpoint_every_s=checkpoint_every_s,
            probe=self._target_probe(),
        )
        yield self.finish()

    def _target_probe(self) -> TargetProbe | None:
        """Of the task that is watched, if any; None where it cannot be made, which its transfer says."""
        if (task := watched_task(self.directory)) is None:
            return None
        try:
            return TargetProbe(task, self._device, self._cancelled)
        except SpecError:
            return None

    def validation(self) -> Rendered:
        """What the network is validated on."""
        return render_split(self.engine, "validation", NUM_VALIDATION_SAMPLES)

    def finish(self) -> Finished:
        """Solves the head where training did not, looks at the test split, once, and saves the weights."""
        spec, model = self.spec, self.train_state.model
        if not self.train_state.objective.facts.trains_head:
            self._solve_head(min(self.feed.num_images or NUM_PROBE_SAMPLES, NUM_PROBE_SAMPLES))
        on_test = self._evaluate("test", spec.num_test_samples)
        # Of no epochs nothing was seen: then these are images that it could have been trained on.
        num_seen = min(spec.data.num_samples or self.feed.num_images or spec.num_test_samples, spec.num_test_samples)
        on_train = self._evaluate("train", num_seen)
        path = self.directory / WEIGHTS
        sha256 = save_weights(path, model, class_names=self.engine.class_names, spec=spec)
        return Finished(
            metrics={
                "test_accuracy": on_test.accuracy,
                "test_loss": on_test.loss,
                "train_accuracy": on_train.accuracy,
                "train_loss": on_train.loss,
            },
            checkpoint=str(path),
            sha256=sha256,
            seconds=self.train_state.seconds,
            device=self._device,
            precision=self.train_state.precision.name_on(self.engine.device),
        )

    def _evaluate(self, split: str, num: int) -> Evaluation:
        samples = render_split(self.engine, split, num)
        return evaluate(
            self.train_state.model, samples, cancelled=self._cancelled, precision=self.train_state.precision
        )

    def _solve_head(self, num: int) -> None:
        """Fits the last layer of a network whose training did not."""
        model, samples = self.train_state.model.eval(), render_split(self.engine, "train", num)
        features = in_batches(
            model.representation, samples.images, cancelled=self._cancelled, precision=self.train_state.precision
        )
        layer = solved(fit_linear(features, samples.labels, self.engine.num_classes, cancelled=self._cancelled))
        model.head.load_state_dict(layer.state_dict())


def optimise(
    train_state: TrainState,
    feed: Feed,
    *,
    validation: Rendered,
    cancelled: CancelFlag = never,
    checkpoint_every_s: float = 10.0,
    until: int | None = None,
    probe: TargetProbe | None = None,
) -> Iterator[Progress]:
    """Takes the steps that are left, from the train_state's own step to the feed's last, and saves the state.

    Args:
        train_state: network, optimiser and position; changed.
        feed: the batches.
        validation: what the network is evaluated on at the ends of epochs, or of fewer if they are short.
        cancelled: asked before every step.
        checkpoint_every_s: least time between two checkpoints.
        until: the step to stop at; None for the last.
        probe: of a target task that is watched.

    Yields:
        Progress after each step that is measured (:func:`~invariance.training.reporting.measuring_is_due`), those of
        earlier processes first, with ``train_loss`` and ``train_accuracy`` (share of the objective's own task that was
        solved) since the last one, and ``validation_accuracy`` where it was measured, which needs a supervised head;
        where these are far apart, Progress without metrics about ten times a second. Progress with what the probe says
        is apart from these.

    Raises:
        Cancelled: the flag was set; the state is saved.
        Diverged: the loss is no longer finite, or the representation is the same for all images.
    """
    yield from replayed_history(train_state, feed)
    pace = Pace(train_state, feed)
    last_event, last_save, save_every_s = -math.inf, time.monotonic(), checkpoint_every_s
    yield from tell_of_target(train_state, feed, probe, pace)
    while train_state.step < (feed.num_steps if until is None else until):
        if cancelled():
            train_state.save()
            raise Cancelled
        train_state.advance(*feed.batch(train_state.step), share=train_state.step / feed.num_steps)
        now = time.monotonic()
        if event := tell(train_state, feed, validation, pace, is_time=now - last_event >= EVENT_EVERY_S):
            last_event = now
            yield event
        yield from tell_of_target(train_state, feed, probe, pace)
        if (now := time.monotonic()) - last_save >= save_every_s:
            train_state.save()
            last_save = time.monotonic()
            save_every_s = max(checkpoint_every_s, (last_save - now) / SAVING_SHARE)
    # What follows a training, an evaluation or a crash in it, must not cost the training.
    train_state.save()


def render_split(engine: Engine, split: str, num: int) -> Rendered:
    """The first samples of a split of a data set. The test split is looked at once, when all training is over."""
    return Rendered(*engine.render(engine.indices(split, num)))


def render_training_split(
    engine: Engine, num: int, cancelled: CancelFlag, report: Progress
) -> Generator[Progress, None, Rendered]:
    """The samples of a finite data set, with an event now and then that says that the run is alive.

    Args:
        engine: of the data set.
        num: number of samples.
        cancelled: asked now and then.
        report: the event to yield.
    """
    work = render_cancellable(engine, engine.indices("train", num), cancelled)
    while True:
        try:
            next(work)
        except StopIteration as end:
            rendered: Rendered = end.value
            return rendered
        yield report


def _open_feed(
    spec: PretrainSpec, engine: Engine, train_state: TrainState, cancelled: CancelFlag
) -> Generator[Progress, None, Feed]:
    num, num_views = spec.data.num_samples, train_state.objective.facts.num_views
    if num is None:
        return StreamFeed(
            engine,
            batch_size=spec.batch_size,
            num_epochs=spec.epochs,
            samples_per_epoch=spec.samples_per_epoch,
            num_views=num_views,
        )
    if num_views == 2:
        return TwinFeed(engine, num_samples=num, batch_size=spec.batch_size, num_epochs=spec.epochs, seed=spec.seed)
    report = Progress(
        step=train_state.step,
        num_steps=spec.epochs * num_steps_per_epoch(num, spec.batch_size),
        num_epochs=spec.epochs,
        seconds=train_state.seconds,
    )
    samples = yield from render_training_split(engine, num, cancelled, report)
    return FiniteFeed(samples, batch_size=spec.batch_size, num_epochs=spec.epochs, seed=spec.seed)


def half_cosine(share: float) -> float:
    """From 1 at the start to 0 at the end of training (Loshchilov and Hutter 2017, arXiv 1608.03983, no restarts)."""
    return 0.5 * (1.0 + math.cos(math.pi * share))


def straight_line(share: float) -> float:
    """From 1 at the start to 0 at the end of training."""
    return 1.0 - share


_SCHEDULES: Final[dict[str, Callable[[float], float] | None]] = attach(
    "schedule", SCHEDULES, {"constant": None, "cosine": half_cosine, "linear": straight_line}
)
