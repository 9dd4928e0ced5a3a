"""Executing several runs of one kind at once in this process: pretrainings, or linear probes.

Each is a run of the store as if it were alone. On a GPU this is how small networks use it; on a CPU it is asked for,
since the last digits of a result may then differ from those of the run by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from invariance.events import CancelFlag, Event
from invariance.runs.claim import writing
from invariance.runs.device import choose_device
from invariance.runs.execute import Outcomes, keep, live_here
from invariance.runs.life import take_up
from invariance.runs.locate import weights_of
from invariance.runs.store import Run, Store
from invariance.runs.threads import chosen_threads, wanted_threads
from invariance.spec import PretrainSpec, RunSpec, SpecError, TransferSpec, canonical_json

SMALL_MODELS = ("small", "small_resnet", "small_vgg")
"""Networks whose step on a GPU is launches of kernels; those of a transformer's attention torch cannot stack."""
MAX_TOGETHER = 32
"""Of a group: beyond that the launches are few, and each network's data and activations take memory."""


def pays_together(specs: Sequence[RunSpec], device: str) -> bool:
    """Whether runs are executed together without being asked to: several small networks on a GPU."""
    small = [spec for spec in specs if isinstance(spec, PretrainSpec) and spec.model in SMALL_MODELS]
    return device.startswith("cuda") and len(small) == len(specs) > 1


def groups_together(specs: Iterable[RunSpec], device: str, *, is_asked: bool = False) -> list[list[PretrainSpec]]:
    """Which pretrainings of a study are executed together: those that differ in seed and data alone.

    Args:
        specs: the runs of a study.
        device: a torch device.
        is_asked: also where it does not pay by itself, see :func:`pays_together`.

    Returns:
        Groups of 2 to :data:`MAX_TOGETHER`; runs that are in none are executed by themselves.
    """
    alike: dict[str, list[PretrainSpec]] = defaultdict(list)
    for spec in specs:
        if isinstance(spec, PretrainSpec):
            # Seeds and draws apart, and as many classes: the last layers of a group are of one size.
            data = replace(spec.data, seed=0, transform_seed=None, transforms=(), classes=())
            kind = replace(spec, seed=0, data=data)
            alike[f"{len(spec.data.classes)} {canonical_json(kind)}"].append(spec)
    groups = [group[at : at + MAX_TOGETHER] for group in alike.values() for at in range(0, len(group), MAX_TOGETHER)]
    return [group for group in groups if len(group) > 1 and (is_asked or pays_together(group, device))]


def run_together(
    specs: Sequence[RunSpec],
    store: Store,
    device: str = "auto",
    on_event: Callable[[Event], None] = lambda event: None,
) -> list[Run]:
    """Executes several runs at once, as :func:`invariance.runs.execute.run_here` executes one.

    Those that are done are answered from the store; those that another living process executes are left to it.

    Args:
        specs: all pretrainings, or all linear probes, of one size.
        store: where they are recorded.
        device: see :func:`invariance.runs.device.choose_device`.
        on_event: called with every event, in this thread.

    Returns:
        The runs as they are then: ``done`` or ``failed``, or as another process left them.

    Raises:
        SpecError: the specs cannot be executed together, or not here.
        Stopped: see :func:`invariance.runs.execute.live_here`.
    """
    device = choose_device(device)
    wanted_threads()
    _check(specs)
    for source in {source for spec in specs for source in spec.depends_on}:
        weights_of(source, store)
    runs = [store.submit(spec) for spec in specs]
    with ExitStack() as stack:
        lives = {
            run.id: stack.enter_context(life) for run in runs if (life := take_up(store, run.id, device)) is not None
        }
        mine = [store.get(run_id).spec for run_id in lives]
        directories = [store.directory(run_id) for run_id in lives]
        if mine:
            live_here(
                list(lives.values()),
                lambda must_stop: execute_together(mine, store, directories, device, must_stop),
                device,
                on_event,
            )
    return [store.get(run.id) for run in runs]


def _check(specs: Sequence[RunSpec]) -> None:
    from invariance.training.together import check_together

    pretrainings = [spec for spec in specs if isinstance(spec, PretrainSpec)]
    probes = [spec for spec in specs if isinstance(spec, TransferSpec) and spec.method == "linear-probe"]
    if len(pretrainings) == len(specs):
        check_together(pretrainings)
    elif len(probes) != len(specs):
        raise SpecError("only pretrainings, or linear probes, are executed together: ask for the others by themselves")


def execute_together(
    specs: Sequence[RunSpec], store: Store, directories: Sequence[Path], device: str, cancelled: CancelFlag
) -> Outcomes:
    """Does what several specs ask for, as :func:`invariance.runs.execute.execute` does for one.

    Yields:
        The number of a spec and its event, or the exception that ended it; the others go on.
    """
    from invariance.training.together import pretrain_together
    from invariance.training.transfer import transfer_together

    histories: list[list[dict[str, Any]]] = [[] for _ in specs]
    pretrainings = [spec for spec in specs if isinstance(spec, PretrainSpec)]
    probes = [spec for spec in specs if isinstance(spec, TransferSpec)]
    sources = [weights_of(spec.source, store) for spec in probes]
    with ExitStack() as stack:
        for directory in directories:
            stack.enter_context(writing(directory))
        stack.enter_context(chosen_threads())
        outcomes = (
            pretrain_together(pretrainings, directories, device=device, cancelled=cancelled)
            if pretrainings
            else transfer_together(probes, sources, directories, device=device, cancelled=cancelled)
        )
        for number, event in outcomes:
            if not isinstance(event, Exception):
                keep(event, directories[number], histories[number])
            yield number, event
