"""The one list of attribution methods, with what can be chosen about each as data for page and command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from torch import Tensor

from invariance.attribution.deep_lift import deep_lift
from invariance.attribution.grad_cam import grad_cam
from invariance.attribution.integrated_gradients import integrated_gradients
from invariance.attribution.perturbation import feature_ablation, occlusion
from invariance.attribution.sampled_gradients import gradient_shap, smooth_grad
from invariance.spec import SpecError


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


@dataclass(frozen=True)
class Method:
    """A way to attribute a logit to pixels.

    Attributes:
        name: in links, scripts and specs.
        title: for people.
        summary: one sentence: what the map shows.
        parameters: what can be chosen.
        apply: (model, question, **parameters) to relevance (B, H, W).
        has_baseline: whether the map depends on what the image is compared with.
        is_complete: whether the map's sum should be the logit at the image less that at the baseline.
    """

    name: str
    title: str
    summary: str
    parameters: tuple[Parameter, ...]
    apply: Callable[..., Tensor]
    has_baseline: bool = True
    is_complete: bool = False

    def values(self, given: Mapping[str, float]) -> dict[str, float]:
        """All parameters, those not given at their default.

        Raises:
            SpecError: a name is not one of the method's, or a value is out of range.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in given:
            if name not in known:
                accepted = f"expected {', '.join(known)}" if known else "the method has none"
                raise SpecError(f"parameter {name!r} of {self.name}: {accepted}")
        return {name: _checked(parameter, given.get(name, parameter.default)) for name, parameter in known.items()}


def _checked(parameter: Parameter, value: float) -> float:
    kind = "a whole number" if parameter.is_whole else "a number"
    is_fitting = parameter.low <= value <= parameter.high and (float(value).is_integer() or not parameter.is_whole)
    if not is_fitting:
        raise SpecError(f"{parameter.name} = {value:g}: expected {kind} from {parameter.low:g} to {parameter.high:g}")
    return int(value) if parameter.is_whole else float(value)


METHODS: Final[tuple[Method, ...]] = (
    Method(
        "integrated-gradients",
        "Integrated gradients",
        "The gradient's mean on the straight way from the baseline to the image, times that way.",
        (Parameter("steps", "Steps on the way", 1, 1024, 32, 1),),
        integrated_gradients,
        is_complete=True,
    ),
    Method(
        "gradient-shap",
        "Gradient SHAP",
        "Gradients at drawn points between the baseline and the image with noise, times the way.",
        (
            Parameter("samples", "Drawn points", 1, 256, 32, 1),
            Parameter("noise", "Noise on the image (standard deviation; the range is 1)", 0.0, 0.5, 0.05, 0.01),
        ),
        gradient_shap,
        is_complete=True,
    ),
    Method(
        "deep-lift",
        "DeepLift",
        "Differences from the baseline, handed back from layer to layer by the rescale rule.",
        (),
        deep_lift,
        is_complete=True,
    ),
    Method(
        "smooth-grad",
        "SmoothGrad",
        "The gradient's mean over copies of the image with noise, times the difference from the baseline.",
        (
            Parameter("samples", "Copies", 1, 256, 32, 1),
            Parameter("noise", "Noise on a copy (standard deviation; the range is 1)", 0.0, 0.5, 0.1, 0.01),
        ),
        smooth_grad,
    ),
    Method(
        "occlusion",
        "Occlusion",
        "How much the logit falls when a sliding window shows the baseline.",
        (
            Parameter("window", "Window (px)", 1, 32, 6, 1),
            Parameter("stride", "Stride (px)", 1, 32, 2, 1),
        ),
        occlusion,
    ),
    Method(
        "feature-ablation",
        "Feature ablation",
        "How much the logit falls when one patch of a grid shows the baseline.",
        (Parameter("patches", "Patches in a row", 1, 32, 8, 1),),
        feature_ablation,
    ),
    Method(
        "grad-cam",
        "Grad-CAM",
        "The last feature maps weighted by their gradients: coarse, and only what speaks for the class.",
        (),
        grad_cam,
        has_baseline=False,
    ),
)
"""Every method, in the order in which they are offered."""


def find_method(name: str) -> Method:
    """The method of that name.

    Raises:
        SpecError: there is none.
    """
    for method in METHODS:
        if method.name == name:
            return method
    raise SpecError(f"method = {name!r}: expected {', '.join(method.name for method in METHODS)}")
