"""What a step does with gradients: Adam for all weights, or Muon for the filters of convolutions and Adam for the rest.

Not the classes of ``torch.optim``: the first one that is made imports torch's compiler, which takes longer than the
first hundred steps of a small network. Adam is the same fused kernel that ``torch.optim.Adam(fused=True)`` calls, with
the same bits, and its state is kept under the same names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any, Final

import torch
from torch import Tensor

from invariance.data.products import float32_products
from invariance.training.muon import muon_step
from invariance.vocabulary.optimizers import OptimizerFacts

_EPSILON: Final = 1e-8  # as Adam's authors and torch have it


class Optimiser:
    """The parameters of a network, or of a stack of them, and the running means of their gradients.

    Args:
        parameters: stepped in place, all on one device.
        facts: the rule and its constants.
        are_filters: of each parameter, whether it is the weight of a convolution (O, I, H, W), perhaps behind a
            dimension of networks.
        weight_decay: L2 penalty of Adam; filters that Muon steps have none, since their length is set.

    Attributes:
        state: by parameter, the running means by their names; empty before its first step.
    """

    def __init__(
        self, parameters: Sequence[Tensor], facts: OptimizerFacts, *, are_filters: Sequence[bool], weight_decay: float
    ) -> None:
        self._parameters = list(parameters)
        self._facts = facts
        self._weight_decay = weight_decay
        by_muon = [is_filter and facts.filter_rate is not None for is_filter in are_filters]
        chosen = list(zip(self._parameters, by_muon, strict=True))
        self._filters = [parameter for parameter, is_chosen in chosen if is_chosen]
        self._others = [parameter for parameter, is_chosen in chosen if not is_chosen]
        self.state: dict[Tensor, dict[str, Tensor]] = {}

    def zero_grad(self) -> None:
        """Forgets the gradients."""
        for parameter in self._parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self, learning_rate: float) -> None:
        """Follows the gradients; a parameter without one stays.

        Args:
            learning_rate: of Adam, at this step.
        """
        self._step_adam(learning_rate)
        if self._filters:
            self._step_filters(learning_rate * (self._facts.filter_rate or 0.0))

    def state_dict(self) -> dict[str, Any]:
        """The running means by the position of their parameter, for :meth:`load_state_dict`."""
        positions = {parameter: position for position, parameter in enumerate(self._parameters)}
        return {"state": {positions[parameter]: state for parameter, state in self.state.items()}}

    def load_state_dict(self, saved: Mapping[str, Any]) -> None:
        """Takes up running means, also those that ``torch.optim.Adam`` saved, in the parameters' order of memory."""
        self.state = {
            self._parameters[position]: {
                name: _laid_out_as(self._parameters[position], value) for name, value in state.items()
            }
            for position, state in saved["state"].items()
        }

    def _step_adam(self, learning_rate: float) -> None:
        parameters = [parameter for parameter in self._others if parameter.grad is not None]
        states = [self.state.get(parameter) or self._first_state(parameter) for parameter in parameters]
        steps, means, squares = ([state[name] for state in states] for name in ("step", "exp_avg", "exp_avg_sq"))
        torch._foreach_add_(steps, 1)
        beta1, beta2 = self._facts.betas
        torch._fused_adam_(
            parameters,
            [parameter.grad for parameter in parameters if parameter.grad is not None],
            means,
            squares,
            [],
            steps,
            lr=learning_rate,
            beta1=beta1,
            beta2=beta2,
            weight_decay=self._weight_decay,
            eps=_EPSILON,
            amsgrad=False,
            maximize=False,
        )

    def _first_state(self, parameter: Tensor) -> dict[str, Tensor]:
        state = {
            "step": torch.zeros((), device=parameter.device),
            "exp_avg": torch.zeros_like(parameter),
            "exp_avg_sq": torch.zeros_like(parameter),
        }
        self.state[parameter] = state
        return state

    def _step_filters(self, learning_rate: float) -> None:
        # Factors rounded to TF32, as a training on a GPU may have them, are too coarse for powers of a matrix.
        with float32_products("ieee") if self._filters[0].is_cuda else nullcontext():
            for filters in self._filters:
                if filters.grad is None:
                    continue
                state = self.state.setdefault(filters, {})
                if not state:
                    state["momentum"] = torch.zeros_like(filters)
                muon_step(filters, filters.grad, state["momentum"], learning_rate=learning_rate)


def _laid_out_as(parameter: Tensor, value: Tensor) -> Tensor:
    """A running mean in the order of memory of its parameter: the fused kernel reads both number by number."""
    if value.shape != parameter.shape:
        return value.to(parameter.device, copy=True)
    return torch.empty_like(parameter, requires_grad=False).copy_(value)
