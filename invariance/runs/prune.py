"""What a store keeps that nobody needs any more, and how it goes.

Of a run that is done, failed or cancelled that is the state of its training, from which an interrupted one goes on, and
what a killed writer left half written; a failed or cancelled run then starts from the beginning if it is asked for
again. A folder without a run in the store goes as a whole. Weights, tables and results stay, and so does all of a run
that is queued, running or interrupted.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from invariance.files import TEMPORARY
from invariance.runs.claim import is_claimed, try_claim
from invariance.runs.store import Store
from invariance.training.resume import CURRENT, PREVIOUS

SETTLED_STATES = ("done", "failed", "cancelled")
DELETED = "deleted"


@dataclass(frozen=True)
class Leftover:
    """What can go of one run.

    Attributes:
        run_id: of the run.
        state: of the run; ``deleted`` where the store has none.
        paths: files, or the whole folder.
        num_bytes: that they take.
    """

    run_id: str
    state: str
    paths: tuple[Path, ...]
    num_bytes: int


def find_leftovers(store: Store) -> Iterator[Leftover]:
    """What can go, run by run; reads the folders and changes nothing."""
    directories = sorted(path for path in (store.root / "runs").iterdir() if path.is_dir())
    known = store.standings(directory.name for directory in directories)  # also of runs whose specs cannot be read
    for directory in directories:
        state = known[directory.name].state if directory.name in known else DELETED
        if is_claimed(directory):
            continue
        if state == DELETED:
            yield _leftover(directory.name, state, [directory])
        elif state in SETTLED_STATES:
            found = [directory / CURRENT, directory / PREVIOUS, *directory.glob(f"*{TEMPORARY}")]
            if present := [path for path in found if path.is_file()]:
                yield _leftover(directory.name, state, present)


def remove(store: Store, leftover: Leftover) -> bool:
    """Removes what can go of a run, unless somebody has meanwhile begun to execute it; returns whether it did."""
    directory = store.directory(leftover.run_id)
    with try_claim(directory) as claimed:
        known = store.standings([leftover.run_id])
        state = known[leftover.run_id].state if known else DELETED
        if not claimed or state != leftover.state:
            return False
        for path in leftover.paths:
            if path != directory:
                path.unlink(missing_ok=True)
    if directory in leftover.paths:
        shutil.rmtree(directory)
    return True


def folder_bytes(path: Path) -> int:
    """Bytes of a file, or of all files under a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def _leftover(run_id: str, state: str, paths: list[Path]) -> Leftover:
    return Leftover(run_id, state, tuple(paths), sum(folder_bytes(path) for path in paths))
