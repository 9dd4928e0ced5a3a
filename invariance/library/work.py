"""What every function of the library does around its work: networks on a device, in eval mode, and back."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

import torch

from invariance.data.engine import Engine
from invariance.events import never
from invariance.library.networks import as_networks
from invariance.measures.task import Task
from invariance.models import Classifier
from invariance.progress import ProgressBar
from invariance.runs.added import is_file_reference, is_outside
from invariance.runs.device import choose_device
from invariance.runs.locate import weights_of
from invariance.runs.store import Store, default_root
from invariance.spec import SpecError
from invariance.spec.checks import require
from invariance.training.checkpoint import weights_spec
from invariance.training.threads import threads_of

T = TypeVar("T")
Networks = dict[str, Classifier]
"""By the names that they have in tables."""
PATIENCE_S = 3.0
"""That pass before a function of the library shows how far it is."""


@dataclass(frozen=True)
class AtWork:
    """What a function of the library computes with.

    Attributes:
        models: by their names, in eval mode, on the device.
        device: of torch.
        bar: shows how far the work is, where somebody looks.
    """

    models: Networks
    device: str
    bar: ProgressBar


@contextmanager
def at_work(title: str, networks: Any, device: str) -> Iterator[AtWork]:
    """Networks on a device, where they are computed with in the body; those of the caller are put back afterwards.

    Args:
        title: of the bar that shows how far the body is, once it has taken a few seconds.
        networks: whatever :func:`~invariance.library.networks.as_networks` takes.
        device: ``auto`` or a torch device.

    Raises:
        SpecError: a network cannot be used, is in training mode, or there is no such device.
    """
    chosen, found = choose_device(device), as_networks(networks)
    for name, model in found.items():
        if any(part.training for part in model.modules()):  # it would depend on chance, or on what else is in the batch
            raise SpecError(f"network {name} is in training mode: call its .eval() first")
    before = {name: _device_of(model) for name, model in found.items()}
    try:
        threads = threads_of([model.architecture for model in found.values()], chosen)
        with threads, ProgressBar(title, patience=PATIENCE_S) as bar:
            yield AtWork({name: model.to(chosen) for name, model in found.items()}, chosen, bar)
    finally:
        for name, model in found.items():
            model.to(before[name])


def _device_of(model: torch.nn.Module) -> torch.device:
    first = next(model.parameters(), None)
    return torch.device("cpu") if first is None else first.device


def recorded_weights(networks: Any, models: Networks) -> dict[str, Path]:
    """The files of those networks that a run here made, of which is known what they were trained on.

    Args:
        networks: as the caller named them.
        models: the same, loaded.
    """
    references = networks if isinstance(networks, Mapping) else {name: name for name in models}
    root = default_root()
    store = Store(root) if (root / "store.sqlite").is_file() else None
    named = {name: one for name, one in references.items() if isinstance(one, str)}
    found = {}
    for name, reference in named.items():
        if not (is_file_reference(reference) or is_outside(reference)):
            with suppress(SpecError):  # a module has any name
                path = weights_of(reference, store)
                if weights_spec(path) is not None:
                    found[name] = path
    return found


def several_names(argument: str, names: Any) -> tuple[str, ...]:
    """Names as a text with commas or a sequence; raises SpecError for anything else."""
    if isinstance(names, str):
        return tuple(part.strip() for part in names.split(","))
    is_list = isinstance(names, Sequence) and all(isinstance(name, str) for name in names)
    require(is_list, argument, names, "names, as a text with commas or a list")
    return tuple(names)


def task_of(models: Networks, engine: Engine, sources: dict[str, Path] | None = None) -> Task:
    """A measurement that nobody stops."""
    return Task(engine, models, sources or {}, never, monotonic())


def result_of(work: Generator[Any, None, T], bar: ProgressBar) -> T:
    """What a work comes to; what it tells on its way is shown."""
    while True:
        try:
            bar(next(work))
        except StopIteration as end:
            result: T = end.value
            return result
