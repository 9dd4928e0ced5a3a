"""The methods that attribute a logit to pixels: what can be chosen about each, what it costs, and the baselines."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from invariance.vocabulary.attach import by_name

PASSES_OF_A_GRADIENT: Final = 2.0
"""A gradient at the pixels costs about two forward passes."""


GIVEN_BASELINE: Final = "background"
"""The one that cannot be made of an image alone: the data set draws it."""

BASELINES: Final[dict[str, str]] = {
    "blurred": "the image blurred beyond recognition",
    "black": "a black image",
    "mean": "one uniform picture in the image's mean colour",
    GIVEN_BASELINE: "the same background with nothing on it",
}
"""What an image is compared with, name and meaning, the default first."""


@dataclass(frozen=True)
class Parameter:
    """A number that can be chosen; a whole one where its step is.

    Attributes:
        name: keyword of the method's function.
        title: for people, with the unit.
        low: least value.
        high: greatest value.
        default: in [low, high].
        step: of a slider.
    """

    name: str
    title: str
    low: float
    high: float
    default: float
    step: float

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers make sense."""
        return float(self.step).is_integer()


@dataclass(frozen=True, kw_only=True)
class Method:
    """A way to attribute a logit to pixels.

    Attributes:
        name: in links, scripts and specs.
        title: for people.
        summary: one sentence: what the map shows.
        passes: from all its parameters by name, and the side of the image in pixels, to the forward passes, or what
            costs as much, of one network's map of one image.
        parameters: what can be chosen.
        has_baseline: whether the map depends on what the image is compared with.
        is_complete: whether the map's sum should be the logit at the image less that at the baseline.
    """

    name: str
    title: str
    summary: str
    passes: Callable[[Mapping[str, float], int], float]
    parameters: tuple[Parameter, ...] = ()
    has_baseline: bool = True
    is_complete: bool = False


def _places(values: Mapping[str, float], side: int) -> int:
    """Where a sliding window stands; the last one may stick out."""
    return (1 + max(0, math.ceil((side - values["window"]) / values["stride"]))) ** 2


METHODS: Final[dict[str, Method]] = by_name(
    "attribution method",
    Method(
        name="integrated-gradients",
        title="Integrated gradients",
        summary="The gradient's mean on the straight way from the baseline to the image, times that way.",
        parameters=(Parameter("steps", "Steps on the way", 1, 1024, 32, 1),),
        passes=lambda values, side: PASSES_OF_A_GRADIENT * values["steps"],
        is_complete=True,
    ),
    Method(
        name="gradient-shap",
        title="Gradient SHAP",
        summary="Gradients at drawn points between the baseline and the image with noise, times the way.",
        parameters=(
            Parameter("samples", "Drawn points", 1, 256, 32, 1),
            Parameter("noise", "Noise on the image (standard deviation; the range is 1)", 0.0, 0.5, 0.05, 0.01),
        ),
        passes=lambda values, side: PASSES_OF_A_GRADIENT * values["samples"],
        is_complete=True,
    ),
    Method(
        name="deep-lift",
        title="DeepLift",
        summary="Differences from the baseline, handed back from layer to layer by the rescale rule.",
        passes=lambda values, side: 2 * PASSES_OF_A_GRADIENT,  # image and baseline side by side
        is_complete=True,
    ),
    Method(
        name="smooth-grad",
        title="SmoothGrad",
        summary="The gradient's mean over copies of the image with noise, times the difference from the baseline.",
        parameters=(
            Parameter("samples", "Copies", 1, 256, 32, 1),
            Parameter("noise", "Noise on a copy (standard deviation; the range is 1)", 0.0, 0.5, 0.1, 0.01),
        ),
        passes=lambda values, side: PASSES_OF_A_GRADIENT * values["samples"],
    ),
    Method(
        name="occlusion",
        title="Occlusion",
        summary="How much the logit falls when a sliding window shows the baseline.",
        parameters=(
            Parameter("window", "Window (px)", 1, 32, 6, 1),
            Parameter("stride", "Stride (px)", 1, 32, 2, 1),
        ),
        passes=_places,
    ),
    Method(
        name="feature-ablation",
        title="Feature ablation",
        summary="How much the logit falls when one patch of a grid shows the baseline.",
        parameters=(Parameter("patches", "Patches in a row", 1, 32, 8, 1),),
        passes=lambda values, side: values["patches"] ** 2,
    ),
    Method(
        name="grad-cam",
        title="Grad-CAM",
        summary="The last feature maps weighted by their gradients: coarse, and only what speaks for the class.",
        passes=lambda values, side: PASSES_OF_A_GRADIENT,
        has_baseline=False,
    ),
)
"""By name, in the order in which they are offered."""
