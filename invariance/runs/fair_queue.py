"""Whose turn it is: a server's runs go round its owners, so that nobody who asks for much makes the others wait."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from invariance.runs.estimate import checkpoint_bytes, estimate_seconds
from invariance.runs.store import RESUMABLE_STATES, Run, RunList, State, Store
from invariance.spec import RunSpec, SpecError

SPARE_BYTES = 50_000_000


def in_turn(queued: Sequence[Run], last_starts: Mapping[str, float]) -> RunList:
    """Waiting runs in the order of their turns.

    Args:
        queued: in the order in which they were asked for, which is kept within an owner.
        last_starts: when each owner was served last, in unix seconds; whoever waits longest since then comes first.
    """
    of_owner: dict[str, list[Run]] = defaultdict(list)
    for run in queued:
        of_owner[run.owner].append(run)
    owners = sorted(of_owner, key=lambda owner: last_starts.get(owner, 0.0))  # stable: first come, first of the round
    rounds = max((len(runs) for runs in of_owner.values()), default=0)
    return [of_owner[owner][turn] for turn in range(rounds) for owner in owners if turn < len(of_owner[owner])]


def startable(store: Store) -> RunList:
    """The waiting runs that may start now, in the order of their turns: a named owner has one running at a time."""
    busy = {run.owner for run in store.list(states=(State.RUNNING,)) if run.owner}
    queued = store.list(states=(State.QUEUED,))
    return [run for run in in_turn(queued, store.last_starts()) if run.owner not in busy]


def place(store: Store, run_id: str, devices: Sequence[str] = ("cpu",)) -> tuple[int, float]:
    """The place of a waiting run, 1 for the next one, and about how many seconds it waits; (0, 0) if it does not.

    Args:
        store: where it waits.
        run_id: its full identity.
        devices: of the workers that execute what waits.
    """
    order = in_turn(store.list(states=(State.QUEUED,)), store.last_starts())
    ids = [run.id for run in order]
    if run_id not in ids:
        return 0, 0.0
    index = ids.index(run_id)
    running = store.list(states=(State.RUNNING,))
    seconds = sum((run.progress or {}).get("eta_seconds", 0.0) for run in running)
    seconds += sum(estimate_seconds(run.spec, devices[0]) for run in order[:index])
    return index + 1, seconds / len(devices)


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
