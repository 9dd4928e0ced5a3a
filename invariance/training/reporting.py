"""What a training says of itself on its way, and when.

Which steps are measured is a function of the step alone, never of the clock: however fast the machine is, and however
often the run is stopped, its curves are the same numbers at the same steps. Between them there may be events without
metrics, so that whoever watches a slow training sees that it lives.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from invariance.events import Diverged, Progress
from invariance.training.evaluation import in_batches, mean_class_accuracy
from invariance.training.feed import Feed, Rendered
from invariance.training.pace import Pace
from invariance.training.target_probe import TargetProbe
from invariance.training.train_state import TrainState

SMALLEST_SPREAD = 1e-5  # standard deviation of the representation over images, relative to its length
_VALIDATION_SPACING = 5  # images trained on for each image validated on, at least: a fifteenth of the work
_ROWS_BITS = 6  # every step is measured up to 63, then 32 steps of every doubling


def measuring_is_due(step: int, num_steps: int) -> bool:
    """Whether a step's losses since the last measured one are reported: always at first, later 32 of every doubling."""
    return step == num_steps or step % (1 << max(0, step.bit_length() - _ROWS_BITS)) == 0


def tell(train_state: TrainState, feed: Feed, validation: Rendered, pace: Pace, *, is_time: bool) -> Progress | None:
    """What there is to say after a step; None if it is neither a step that is measured nor time for a sign of life.

    Raises:
        Diverged: the loss is no longer finite, or the representation is the same for all images.
    """
    metrics: dict[str, float] = {}
    if validation_is_due(train_state, feed, len(validation)):
        train_state.images_since_validation = 0
        metrics = validate(train_state, validation)
    if metrics or measuring_is_due(train_state.step, feed.num_steps):
        metrics = train_state.take_metrics() | metrics
        train_state.history.append({"step": train_state.step, "seconds": train_state.seconds, "metrics": metrics})
    elif is_time:
        train_state.require_finite()
    else:
        return None
    return pace.progress(metrics)


def tell_of_target(train_state: TrainState, feed: Feed, probe: TargetProbe | None, pace: Pace) -> Iterator[Progress]:
    """What a probe of the target task says where one is due, as an event of its own, which takes no other's values."""
    if probe is not None and probe.is_due(train_state, feed) and (metrics := probe.measure(train_state)):
        train_state.history.append({"step": train_state.step, "seconds": train_state.seconds, "metrics": metrics})
        yield pace.progress(metrics)


def replayed_history(train_state: TrainState, feed: Feed) -> Iterator[Progress]:
    """The measured steps that a resumed training has behind it, once more.

    A state may have been saved a moment after an event that nobody heard any more: whoever records events in another
    process may have been killed first. Recorded twice, they replace themselves.
    """
    for past in tuple(train_state.history):
        yield Progress(
            num_steps=feed.num_steps, epoch=feed.epochs_done(past["step"]), num_epochs=feed.num_epochs, **past
        )


def validate(train_state: TrainState, validation: Rendered) -> dict[str, float]:
    """Accuracy on the validation split, where the head is being trained.

    Raises:
        Diverged: the representation no longer tells images apart.
    """
    model = train_state.model
    model.eval()
    features = in_batches(model.representation, validation.images, precision=train_state.precision)
    spread = float(features.std(dim=0).norm() / features.norm(dim=1).mean().clamp(min=1e-12))
    if not spread > SMALLEST_SPREAD:
        raise Diverged(
            f"training collapsed at or before step {train_state.step}: the representation is the same for all images; "
            "choose a smaller learning_rate, or another seed"
        )
    if not train_state.objective.facts.trains_head:
        return {}
    with torch.no_grad():
        predictions = model.head(features).argmax(dim=1)
    return {"validation_accuracy": mean_class_accuracy(predictions, validation.labels)}


def validation_is_due(train_state: TrainState, feed: Feed, num_validation: int) -> bool:
    """Whether an epoch, or the training, has just ended, and validating would not cost too much again."""
    if train_state.step == feed.num_steps:
        return True
    epoch_has_ended = feed.epochs_done(train_state.step) > feed.epochs_done(train_state.step - 1)
    return epoch_has_ended and train_state.images_since_validation >= _VALIDATION_SPACING * num_validation
