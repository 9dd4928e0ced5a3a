"""Networks of one architecture trained as one: their parameters stacked, each step a single pass for all of them.

For a GPU, where a step of a small network is a few hundred kernels that each end sooner than the next can be launched:
K networks in one stack take the launches of one; of its own each adds one a step, to choose its images. Convolutions
become one convolution of K groups. On a CPU that is 1.8 times the work of K separate steps (``small``, batches of 256),
see :mod:`invariance.training.together`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from invariance.events import CancelFlag, Cancelled, Diverged, Progress
from invariance.models import Classifier
from invariance.training import loop
from invariance.training.feed import Rendered
from invariance.training.loop import Pretraining
from invariance.training.objectives import BatchLoss, Objective
from invariance.training.pace import Pace
from invariance.training.precision import tuned_convolutions
from invariance.training.reporting import replayed_history, tell
from invariance.training.train_state import TrainState, add_up

_PRODUCTS: Final = (functional.conv2d, functional.linear, functional.multi_head_attention_forward)
"""What is computed in bfloat16. Attention is one of them since what it calls in its turn is not asked about."""


class _HalfProducts(TorchFunctionMode):
    """Autocast for networks in a stack: it gives every layer the numbers that it has in a network by itself.

    vmap takes layers apart before autocast sees them. On a CPU their convolutions would be computed in float32, and
    batch norm, whose weight vmap multiplies by outside the kernel, is refused or hands float32 on.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in _PRODUCTS:
            return func(*(_halved(arg) for arg in args), **{name: _halved(value) for name, value in kwargs.items()})
        if func is functional.batch_norm:  # in float32 and rounded once, as the kernel of one network does
            images, *others = args
            return func(images.to(torch.float32), *others, **kwargs).to(images.dtype)
        return func(*args, **kwargs)


def _halved(value: Any) -> Any:
    return value.to(torch.bfloat16) if isinstance(value, Tensor) else value


class _Step(nn.Module):
    """A network and what it is trained for, as one function of a batch."""

    def __init__(self, model: Classifier, objective: Objective) -> None:
        super().__init__()
        self.model, self.objective = model, objective

    def forward(self, images: Tensor, labels: Tensor) -> BatchLoss:
        """What a batch comes to."""
        outcome: BatchLoss = self.objective(self.model, images, labels)
        return outcome


class Stack:
    """Trainees that step together. While they do, each network's tensors are its slices of the stack.

    The losses are added up; no network's loss depends on another's parameters, so each gets its own gradient. Adam
    works on each number by itself, and Muon on the filters of each network.

    Args:
        train_states: of one architecture, objective, settings and step.
    """

    def __init__(self, train_states: Sequence[TrainState]) -> None:
        self._train_states = train_states
        self._steps = [_Step(train_state.model, train_state.objective) for train_state in train_states]
        self._steps[0].model.layout = torch.contiguous_format  # the order in which groups lie side by side
        self._parameters = {
            name: values.requires_grad_() for name, values in self._stacked(nn.Module.named_parameters).items()
        }
        self._buffers = self._stacked(nn.Module.named_buffers)
        self._optimiser = train_states[0].new_optimiser(list(self._parameters.values()))
        self._take_moments()
        self._loss_sums = torch.stack([train_state.loss_sum for train_state in train_states])
        self._num_correct = torch.stack([train_state.num_correct for train_state in train_states])
        for number, train_state in enumerate(train_states):
            train_state.loss_sum, train_state.num_correct = self._loss_sums[number], self._num_correct[number]

    def advance(self, images: Tensor, labels: Tensor, *, share: float) -> None:
        """One step of all networks.

        Args:
            images: (K, V B, 3, H, W), bytes (uint8) or float in [0, 1], a batch for each.
            labels: (K, B).
            share: of the training that is done before this step, in [0, 1).
        """
        step = self._steps[0].train()

        num_asked = 0

        def one(parameters: dict[str, Tensor], buffers: dict[str, Tensor], *batch: Tensor) -> tuple[Tensor, Tensor]:
            nonlocal num_asked  # a plain number, the same for all
            outcome: BatchLoss = functional_call(step, (parameters, buffers), batch)
            num_asked = outcome.num_asked
            return outcome.loss, outcome.num_correct

        with tuned_convolutions(images.device):
            with self._precision(images.device):
                losses, num_correct = vmap(one)(self._parameters, self._buffers, images, labels)
            self._optimiser.zero_grad()
            losses.sum().backward()
        self._optimiser.step(self._train_states[0].learning_rate_at(share))
        add_up(self._loss_sums, self._num_correct, BatchLoss(losses, num_correct, num_asked))
        for train_state in self._train_states:
            train_state.note_step(num_asked, num_samples=labels.shape[1])

    def _precision(self, device: torch.device) -> AbstractContextManager[object]:
        is_half = self._train_states[0].precision.name_on(device) == "bfloat16"
        return _HalfProducts() if is_half else nullcontext()

    def give_moments(self) -> None:
        """Puts copies of the optimiser's running means where each train_state would have its own, to be saved."""
        for number, (train_state, step) in enumerate(zip(self._train_states, self._steps, strict=True)):
            for name, parameter in step.named_parameters():
                state = self._optimiser.state.get(self._parameters[name], {})
                train_state.optimiser.state[parameter] = {
                    key: (value[number] if value.dim() > 0 else value).clone() for key, value in state.items()
                }

    def release(self) -> None:
        """Gives every network tensors of its own again."""
        self._steps[0].model.layout = Classifier.layout
        for step in self._steps:
            for tensor in (*step.parameters(), *step.buffers()):
                layout = torch.channels_last if tensor.dim() == 4 else torch.contiguous_format
                tensor.data = tensor.data.clone(memory_format=layout)
        for train_state in self._train_states:
            train_state.loss_sum = train_state.loss_sum.clone()
            train_state.num_correct = train_state.num_correct.clone()

    def _stacked(self, named: Callable[[nn.Module], Iterator[tuple[str, Tensor]]]) -> dict[str, Tensor]:
        """The stacks of all networks' parameters or buffers, of which each network's own become views."""
        rows = [dict(named(step)) for step in self._steps]
        stacks = {name: torch.stack([row[name].detach() for row in rows]) for name in rows[0]}
        for number, row in enumerate(rows):
            for name, tensor in row.items():
                tensor.data = stacks[name][number]
        return stacks

    def _take_moments(self) -> None:
        for name, stack in self._parameters.items():
            states = [
                train_state.optimiser.state.get(dict(step.named_parameters())[name])
                for train_state, step in zip(self._train_states, self._steps, strict=True)
            ]
            known = [state for state in states if state]
            if len(known) == len(states):
                self._optimiser.state[stack] = {
                    key: torch.stack([state[key] for state in known]) if value.dim() > 0 else value.clone()
                    for key, value in known[0].items()
                }


