"""Executing several runs of one kind at once in this process: pretrainings, or linear probes.

Each is a run of the store as if it were alone. On a GPU this is how small networks use it; on a CPU it is asked for,
since the last digits of a result may then differ from those of the run by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from invariance.runs.claim import try_claim, writing
from invariance.runs.device import choose_device
from invariance.runs.execute import throttled
from invariance.runs.interrupt import interrupt_flag
from invariance.runs.locate import weights_of
from invariance.runs.outcome import error_line, read_result, read_told, write_result
from invariance.runs.store import Run, Store
from invariance.runs.threads import chosen_threads
from invariance.spec import PretrainSpec, RunSpec, SpecError, TransferSpec, canonical_json
from invariance.vocabulary.architectures import ARCHITECTURES

if TYPE_CHECKING:
    from invariance.events import Event

MAX_TOGETHER = 32
"""Of a group: beyond that the launches are few, and each network's data and activations take memory."""


def pays_together(specs: Sequence[RunSpec], device: str) -> bool:
    """Whether runs are executed together without being asked to: several small networks on a GPU."""
    stackable = [spec for spec in specs if isinstance(spec, PretrainSpec) and ARCHITECTURES[spec.model].stackable]
    return device.startswith("cuda") and len(stackable) == len(specs) > 1


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
        The runs as they are then: ``done``, ``failed``, or ``interrupted`` after Ctrl-C.

    Raises:
        SpecError: the specs cannot be executed together, or not here.
    """
    from invariance.training.resume import clear_state

    device = choose_device(device)
    _check(specs)
    for source in {source for spec in specs for source in spec.depends_on}:
        weights_of(source, store)
    runs = [store.submit(spec) for spec in specs]
    with ExitStack() as claims:
        mine = []
        for run in {run.id: run for run in runs}.values():
            directory = store.directory(run.id)
            if run.state == "done" or not claims.enter_context(try_claim(directory)):
                continue
            run = store.get(run.id)
            if run.state == "done":
                continue
            if run.state == "running":  # an orphan: its process ended without a word
                store.transition(run.id, "interrupted")
            claims.enter_context(writing(directory))
            run = store.transition(run.id, "running", device=device)
            if (result := read_result(directory)) is not None:
                clear_state(directory)
                for progress in read_told(directory):
                    store.record(run.id, progress)
                store.transition(run.id, "done", result=result)
            else:
                mine.append(run)
        if mine:
            with chosen_threads():
                _execute(mine, store, device, on_event)
    return [store.get(run.id) for run in runs]


def _check(specs: Sequence[RunSpec]) -> None:
    from invariance.training.together import check_together

    pretrainings = [spec for spec in specs if isinstance(spec, PretrainSpec)]
    probes = [spec for spec in specs if isinstance(spec, TransferSpec) and spec.method == "linear-probe"]
    if len(pretrainings) == len(specs):
        check_together(pretrainings)
    elif len(probes) != len(specs):
        raise SpecError("only pretrainings, or linear probes, are executed together: ask for the others by themselves")


def _execute(runs: Sequence[Run], store: Store, device: str, on_event: Callable[[Event], None]) -> None:
    from invariance.events import Cancelled, Finished
    from invariance.training.resume import clear_state

    going_on = {run.id for run in runs}
    told: dict[str, list[dict[str, Any]]] = {run.id: [] for run in runs}

    def settle(state: str, run_id: str, **details: object) -> None:
        going_on.discard(run_id)
        store.transition(run_id, state, **details)  # type: ignore[arg-type]

    with interrupt_flag() as interrupted:
        is_asked = throttled(lambda: any(store.cancel_requested(run_id) for run_id in list(going_on)))
        try:
            for number, event in _outcomes(runs, store, device, lambda: interrupted.is_set() or is_asked()):
                run = runs[number]
                if isinstance(event, Exception):
                    settle("failed", run.id, error=error_line(event, device))
                    continue
                if isinstance(event, Finished):
                    write_result(store.directory(run.id), event.to_dict(), told[run.id])
                    clear_state(store.directory(run.id))  # before it is done, after which nobody would
                    settle("done", run.id, result=event.to_dict())
                else:
                    told[run.id] += [event.to_dict()] if event.metrics else []
                    store.record(run.id, event.to_dict())
                on_event(event)
        except Cancelled:
            for run_id in list(going_on):
                settle("cancelled" if store.cancel_requested(run_id) else "interrupted", run_id)
        except KeyboardInterrupt:
            for run_id in list(going_on):
                settle("interrupted", run_id)
            raise
        except Exception as error:
            for run_id in list(going_on):
                settle("failed", run_id, error=error_line(error, device))
            raise


def _outcomes(
    runs: Sequence[Run], store: Store, device: str, cancelled: Callable[[], bool]
) -> Iterator[tuple[int, Event | Exception]]:
    from invariance.training.together import pretrain_together
    from invariance.training.transfer import transfer_together

    directories = [store.directory(run.id) for run in runs]
    specs = [run.spec for run in runs]
    pretrainings = [spec for spec in specs if isinstance(spec, PretrainSpec)]
    if pretrainings:
        yield from pretrain_together(pretrainings, directories, device=device, cancelled=cancelled)
        return
    probes = [spec for spec in specs if isinstance(spec, TransferSpec)]
    sources = [weights_of(spec.source, store) for spec in probes]
    yield from transfer_together(probes, sources, directories, device=device, cancelled=cancelled)
