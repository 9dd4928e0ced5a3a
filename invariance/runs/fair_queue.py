"""Whose turn it is: a server's runs go round its owners, so that nobody who asks for much makes the others wait."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median

from invariance.runs.estimate import checkpoint_bytes, estimate_seconds
from invariance.runs.networks import networks_of, recorded_spec
from invariance.runs.run import RESUMABLE_STATES, Run, RunList, State
from invariance.runs.slots import Slot
from invariance.runs.store import Store
from invariance.spec import RunSpec, SpecError

SPARE_BYTES = 50_000_000
NUM_RECENT, MAX_PACE = 12, 10.0
"""Runs that tell how fast this machine is, and the most that they are believed."""


def in_turn(queued: Sequence[Run], last_starts: Mapping[str, float], busy: Collection[str] = ()) -> RunList:
    """Waiting runs in the order of their turns.

    Args:
        queued: in the order in which they were asked for, which is kept within an owner.
        last_starts: when each owner was served last, in unix seconds; whoever waits longest since then comes first.
        busy: owners with a run under way, who come after the others in each round.
    """
    of_owner: dict[str, list[Run]] = defaultdict(list)
    for run in queued:
        of_owner[run.owner].append(run)
    owners = sorted(of_owner, key=lambda owner: (owner in busy, last_starts.get(owner, 0.0)))  # stable: first come
    rounds = max((len(runs) for runs in of_owner.values()), default=0)
    return [of_owner[owner][turn] for turn in range(rounds) for owner in owners if turn < len(of_owner[owner])]


def _busy(running: Sequence[Run]) -> set[str]:
    """Named owners with a run under way; who asks without a name, as a script does, is never one."""
    return {run.owner for run in running if run.owner}


def startable(store: Store) -> RunList:
    """The waiting runs in the order in which they may start now.

    A named owner with a run under way comes after all who have none: whoever is alone has every worker, and in a class
    everybody has one first.
    """
    busy = _busy(store.list(states=(State.RUNNING,)))
    return sorted(_order(store, busy), key=lambda run: run.owner in busy)  # stable


def _order(store: Store, busy: Collection[str]) -> RunList:
    """What waits: first what the server's end interrupted, then in turn."""
    going_on = store.going_on()
    queued = in_turn(store.list(states=(State.QUEUED,)), store.last_starts(), busy)
    return sorted(queued, key=lambda run: run.id not in going_on)  # stable


def place(store: Store, run_id: str, slots: Sequence[Slot] = (Slot("cpu"),)) -> tuple[int, float]:
    """The place of a waiting run, 1 for the next one, and about how many seconds it waits; (0, 0) if it does not.

    The seconds are until a worker that takes it has done what is under way and what comes before it.

    Args:
        store: where it waits.
        run_id: its full identity.
        slots: of the workers that execute what waits.
    """
    running = store.list(states=(State.RUNNING,))
    order = _order(store, _busy(running))
    index = next((index for index, run in enumerate(order) if run.id == run_id), None)
    if index is None:
        return 0, 0.0
    free, device = dict.fromkeys(range(len(slots)), 0.0), slots[0].device
    pace = _pace(store, device)

    def next_for(run: Run) -> int:
        return min((number for number in free if slots[number].takes(run.spec, store)), key=free.__getitem__)

    # What a second worker does not take is with a first one.
    for run in sorted(running, key=lambda run: sum(slot.takes(run.spec, store) for slot in slots)):
        free[next_for(run)] += run.progress["eta_seconds"] if run.progress else pace * _seconds(run, store, device)
    for run in order[:index]:
        free[next_for(run)] += pace * _seconds(run, store, device)
    return index + 1, free[next_for(order[index])]


def _pace(store: Store, device: str) -> float:
    """How many times as long as estimated runs take here: the median of those that ended last; 1 before three have."""
    recent, _ = store.newest(NUM_RECENT, kinds=("pretrain", "transfer"), states=(State.DONE,))
    taken = [(run, run.finished - run.started) for run in recent if run.finished and run.started]
    if len(taken) < 3:
        return 1.0
    return min(max(median(seconds / _seconds(run, store, device) for run, seconds in taken), 1 / MAX_PACE), MAX_PACE)


def _seconds(run: Run, store: Store, device: str) -> float:
    networks = networks_of(run.spec, partial(recorded_spec, store=store))
    return estimate_seconds(run.spec, device, next(filter(None, networks), "small"))


def require_room(store: Store, specs: Sequence[RunSpec], owner: str, max_queued: int) -> None:
    """Raises SpecError if an owner would have more runs waiting than one may have."""
    standings = store.standings(spec.run_id for spec in specs)
    num_new = sum(
        run_id not in standings or standings[run_id].state in RESUMABLE_STATES
        for run_id in {spec.run_id for spec in specs}
    )
    num_waiting = sum(run.owner == owner for run in store.list(states=(State.QUEUED,)))
    if num_new and num_waiting + num_new > max_queued:
        raise SpecError(
            f"{num_waiting} of your runs are waiting and this would add {num_new}, but {max_queued} is the most "
            "for one person on this server: let some finish, or cancel them"
        )


def require_disk(spec: RunSpec, folder: Path) -> None:
    """Raises SpecError if the disk cannot hold the two checkpoints that a run keeps."""
    free, needed = shutil.disk_usage(folder).free, checkpoint_bytes(spec) + SPARE_BYTES
    if free < needed:
        raise SpecError(
            f"the disk is full: {free / 1e6:,.0f} MB are free and this run needs about {needed / 1e6:,.0f} MB for its "
            "checkpoints; delete runs that are no longer needed, then resume it"
        )
