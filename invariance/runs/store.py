"""The record of every run, in one SQLite file that several processes read and write at once.

Write-ahead logging, a busy timeout of 30 s and ``BEGIN IMMEDIATE`` for every write: measured with eight processes of
1,000 transactions each, without one lock error. A run is one row, named by the hash of its spec, so asking twice for
the same run gives the same row; a measured value is keyed by (run, step, name), so a resumed run that repeats a step
replaces its values instead of doubling them. What comes out is plain data.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock

from invariance.runs.claim import is_claimed, try_claim
from invariance.spec import RunSpec, SpecError, canonical_json, run_from_json

BUSY_TIMEOUT_S = 30.0

PREDECESSORS: dict[str, tuple[str, ...]] = {
    "queued": ("interrupted", "cancelled", "failed"),
    "running": ("queued", "interrupted", "cancelled", "failed"),
    "done": ("running",),
    "failed": ("running", "queued"),
    "cancelled": ("running", "queued", "interrupted"),
    "interrupted": ("running", "queued"),
}
"""The state machine: for each state, the states from which it may be entered. Nothing leaves ``done``."""

STATES: tuple[str, ...] = tuple(PREDECESSORS)
ACTIVE_STATES: tuple[str, ...] = ("queued", "running")
RESUMABLE_STATES: tuple[str, ...] = PREDECESSORS["queued"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, spec TEXT NOT NULL, state TEXT NOT NULL, owner TEXT NOT NULL,
    created REAL NOT NULL, queued REAL NOT NULL, started REAL, finished REAL, progress TEXT, result TEXT, error TEXT,
    device TEXT, cancel_requested INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS runs_by_state ON runs (state, queued);
CREATE TABLE IF NOT EXISTS metrics (
    run_id TEXT NOT NULL, step INTEGER NOT NULL, name TEXT NOT NULL, value REAL, seconds REAL NOT NULL,
    PRIMARY KEY (run_id, step, name)) WITHOUT ROWID;
"""
_COLUMNS = "id, spec, state, owner, created, started, finished, progress, result, error, device"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run as the store knows it; times are unix seconds, ``progress`` and ``result`` are plain JSON values."""

    id: str
    kind: str
    spec: RunSpec
    state: str
    owner: str
    created: float
    started: float | None
    finished: float | None
    progress: dict[str, Any] | None
    result: dict[str, Any] | None
    error: str | None
    device: str | None

    @property
    def is_active(self) -> bool:
        """Whether something is still going to happen to this run by itself."""
        return self.state in ACTIVE_STATES

    @property
    def metrics(self) -> dict[str, float]:
        """The final metrics of a finished run; empty before."""
        return dict((self.result or {}).get("metrics", {}))


RunList = list[Run]


@dataclass(frozen=True)
class Standing:
    """How a run stands, without its spec, which takes longest to read; fields as of :class:`Run`."""

    state: str
    progress: dict[str, Any] | None
    result: dict[str, Any] | None
    error: str | None
    device: str | None


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
        self._local = threading.local()
        try:
            (self.root / "runs").mkdir(parents=True, exist_ok=True)
            with FileLock(self.root / ".schema.lock"):  # the first change to WAL does not wait for the busy timeout
                self._connection().executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise SpecError(
                f"runs folder {str(self.root)!r} cannot be used ({error}): give a folder on a local disk that can "
                "be written, with --runs or INVARIANCE_RUNS"
            ) from error

    def directory(self, run_id: str) -> Path:
        """Where a run keeps its files."""
        return self.root / "runs" / run_id

    def submit(self, spec: RunSpec, owner: str = "") -> Run:
        """Makes sure that a run of this spec exists, without touching one that does, and returns it."""
        now = time.time()
        run_id = spec.run_id
        with self._write() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO runs (id, kind, spec, state, owner, created, queued) "
                "VALUES (?, ?, ?, 'queued', ?, ?, ?)",
                (run_id, spec.kind, canonical_json(spec), owner, now, now),
            )
        self.directory(run_id).mkdir(exist_ok=True)
        return self.get(run_id)

    def get(self, run_id: str) -> Run:
        """The run with this full identity; SpecError if there is none."""
        if (run := self.find(run_id)) is None:
            raise SpecError(f"run {run_id!r} is not known here: list the runs of {str(self.root)!r}")
        return run

    def find(self, run_id: str) -> Run | None:
        """The run with this full identity, or None."""
        row = self._connection().execute(f"SELECT {_COLUMNS} FROM runs WHERE id = ?", (run_id,)).fetchone()
        return None if row is None else _run_from_row(row)

    def list(self, kind: str | None = None, states: Sequence[str] | None = None) -> RunList:
        """All runs, or those of a kind or of some states, in the order in which they were asked for."""
        rows = self._connection().execute(
            f"SELECT {_COLUMNS} FROM runs WHERE (?1 IS NULL OR kind = ?1) "
            "AND (?2 IS NULL OR state IN (SELECT value FROM json_each(?2))) ORDER BY queued, id",
            (kind, None if states is None else json.dumps(list(states))),
        )
        return [run for row in rows.fetchall() if (run := _readable(row)) is not None]

    def standings(self, run_ids: Iterable[str]) -> dict[str, Standing]:
        """How runs stand, by full identity; those that are not known are left out."""
        rows = self._connection().execute(
            "SELECT id, state, progress, result, error, device FROM runs WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps([*run_ids]),),
        )
        return {
            run_id: Standing(state, progress and json.loads(progress), result and json.loads(result), error, device)
            for run_id, state, progress, result, error, device in rows.fetchall()
        }

    def dependents(self, run_id: str) -> RunList:
        """The runs that name this one as a source."""
        return [run for run in self.list() if run_id in run.spec.depends_on]

    def last_starts(self) -> dict[str, float]:
        """When a run of each owner was started last, in unix seconds; owners of whom none was are left out."""
        rows = self._connection().execute("SELECT owner, MAX(started) FROM runs WHERE started NOT NULL GROUP BY owner")
        return dict(rows.fetchall())

    def metrics(self, run_id: str, after_step: int = -1) -> pd.DataFrame:
        """Measured values after a step: columns step, name, value, seconds (of training), by step and name."""
        rows = self._connection().execute(
            "SELECT step, name, value, seconds FROM metrics WHERE run_id = ? AND step > ? ORDER BY step, name",
            (run_id, after_step),
        )
        return pd.DataFrame(rows.fetchall(), columns=["step", "name", "value", "seconds"])

    def record(self, run_id: str, progress: dict[str, Any]) -> None:
        """Stores one progress event (``Progress.to_dict()``) of a running run, and its metrics."""
        values = [
            (run_id, int(progress["step"]), name, float(value), float(progress["seconds"]))
            for name, value in progress["metrics"].items()
        ]
        with self._write() as connection:
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
        sets: dict[str, Any] = {"state": state, "error": error}
        if state == "queued":
            sets |= {"queued": now, "finished": None, "cancel_requested": 0}
        elif state == "running":
            sets |= {"started": now, "finished": None, "device": device, "cancel_requested": 0}
        else:
            sets |= {"finished": now}
        if result is not None:
            sets["result"] = json.dumps(result)
            sets["device"] = result.get("device")
        assignments = ", ".join(f"{name} = ?" for name in sets)
        before = json.dumps(PREDECESSORS[state])
        with self._write() as connection:
            changed = connection.execute(
                f"UPDATE runs SET {assignments} WHERE id = ? AND state IN (SELECT value FROM json_each(?))",
                (*sets.values(), run_id, before),
            ).rowcount
        run = self.get(run_id)
        if not changed:
            allowed = ", ".join(PREDECESSORS[state])
            raise SpecError(f"run {run_id} is {run.state}: only a run that is {allowed} can become {state}")
        return run

    def set_device(self, run_id: str, device: str) -> None:
        """Notes the device that ``auto`` turned out to be."""
        with self._write() as connection:
            connection.execute("UPDATE runs SET device = ? WHERE id = ?", (device, run_id))

    def request_cancel(self, run_id: str) -> Run:
        """Cancels a waiting run at once, and asks whoever executes a running one to stop; a finished one is left."""
        with self._write() as connection:
            connection.execute(
                "UPDATE runs SET state = 'cancelled', finished = ? WHERE id = ? AND state IN ('queued', 'interrupted')",
                (time.time(), run_id),
            )
            connection.execute("UPDATE runs SET cancel_requested = 1 WHERE id = ? AND state = 'running'", (run_id,))
        self.sweep()
        return self.get(run_id)

    def cancel_requested(self, run_id: str) -> bool:
        """Whether someone asked for this running run to be stopped (or deleted it)."""
        row = self._connection().execute("SELECT cancel_requested FROM runs WHERE id = ?", (run_id,)).fetchone()
        return row is None or bool(row[0])

    def sweep(self) -> tuple[str, ...]:
        """Turns orphans (running, but executed by no living process) into ``interrupted``; returns their identities.

        The lock is taken before a run becomes running and freed after it has left that state, so a run that is
        running while its lock is free has lost its process.
        """
        swept = []
        for run in self.list(states=("running",)):
            with try_claim(self.directory(run.id)) as claimed:
                if claimed and self.get(run.id).state == "running":
                    self.transition(run.id, "interrupted", error="the process that executed it ended; resume it")
                    swept.append(run.id)
        return tuple(swept)

    def delete(self, run_id: str) -> None:
        """Removes a run with its files and metrics; SpecError while it is waiting or being executed."""
        run = self.get(run_id)
        directory = self.directory(run_id)
        if run.is_active or is_claimed(directory):
            raise SpecError(f"run {run_id} is {run.state}: cancel it before deleting it")
        with self._write() as connection:
            connection.execute("DELETE FROM metrics WHERE run_id = ?", (run_id,))
            connection.execute("DELETE FROM runs WHERE id = ?", (run_id,))
        shutil.rmtree(directory, ignore_errors=True)

    def close(self) -> None:
        """Closes this thread's connection; those of other threads close when their thread ends."""
        if (holder := getattr(self._local, "holder", None)) is not None:
            holder.close()
            del self._local.holder

    def _connection(self) -> sqlite3.Connection:
        holder = getattr(self._local, "holder", None)
        if holder is None:
            holder = self._local.holder = _Connection(self.root / "store.sqlite")
        return holder.connection

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


class _Connection:
    """A connection that closes with the thread that owns it."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = NORMAL")

    def close(self) -> None:
        self.connection.close()

    def __del__(self) -> None:
        self.close()


def _run_from_row(row: tuple[Any, ...]) -> Run:
    run_id, spec_json, state, owner, created, started, finished, progress, result, error, device = row
    spec = run_from_json(spec_json)
    return Run(
        id=run_id,
        kind=spec.kind,
        spec=spec,
        state=state,
        owner=owner,
        created=created,
        started=started,
        finished=finished,
        progress=None if progress is None else json.loads(progress),
        result=None if result is None else json.loads(result),
        error=error,
        device=device,
    )


def _readable(row: tuple[Any, ...]) -> Run | None:
    """A run, or None (and a line in the log) if it was written by a version whose specs this one cannot read."""
    try:
        return _run_from_row(row)
    except SpecError as error:
        _log.warning("run %s is left out: %s", row[0], error)
        return None
