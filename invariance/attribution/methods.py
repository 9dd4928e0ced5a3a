"""The function of each declared method, and the check of what was chosen about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from torch import Tensor

from invariance.attribution.deep_lift import deep_lift
from invariance.attribution.grad_cam import grad_cam
from invariance.attribution.integrated_gradients import integrated_gradients
from invariance.attribution.perturbation import feature_ablation, occlusion
from invariance.attribution.sampled_gradients import gradient_shap, smooth_grad
from invariance.spec import SpecError
from invariance.spec.checks import require
from invariance.vocabulary.attach import attach
from invariance.vocabulary.methods import METHODS, Method, Parameter

APPLY: Final[dict[str, Callable[..., Tensor]]] = attach(
    "attribution method",
    METHODS,
    {
        "integrated-gradients": integrated_gradients,
        "gradient-shap": gradient_shap,
        "deep-lift": deep_lift,
        "smooth-grad": smooth_grad,
        "occlusion": occlusion,
        "feature-ablation": feature_ablation,
        "grad-cam": grad_cam,
    },
)
"""Of each method (model, question, **parameters) to relevance (B, H, W)."""


def find_method(name: str) -> Method:
    """The method of that name.

    Raises:
        SpecError: there is none.
    """
    if not isinstance(name, str) or name not in METHODS:
        raise SpecError(f"method = {name!r}: expected {', '.join(METHODS)}")
    return METHODS[name]


def chosen_values(method: Method, given: Mapping[str, float]) -> dict[str, float]:
    """All parameters of a method, those not given at their default.

    Raises:
        SpecError: a name is not one of the method's, or a value is out of range.
    """
    known = {parameter.name: parameter for parameter in method.parameters}
    for name in given:
        if name not in known:
            accepted = f"expected {', '.join(known)}" if known else "the method has none"
            raise SpecError(f"parameter {name!r} of {method.name}: {accepted}")
    return {name: _checked(parameter, given.get(name, parameter.default)) for name, parameter in known.items()}


def _checked(parameter: Parameter, value: float) -> float:
    kind = "a whole number" if parameter.is_whole else "a number"
    require(isinstance(value, int | float), parameter.name, value, kind)
    is_fitting = parameter.low <= value <= parameter.high and (float(value).is_integer() or not parameter.is_whole)
    if not is_fitting:
        raise SpecError(f"{parameter.name} = {value:g}: expected {kind} from {parameter.low:g} to {parameter.high:g}")
    return int(value) if parameter.is_whole else float(value)
