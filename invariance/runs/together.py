"""Executing several runs of one kind at once in this process: pretrainings, or linear probes.

Each is a run of the store as if it were alone, and it is asked for. On a CPU pretrainings of small networks have the
bits of the run by itself then; of larger networks, of probes, and of all on a GPU the last digits may differ.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from invariance.data.picture_contents import identified_run
from invariance.events import CancelFlag, Event, Finished
from invariance.runs.claim import writing
from invariance.runs.device import choose_device, free_memory
from invariance.runs.execute import NumberedEvents, events_of, keep, live_here
from invariance.runs.life import take_up
from invariance.runs.locate import weights_of
from invariance.runs.outcome import is_expected, is_out_of_memory
from invariance.runs.run import Run
from invariance.runs.store import Store
from invariance.runs.threads import chosen_threads, wanted_threads
from invariance.spec import TRANSFORM_NAMES, PretrainSpec, RunSpec, SpecError, TransferSpec, canonical_json
from invariance.vocabulary.architectures import ARCHITECTURES

ANY_TRANSFORM: Final = TRANSFORM_NAMES[:1]
MAX_TOGETHER = 32
"""Of a group: beyond that the launches are few, and each network's data and activations take memory."""
STACKS_UNASKED: Final = False
"""Whether a GPU trains small networks as one stack without being asked to. A measurement decides: ``bench gpu`` on any
card that reaches its goal ``together``. Until there is one, they are trained one after the other, as on every card."""
_log = logging.getLogger(__name__)


def stacks_unasked(spec: RunSpec, device: str) -> bool:
    """Whether a run is executed with others of its kind as one stack without being asked to."""
    is_stackable = isinstance(spec, PretrainSpec) and ARCHITECTURES[spec.model].stackable
    return STACKS_UNASKED and is_stackable and device.startswith("cuda")


def pays_together(specs: Sequence[RunSpec], device: str) -> bool:
    """Whether runs are executed together without being asked to."""
    return len(specs) > 1 and all(stacks_unasked(spec, device) for spec in specs)


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
        if isinstance(spec, PretrainSpec) and spec.epochs:
            # Seeds and draws apart, and as many classes: the last layers of a group are of one size. One transformation
            # stands for all, since views that differ in them need one.
            data = replace(spec.data, seed=0, transform_seed=None, transforms=ANY_TRANSFORM, classes=())
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
    specs = [identified_run(spec) for spec in specs]
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
) -> NumberedEvents:
    """Does what several specs ask for, as :func:`invariance.runs.execute.execute` does for one.

    What does not fit into memory at once is done in halves, each from its last checkpoint, in the end one by one.

    Yields:
        The number of a spec and its event, or the exception that ended it; the others go on.
    """
    histories: list[list[dict[str, Any]]] = [[] for _ in specs]
    with ExitStack() as stack:
        for directory in directories:
            stack.enter_context(writing(directory))
        stack.enter_context(chosen_threads())
        waiting = [list(range(len(specs)))]
        while waiting:
            numbers = waiting.pop(0)
            left, lacked = set(numbers), None
            try:
                for number, event in _at_once(numbers, specs, store, directories, device, cancelled):
                    if isinstance(event, Exception | Finished):
                        left.discard(number)
                    if not isinstance(event, Exception):
                        keep(event, directories[number], histories[number])
                    yield number, event
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                lacked = str(error)
            # Only here: while an exception is handled, its traceback holds all that the group had on the device.
            free_memory(device)  # which the next ones need, or the workers of a study that goes on
            if not left or lacked is None:
                continue
            again = sorted(left)
            for number in again:
                histories[number].clear()  # what was measured up to the checkpoint is told again
            if len(numbers) == 1:
                yield numbers[0], MemoryError(lacked)
            else:
                half = -(-len(again) // 2)
                _log.warning("%d runs do not fit into memory at once: trying %d", len(numbers), half)
                waiting[:0] = [part for part in (again[:half], again[half:]) if part]


def _at_once(
    numbers: Sequence[int],
    specs: Sequence[RunSpec],
    store: Store,
    directories: Sequence[Path],
    device: str,
    cancelled: CancelFlag,
) -> Iterator[tuple[int, Event | Exception]]:
    """Those runs as one computation, or one alone; with the numbers that they have among all."""
    from invariance.training.together import pretrain_together
    from invariance.training.transfer import transfer_together

    if len(numbers) == 1 < len(specs):
        (number,) = numbers
        try:
            for event in events_of(specs[number], store, directories[number], device, cancelled):
                yield number, event
        except Exception as error:
            if not is_expected(error):
                raise
            yield number, error
        return
    mine, places = [specs[number] for number in numbers], [directories[number] for number in numbers]
    pretrainings = [spec for spec in mine if isinstance(spec, PretrainSpec)]
    probes = [spec for spec in mine if isinstance(spec, TransferSpec)]
    sources = [weights_of(spec.source, store) for spec in probes]
    outcomes = (
        pretrain_together(pretrainings, places, device=device, cancelled=cancelled)
        if pretrainings
        else transfer_together(probes, sources, places, device=device, cancelled=cancelled)
    )
    yield from ((numbers[position], what) for position, what in outcomes)
