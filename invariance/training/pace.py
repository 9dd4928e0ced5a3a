"""How fast a training goes, and how long it will take."""

from __future__ import annotations

import time

from invariance.events import Progress
from invariance.training.feed import Feed
from invariance.training.train_state import TrainState


class Pace:
    """Turns the steps of this process into a speed and an estimate of the time left."""

    def __init__(self, train_state: TrainState, feed: Feed) -> None:
        self._train_state, self._feed = train_state, feed
        self._first_step, self._started = train_state.step, time.monotonic()

    def progress(self, metrics: dict[str, float]) -> Progress:
        """The event for the train_state's present step."""
        step, num_steps = self._train_state.step, self._feed.num_steps
        num_taken = step - self._first_step
        seconds_per_step = (time.monotonic() - self._started) / max(num_taken, 1)
        images_per_step = self._feed.num_images / num_steps
        return Progress(
            step=step,
            num_steps=num_steps,
            epoch=self._feed.epochs_done(step),
            num_epochs=self._feed.num_epochs,
            metrics=metrics,
            images_per_second=images_per_step / max(seconds_per_step, 1e-9) if num_taken else 0.0,
            eta_seconds=seconds_per_step * (num_steps - step) if num_taken else 0.0,
            seconds=self._train_state.seconds,
        )