def optimise_stacked(
    runs: Sequence[Pretraining], *, cancelled: CancelFlag, checkpoint_every_s: float
) -> Iterator[tuple[int, Progress | Diverged]]:
    """The steps that are left of several trainings, as :func:`invariance.training.loop.optimise` takes those of one.

    Args:
        runs: with open feeds of the same number of steps.
        cancelled: asked before every step.
        checkpoint_every_s: least time between two checkpoints.

    Yields:
        The number of a run and its Progress, or the reason for which it ended; the others go on.

    Raises:
        Cancelled: the flag was set; the states are saved.
    """
    num_steps = runs[0].feed.num_steps
    validations = [run.validation() for run in runs]
    step, failed = max(run.train_state.step for run in runs), set()
    for number, what in _catch_up(runs, validations, step, cancelled, checkpoint_every_s):
        if isinstance(what, Diverged):
            failed.add(number)
        yield number, what
    stack = Stack([run.train_state for run in runs])
    going_on = [(number, run) for number, run in enumerate(runs) if number not in failed]
    paces = {number: Pace(run.train_state, run.feed) for number, run in going_on}
    last_event, last_save = -math.inf, time.monotonic()
    while step < num_steps and paces:
        if cancelled():
            _save(stack, runs, paces)
            raise Cancelled
        images, labels = (torch.stack(parts) for parts in zip(*(run.feed.batch(step) for run in runs), strict=True))
        stack.advance(images, labels, share=step / num_steps)
        step += 1
        now = time.monotonic()
        is_time = now - last_event >= loop.EVENT_EVERY_S
        for number, pace in list(paces.items()):
            try:
                run, validation = runs[number], validations[number]
                if event := tell(run.train_state, run.feed, validation, pace, is_time=is_time):
                    last_event = now
                    yield number, event
            except Diverged as error:
                del paces[number]
                yield number, error
        if now - last_save >= checkpoint_every_s:
            _save(stack, runs, paces)
            last_save = time.monotonic()
    if step > 0:
        _save(stack, runs, paces)  # what follows a training must not cost the training
    stack.release()


def _save(stack: Stack, runs: Sequence[Pretraining], going_on: dict[int, Pace]) -> None:
    stack.give_moments()
    for number in list(going_on):
        runs[number].train_state.save()


def _catch_up(
    runs: Sequence[Pretraining],
    validations: Sequence[Rendered],
    furthest: int,
    cancelled: CancelFlag,
    checkpoint_every_s: float,
) -> Iterator[tuple[int, Progress | Diverged]]:
    """Brings runs that were interrupted at an earlier step to where the others are, one after the other."""
    for number, (run, validation) in enumerate(zip(runs, validations, strict=True)):
        steps = replayed_history(run.train_state, run.feed)
        if run.train_state.step < furthest:
            steps = loop.optimise(
                run.train_state,
                run.feed,
                validation=validation,
                cancelled=cancelled,
                checkpoint_every_s=checkpoint_every_s,
                until=furthest,
            )
        try:
            for event in steps:
                yield number, event
        except Diverged as error:
            yield number, error
