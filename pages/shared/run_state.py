"""How a run is doing, in a colour, a number and a line."""

from __future__ import annotations

from typing import Literal

from invariance.runs.run import Run
from pages.shared.durations import in_words

STATE_COLOURS: dict[str, Literal["gray", "blue", "green", "red", "orange"]] = {
    "queued": "gray",
    "running": "blue",
    "done": "green",
    "failed": "red",
    "cancelled": "orange",
    "interrupted": "orange",
}


def accuracy_of(run: Run) -> float | None:
    """On its test split, in [0, 1], once it is known."""
    return run.metrics.get("test_accuracy", run.metrics.get("transfer_accuracy"))


def share_of(run: Run) -> float:
    """How much of its steps are taken, in [0, 1]."""
    progress = run.progress or {}
    return min(1.0, progress.get("step", 0) / max(1, progress.get("num_steps", 1)))


def progress_line(progress: dict[str, float], device: str | None) -> str:
    """Where a run is, how fast, and how long it still takes."""
    epoch, num_epochs = min(progress["epoch"] + 1, progress["num_epochs"]), progress["num_epochs"]
    parts = [f"epoch {epoch:.0f} of {num_epochs:.0f}"] if num_epochs > 1 else []  # a probe has none
    if progress["images_per_second"]:
        left = progress["eta_seconds"]
        parts += [
            f"{progress['images_per_second']:,.0f} images/s",
            f"{left:.0f} s left" if left < 60 else f"{in_words(left)} left",
        ]
    return " · ".join([*parts, f"on {device}"] if device else parts)
