"""The parts of the benchmark in the order in which they run, the most valuable first."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.gpu.work import Work

SUMMARY: Final = "summary"
"""In the place of a part's name, in the last line."""
COMPILED: Final = "images.compiled_kernels"
"""The function of the one part in which numba's kernels make the images of the CPU."""


@dataclass(frozen=True)
class Part:
    """One measurement.

    Attributes:
        name: in the lines.
        title: for people.
        function: ``module.function`` below ``benchmarks.gpu``, from :class:`~benchmarks.gpu.work.Work` to the result.
        weight: its share of the time that is left, beside the weights of the parts that follow; on a CPU, where all
            are small, they have equal shares.
        least_s: seconds without which it is not begun, on a GPU and on a CPU.
    """

    name: str
    title: str
    function: str
    weight: float
    least_s: tuple[float, float] = (5.0, 1.0)

    def load(self) -> Callable[[Work], dict[str, Any]]:
        """Its function; loaded late, so that a package that is missing costs the parts that need it alone."""
        module, _, name = self.function.rpartition(".")
        found: Callable[[Work], dict[str, Any]] = getattr(importlib.import_module(f"benchmarks.gpu.{module}"), name)
        return found


PARTS: Final = (
    Part("machine", "versions and card", "machine.machine", 5, (1.0, 0.5)),
    Part("images", "images of the CPU and of the device", "images.images", 40),
    Part("losses", "losses of 20 steps in float32, CPU and device", "agreement.losses", 25, (5.0, 3.0)),
    Part("sens", "sens-scores, CPU and device", "values.sens", 10, (5.0, 3.0)),
    Part("shapley", "Shapley values, CPU and device", "values.shapley", 6),
    Part("attribution", "a map of each attribution method, CPU and device", "values.attribution", 15, (5.0, 3.0)),
    Part("stacked", "losses of stacked networks and of the same alone", "agreement.stacked", 12, (5.0, 3.0)),
    Part("resume", "saved on one device, resumed on the other", "agreement.resume", 12, (5.0, 3.0)),
    Part("resnet18", "ResNet-18, 50 epochs of 50,000 images", "training.resnet18", 90, (75.0, 2.0)),
    Part("steps", "stream and finite against the bare step", "training.steps", 50, (15.0, 2.5)),
    Part("usual", "stream and finite against the usual loop", "training.usual", 60, (25.0, 4.0)),
    Part("rates", "images a second of each transformation", "rendering.rates", 20),
    Part("share", "a batch's share of a ResNet-18 step", "rendering.share", 15),
    Part("together", "stacked networks against one after the other", "training.together", 50, (20.0, 2.5)),
    Part("launches", "idle share, launches and synchronisations", "launches.launches", 25, (10.0, 2.0)),
    Part("memory", "peak memory by image size", "rendering.memory", 25),
    Part("compiled", "images of compiled kernels on the CPU and of the device", COMPILED, 30, (40.0, 40.0)),
)


def deadline(position: int, left: float, *, is_gpu: bool, parts: tuple[Part, ...] = PARTS) -> float | None:
    """Seconds for a part when so many are left for it and those behind it; None if it does not fit.

    What earlier parts did not use is shared among those that follow.
    """
    part = parts[position]
    least = part.least_s[0 if is_gpu else 1]
    if left < least:
        return None
    weights = [one.weight if is_gpu else 1.0 for one in parts[position:]]
    return max(least, left * weights[0] / sum(weights))


def in_words(line: Mapping[str, Any]) -> list[str]:
    """A line for people: what became of a part, or of each goal."""
    if line["part"] != SUMMARY:
        seconds = f"{line['seconds']:.1f} s" if "seconds" in line else ""
        return [f"{line['part']:12}{line['status']:10}{seconds:>9}  {line.get('said', line['title'])}"]
    return [f"{goal['verdict']:14}{goal['title']}" for goal in line["goals"]]
