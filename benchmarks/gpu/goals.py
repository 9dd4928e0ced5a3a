"""What the measurements should come to, declared before anything was measured, and what they came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

REACHED, NOT_REACHED, NOT_MEASURED = "reached", "not reached", "not measured"
SO_FAR: Final = "reached so far"
"""By a part that did not come to its end: what is left of it may miss the goal."""

RESNET18_S: Final = 60.0
"""For 50 epochs of 50,000 images."""
TRAINING_RATIOS: Final = {
    "stream_to_limit": 0.95,
    "finite_to_limit": 0.95,
    "stream_to_usual": 10.0,
    "finite_to_usual": 10.0,
}
"""Of images a second, by the names of :mod:`benchmarks.train_speed`."""


@dataclass(frozen=True)
class Goal:
    """A number in the result of a part, and its bound.

    Attributes:
        name: in the summary.
        title: for people; says what the number is of.
        part: whose result holds it.
        value: the way to it through the result, keys joined by points.
        bound: which side of the limit is the good one.
        limit: itself good.
        unit: behind the numbers; ``%`` shows a share in percent.
    """

    name: str
    title: str
    part: str
    value: str
    bound: Literal["at most", "at least"]
    limit: float
    unit: str = ""

    def verdict(self, value: float | None, *, is_whole: bool) -> str:
        """Reached or not, or not measured.

        Args:
            value: that was found.
            is_whole: whether its part came to its end.
        """
        if value is None:
            return NOT_MEASURED
        if not (value <= self.limit if self.bound == "at most" else value >= self.limit):
            return NOT_REACHED
        return REACHED if is_whole else SO_FAR


GOALS: Final = (
    Goal(
        "images",
        "bytes that differ by more than one level between CPU and GPU, worst composition",
        "images",
        "worst.outside_beyond_one_level",
        "at most",
        0.001,
        "%",
    ),
    Goal(
        "precision",
        "bytes that training's precision changes, worst composition",
        "images",
        "worst.moved_by_precision",
        "at most",
        0.0,
        "%",
    ),
    Goal(
        "parameters",
        "compositions of which drawn parameters differ between CPU and GPU",
        "images",
        "parameters_differ",
        "at most",
        0.0,
    ),
    Goal("losses", "largest difference of 20 float32 losses, CPU and GPU", "losses", "worst", "at most", 0.01, "%"),
    Goal("stacked", "largest difference of losses, stacked and alone", "stacked", "worst", "at most", 0.01, "%"),
    Goal("resume", "difference of a float32 run that changes its device", "resume", "worst", "at most", 0.01, "%"),
    Goal("resnet18", "ResNet-18, 50 epochs of 50,000 images", "resnet18", "seconds", "at most", RESNET18_S, "s"),
    *(
        Goal(
            f"{own}-to-{other}",
            f"training on {'an endless stream' if own == 'stream' else 'a finite set'} against {against}",
            part,
            f"ratios.{own}_to_{other}",
            "at least",
            TRAINING_RATIOS[f"{own}_to_{other}"],
            "×",
        )
        for other, against, part in (("limit", "a bare step", "steps"), ("usual", "the usual loop", "usual"))
        for own in ("stream", "finite")
    ),
    Goal("rates", "images a second at 32 px, slowest transformation", "rates", "slowest", "at least", 1e6, "a second"),
    Goal("share", "a batch as a share of a ResNet-18 step", "share", "share", "at most", 0.05, "%"),
    Goal(
        "together", "stacked networks against one after the other", "together", "stacked_to_alone", "at least", 1.5, "×"
    ),
)
"""In the order in which they are shown."""


def judge(lines: Mapping[str, Mapping[str, Any]], *, is_gpu: bool) -> list[dict[str, Any]]:
    """Each goal beside what was measured; what a CPU did on a stand-in counts for none.

    Args:
        lines: by name of a part, with its ``status`` and perhaps its ``result``.
        is_gpu: whether they were measured on one.
    """
    rows = []
    for goal in GOALS:
        line = lines.get(goal.part, {})
        value = _found(line.get("result", {}), goal.value) if is_gpu else None
        rows.append(
            {
                "name": goal.name,
                "title": goal.title,
                "bound": goal.bound,
                "limit": goal.limit,
                "unit": goal.unit,
                "value": value,
                "verdict": goal.verdict(value, is_whole=line.get("status") == "done"),
            }
        )
    return rows


def _found(result: Mapping[str, Any], way: str) -> float | None:
    value: Any = result
    for key in way.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, int | float) else None
