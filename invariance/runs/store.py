"""The record of every run, in one SQLite file that several processes read and write at once.

A run is one row, named by the hash of its spec, so asking twice for the same run gives the same row; a measured value
is keyed by (run, step, name), so a resumed run that repeats a step replaces its values instead of doubling them. What
comes out is plain data.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from invariance.data.picture_contents import identified_run
from invariance.runs.claim import is_claimed, make_directory, try_claim
from invariance.runs.database import REMEDY, Database, DiskFullError
from invariance.runs.run import (
    ACTIVE_STATES,
    COLUMNS,
    PREDECESSORS,
    STATES,
    BadRow,
    Run,
    RunList,
    Standing,
    State,
    from_json,
    readable,
)
from invariance.spec import RunSpec, SpecError, canonical_json

if TYPE_CHECKING:
    import pandas as pd

NUM_RETRIES = 2
"""How often a run whose process was lost is tried again, from its last checkpoint, before it counts as failed."""


def default_root() -> Path:
    """Where runs are kept: the environment variable ``INVARIANCE_RUNS``, or ``./runs``."""
    return Path(os.environ.get("INVARIANCE_RUNS") or "runs").absolute()


class Store:
    """The runs under one folder: ``store.sqlite`` and a directory ``runs/<id>`` for each run.

    Safe to share between threads (each has its own connection) and between processes on one machine. Write-ahead
    logging does not work on network file systems: keep the folder on a local disk.

    Args:
        root: the folder, made if it is absent; None for :func:`default_root`.

    Raises:
        SpecError: the folder cannot be used.
    """

    def __init__(self, root: Path | str | None = None) -> None:
        self.root = default_root() if root is None else Path(root).absolute()
        try:
            (self.root / "runs").mkdir(parents=True, exist_ok=True)
            self._database = Database(self.root)
        except OSError as error:
            raise SpecError(f"runs folder {str(self.root)!r} cannot be used ({error}): {REMEDY}") from error

    def directory(self, run_id: str) -> Path:
        """Where a run keeps its files."""
        return self.root / "runs" / run_id

    def submit(self, spec: RunSpec, owner: str = "") -> Run:
        """Makes sure that a run of this spec exists, and returns it; of one that does, only folders are noted anew.

        Whoever asks is one of its owners from then on; one that has ended is in the turn of who asks again.

        Raises:
            SpecError: a folder of the spec cannot be read.
        """
        now, spec = time.time(), identified_run(spec)
        run_id, written = spec.run_id, canonical_json(spec)
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO runs (id, kind, spec, state, owner, created, queued) "
                "VALUES (?, ?, ?, 'queued', ?, ?, ?)",
                (run_id, spec.kind, written, owner, now, now),
            )
            # The same pictures at another place are the same run, which is to be found where they are now.
            connection.execute("UPDATE runs SET spec = ? WHERE id = ? AND spec != ?", (written, run_id, written))
            if owner:
                connection.execute("INSERT OR IGNORE INTO owners VALUES (?, ?)", (run_id, owner))
                connection.execute(
                    "UPDATE runs SET owner = ? WHERE id = ? AND state NOT IN ('queued', 'running', 'done')",
                    (owner, run_id),
                )
        make_directory(self.directory(run_id))
        return self.get(run_id)

    def get(self, run_id: str) -> Run:
        """The run with this full identity; SpecError if there is none."""
        if (run := self.find(run_id)) is None:
            raise SpecError(f"run {run_id!r} is not known here: list the runs of {str(self.root)!r}")
        return run

    def find(self, run_id: str) -> Run | None:
        """The run with this full identity, or None; one that cannot be read is as unknown as others."""
        rows = self._database.read(f"SELECT {COLUMNS} FROM runs WHERE id = ?", (run_id,))
        return run if rows and isinstance(run := readable(rows[0]), Run) else None

    def list(self, kind: str | None = None, states: Sequence[str] | None = None) -> RunList:
        """All runs, or those of a kind or of some states, in the order in which they were asked for."""
        rows = self._database.read(
            f"SELECT {COLUMNS} FROM runs WHERE (?1 IS NULL OR kind = ?1) "
            "AND (?2 IS NULL OR state IN (SELECT value FROM json_each(?2))) ORDER BY queued, id",
            (kind, None if states is None else json.dumps(list(states))),
        )
        return [run for row in rows if not isinstance(run := readable(row), BadRow)]

    def newest(
        self, number: int, start: int = 0, *, kinds: Sequence[str], states: Sequence[str]
    ) -> tuple[RunList, int]:
        """Some runs of these kinds and states, what was asked for last first, and how many there are in all."""
        chosen = "kind IN (SELECT value FROM json_each(?)) AND state IN (SELECT value FROM json_each(?))"
        values = json.dumps(list(kinds)), json.dumps(list(states))
        ((total,),) = self._database.read(f"SELECT COUNT(*) FROM runs WHERE {chosen}", values)
        rows = self._database.read(
            f"SELECT {COLUMNS} FROM runs WHERE {chosen} ORDER BY queued DESC, id DESC LIMIT ? OFFSET ?",
            (*values, number, start),
        )
        return [run for row in rows if not isinstance(run := readable(row), BadRow)], total

    def bad_rows(self) -> tuple[BadRow, ...]:
        """The runs that cannot be read, which no other method lists."""
        rows = self._database.read(f"SELECT {COLUMNS} FROM runs")
        return tuple(bad for row in rows if isinstance(bad := readable(row), BadRow))

    def has_active(self) -> bool:
        """Whether any run is waiting or executed."""
        return bool(self._database.read("SELECT 1 FROM runs WHERE state IN ('queued', 'running') LIMIT 1"))

    def stamp(self, run_ids: Iterable[str] | None = None) -> str:
        """A word that is another one once anything that people see of some runs, or of all, has changed.

        Args:
            run_ids: full identities; None for all runs. How many runs wait, on which their turns depend, counts too.
        """
        chosen = "state IN ('queued', 'running')" if run_ids is None else "id IN (SELECT value FROM json_each(?))"
        rows = self._database.read(
            f"SELECT id, state, progress, error, cancel_requested FROM runs WHERE {chosen} ORDER BY id",
            () if run_ids is None else (json.dumps(sorted(run_ids)),),
        )
        rows += self._database.read("SELECT state, COUNT(*) FROM runs GROUP BY state ORDER BY state")
        return hashlib.sha256(repr(rows).encode()).hexdigest()[:16]

    def standings(self, run_ids: Iterable[str]) -> dict[str, Standing]:
        """How runs stand, by full identity; those that are not known are left out."""
        rows = self._database.read(
            "SELECT id, state, progress, result, error, device FROM runs WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps([*run_ids]),),
        )
        return {
            run_id: Standing(State(state), from_json(progress), from_json(result), error, device)
            for run_id, state, progress, result, error, device in rows
            if state in STATES
        }

    def dependents(self, run_id: str) -> RunList:
        """The runs that name this one as a source."""
        return [run for run in self.list() if run_id in run.spec.depends_on]

    def last_starts(self) -> dict[str, float]:
        """When a run of each owner was started last, in unix seconds; owners of whom none was are left out."""
        rows = self._database.read("SELECT owner, MAX(started) FROM runs WHERE started NOT NULL GROUP BY owner")
        return dict(rows)

    def metrics(self, run_id: str, after_step: int = -1, names: Sequence[str] | None = None) -> pd.DataFrame:
        """Measured values after a step, all or those of some names.

        Returns:
            Columns step, name, value, seconds (of training), by step and name.
        """
        import pandas as pd  # here, since a run that is only executed has no use for it and waits a fifth of a second

        rows = self._database.read(
            "SELECT step, name, value, seconds FROM metrics WHERE run_id = ?1 AND step > ?2 "
            "AND (?3 IS NULL OR name IN (SELECT value FROM json_each(?3))) ORDER BY step, name",
            (run_id, after_step, None if names is None else json.dumps(list(names))),
        )
        return pd.DataFrame(rows, columns=["step", "name", "value", "seconds"])

    def record(self, run_id: str, progress: dict[str, Any]) -> None:
        """Stores one progress event (``Progress.to_dict()``) of a running run, and its metrics."""
        values = [
            (run_id, int(progress["step"]), name, float(value), float(progress["seconds"]))
            for name, value in progress["metrics"].items()
        ]
        with self._database.write() as connection:
            connection.execute(
                "UPDATE runs SET progress = ? WHERE id = ? AND state = 'running'", (json.dumps(progress), run_id)
            )
            connection.executemany("INSERT OR REPLACE INTO metrics VALUES (?, ?, ?, ?, ?)", values)

    def transition(
        self,
        run_id: str,
        state: str,
        *,
        error: str | None = None,
        result: dict[str, Any] | None = None,
        device: str | None = None,
    ) -> Run:
        """Moves a run to another state.

        Args:
            run_id: the full identity.
            state: the new state; see ``PREDECESSORS``.
            error: one line that says what went wrong; a new state without one clears the old one.
            result: ``Finished.to_dict()``, for ``done``.
            device: where it is executed, for ``running``.

        Returns:
            The run in its new state.

        Raises:
            SpecError: the run is unknown, or its state does not allow the move.
        """
        now = time.time()
        state = State(state)
        sets: dict[str, Any] = {"state": state, "error": error}
        sets["goes_on"] = 0
        if state != State.RUNNING:  # it is asked for, or ends, in good order: what was lost before counts no more
            sets["losses"] = 0
        if state == State.QUEUED:
            sets |= {"queued": now, "finished": None, "cancel_requested": 0}
        elif state == State.RUNNING:
            sets |= {"started": now, "finished": None, "device": device, "cancel_requested": 0}
        else:
            sets |= {"finished": now}
        if result is not None:
            sets["result"] = json.dumps(result)
            sets["device"] = result.get("device")
        assignments = ", ".join(f"{name} = ?" for name in sets)
        before = json.dumps(PREDECESSORS[state])
        with self._database.write() as connection:
            changed = connection.execute(
                f"UPDATE runs SET {assignments} WHERE id = ? AND state IN (SELECT value FROM json_each(?))",
                (*sets.values(), run_id, before),
            ).rowcount
        run = self.get(run_id)
        if not changed:
            allowed = ", ".join(PREDECESSORS[state])
            raise SpecError(f"run {run_id} is {run.state}: only a run that is {allowed} can become {state}")
        return run

    def lose(self, run_id: str, error: str, *, is_held: bool = False) -> bool:
        """Notes that the process which executed a running run ended without a word.

        The run may go on from its last checkpoint, unless that has happened ``NUM_RETRIES`` times since it was asked
        for: then it has failed, whoever executed it.

        Args:
            run_id: the full identity.
            error: one line for the run, if it does not go on by itself.
            is_held: somebody holds the claim on it and tries again, so that it keeps running.

        Returns:
            Whether it may be tried again: it is ``running`` if it is held, else ``interrupted``. If not, it has failed,
            or somebody ended or deleted it.
        """
        with self._database.write() as connection:
            query = "SELECT losses FROM runs WHERE id = ? AND state = 'running'"
            if (row := connection.execute(query, (run_id,)).fetchone()) is None:
                return False
            may_go_on = row[0] < NUM_RETRIES
            state = State.FAILED if not may_go_on else State.RUNNING if is_held else State.INTERRUPTED
            ended = (None, None) if state == State.RUNNING else (error, time.time())
            connection.execute(
                "UPDATE runs SET state = ?, losses = ?, error = ?, finished = ? WHERE id = ?",
                (state, row[0] + 1 if may_go_on else 0, *ended, run_id),
            )
        return may_go_on

    def set_device(self, run_id: str, device: str) -> None:
        """Notes the device that ``auto`` turned out to be."""
        with self._database.write() as connection:
            connection.execute("UPDATE runs SET device = ? WHERE id = ?", (device, run_id))

    def request_cancel(self, run_id: str) -> Run:
        """Cancels a waiting run at once, and asks whoever executes a running one to stop; a finished one is left."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE runs SET state = 'cancelled', finished = ? WHERE id = ? AND state IN ('queued', 'interrupted')",
                (time.time(), run_id),
            )
            connection.execute("UPDATE runs SET cancel_requested = 1 WHERE id = ? AND state = 'running'", (run_id,))
        self.sweep()
        return self.get(run_id)

    def cancel_requested(self, run_id: str) -> bool:
        """Whether someone asked for this running run to be stopped (or deleted it)."""
        rows = self._database.read("SELECT cancel_requested FROM runs WHERE id = ?", (run_id,))
        return not rows or bool(rows[0][0])

    def sweep(self) -> tuple[str, ...]:
        """Settles orphans (running, but executed by no living process), see :meth:`lose`; returns their identities.

        The lock is taken before a run becomes running and freed after it has left that state, so a run that is
        running while its lock is free has lost its process.
        """
        swept = []
        for run in self.list(states=(State.RUNNING,)):
            with try_claim(self.directory(run.id)) as claimed:
                if claimed and self.get(run.id).state == State.RUNNING:
                    self.lose(run.id, "the process that executed it ended; resume it")
                    swept.append(run.id)
        return tuple(swept)

    def go_on(self, run_ids: Iterable[str]) -> None:
        """Queues runs of named owners again that a server's end interrupted, ahead of all others.

        How often they were lost still counts, so that one which takes the server down with it fails in the end.
        """
        with self._database.write() as connection:
            connection.execute(
                "UPDATE runs SET state = 'queued', goes_on = 1, error = NULL, finished = NULL, cancel_requested = 0 "
                "WHERE id IN (SELECT value FROM json_each(?)) AND state = 'interrupted' AND owner != ''",
                (json.dumps([*run_ids]),),
            )

    def going_on(self) -> frozenset[str]:
        """The waiting runs that a server's end interrupted, see :meth:`go_on`."""
        rows = self._database.read("SELECT id FROM runs WHERE state = 'queued' AND goes_on = 1")
        return frozenset(run_id for (run_id,) in rows)

    def release(self, run_id: str, owners: Iterable[str]) -> bool:
        """Has people let go of a run; whether nobody is left who asked for it.

        One that somebody else wants too is in the turn of one of these from then on.
        """
        gone = json.dumps([*owners])
        with self._database.write() as connection:
            connection.execute(
                "DELETE FROM owners WHERE run_id = ? AND owner IN (SELECT value FROM json_each(?))", (run_id, gone)
            )
            left = connection.execute("SELECT MIN(owner) FROM owners WHERE run_id = ?", (run_id,)).fetchone()[0]
            if left is None:
                return True
            connection.execute(
                "UPDATE runs SET owner = ? WHERE id = ? AND owner IN (SELECT value FROM json_each(?))",
                (left, run_id, gone),
            )
        return False

    def delete(self, run_id: str) -> None:
        """Removes a run, also one that cannot be read, with its files and metrics.

        Raises:
            SpecError: it is unknown, or it is waiting or being executed.
        """
        rows = self._database.read(f"SELECT {COLUMNS} FROM runs WHERE id = ?", (run_id,))
        found = readable(rows[0]) if rows else self.get(run_id)
        directory = self.directory(run_id)
        if (found.state in ACTIVE_STATES and isinstance(found, Run)) or is_claimed(directory):
            raise SpecError(f"run {run_id} is {found.state}: cancel it before deleting it")
        try:
            self._forget(run_id)
        except DiskFullError:  # which is why one deletes: the note of it takes room, that its files give
            shutil.rmtree(directory, ignore_errors=True)
            self._forget(run_id)
        shutil.rmtree(directory, ignore_errors=True)

    def _forget(self, run_id: str) -> None:
        with self._database.write() as connection:
            connection.execute("DELETE FROM metrics WHERE run_id = ?", (run_id,))
            connection.execute("DELETE FROM owners WHERE run_id = ?", (run_id,))
            connection.execute("DELETE FROM runs WHERE id = ?", (run_id,))

    def close(self) -> None:
        """Closes this thread's connection; those of other threads close when their thread ends."""
        self._database.close()
