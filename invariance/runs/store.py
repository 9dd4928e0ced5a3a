"""The record of every run, in one SQLite file that several processes read and write at once.

A run is one row, named by the hash of its spec, so asking twice for the same run gives the same row; a measured value
is keyed by (run, step, name), so a resumed run that repeats a step replaces its values instead of doubling them. What
comes out is plain data.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from invariance.data.picture_contents import identified_run
from invariance.runs.claim import is_claimed, make_directory, try_claim
from invariance.runs.database import REMEDY, Database
from invariance.spec import SCHEMA_VERSION, RunSpec, SpecError, canonical_json, run_from_dict, schema_of, schema_remark

if TYPE_CHECKING:
    import pandas as pd

NUM_RETRIES = 2
"""How often a run whose process was lost is tried again, from its last checkpoint, before it counts as failed."""


class State(StrEnum):
    """How a run stands; compare by value, since a server whose code is reloaded holds states of both classes."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


PREDECESSORS: dict[State, tuple[State, ...]] = {
    State.QUEUED: (State.INTERRUPTED, State.CANCELLED, State.FAILED),
    State.RUNNING: (State.QUEUED, State.INTERRUPTED, State.CANCELLED, State.FAILED),
    State.DONE: (State.RUNNING,),
    State.FAILED: (State.RUNNING, State.QUEUED),
    State.CANCELLED: (State.RUNNING, State.QUEUED, State.INTERRUPTED),
    State.INTERRUPTED: (State.RUNNING, State.QUEUED),
}
"""The state machine: for each state, the states from which it may be entered. Nothing leaves ``done``."""

STATES: tuple[str, ...] = tuple(state.value for state in State)
ACTIVE_STATES: tuple[State, ...] = (State.QUEUED, State.RUNNING)
RESUMABLE_STATES: tuple[State, ...] = PREDECESSORS[State.QUEUED]

_COLUMNS = (
    "id, spec, state, owner, created, started, finished, progress, result, error, device, "
    "(SELECT group_concat(owners.owner) FROM owners WHERE owners.run_id = runs.id)"
)
MAX_WHY = 200
"""Characters of a line on why a run cannot be read."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run as the store knows it; times are unix seconds, ``progress`` and ``result`` are plain JSON values.

    ``owner`` is in whose turn it is executed, ``owners`` are all who asked for it and have not let go of it.
    Of a run of an earlier ``schema`` the spec says in today's words what it was; only its ``id`` names it.
    """

    id: str
    kind: str
    spec: RunSpec
    schema: int
    state: State
    owner: str
    created: float
    started: float | None
    finished: float | None
    progress: dict[str, Any] | None
    result: dict[str, Any] | None
    error: str | None
    device: str | None
    owners: tuple[str, ...] = ()

    @property
    def is_active(self) -> bool:
        """Whether something is still going to happen to this run by itself."""
        return self.state in ACTIVE_STATES

    @property
    def remark(self) -> str:
        """What to know of a run of an earlier schema; empty for any other."""
        return schema_remark(self.schema)

    @property
    def can_resume(self) -> bool:
        """Whether it ended before it was done and can go on."""
        return self.state in RESUMABLE_STATES and self.schema == SCHEMA_VERSION

    def require_current(self) -> None:
        """Raises SpecError if it cannot be executed since its samples are no longer made as they were."""
        if self.schema != SCHEMA_VERSION:
            raise SpecError(
                f"run {self.id} was asked for under schema {self.schema} of specs, and samples are made differently "
                "since: it cannot go on; ask for the same settings, which are a new run, and delete this one"
            )

    @property
    def metrics(self) -> dict[str, float]:
        """The final metrics of a finished run; empty before."""
        return dict((self.result or {}).get("metrics", {}))


RunList = list[Run]


@dataclass(frozen=True)
class BadRow:
    """A run that cannot be read, and a line on why; fields as of :class:`Run`."""

    id: str
    state: str
    owner: str
    why: str


@dataclass(frozen=True)
class Standing:
    """How a run stands, without its spec, which takes longest to read; fields as of :class:`Run`."""

    state: State
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
        rows = self._database.read(f"SELECT {_COLUMNS} FROM runs WHERE id = ?", (run_id,))
        return run if rows and isinstance(run := _readable(rows[0]), Run) else None

    def list(self, kind: str | None = None, states: Sequence[str] | None = None) -> RunList:
        """All runs, or those of a kind or of some states, in the order in which they were asked for."""
        rows = self._database.read(
            f"SELECT {_COLUMNS} FROM runs WHERE (?1 IS NULL OR kind = ?1) "
            "AND (?2 IS NULL OR state IN (SELECT value FROM json_each(?2))) ORDER BY queued, id",
            (kind, None if states is None else json.dumps(list(states))),
        )
        return [run for row in rows if not isinstance(run := _readable(row), BadRow)]

    def newest(
        self, number: int, start: int = 0, *, kinds: Sequence[str], states: Sequence[str]
    ) -> tuple[RunList, int]:
        """Some runs of these kinds and states, what was asked for last first, and how many there are in all."""
        chosen = "kind IN (SELECT value FROM json_each(?)) AND state IN (SELECT value FROM json_each(?))"
        values = json.dumps(list(kinds)), json.dumps(list(states))
        ((total,),) = self._database.read(f"SELECT COUNT(*) FROM runs WHERE {chosen}", values)
        rows = self._database.read(
            f"SELECT {_COLUMNS} FROM runs WHERE {chosen} ORDER BY queued DESC, id DESC LIMIT ? OFFSET ?",
            (*values, number, start),
        )
        return [run for row in rows if not isinstance(run := _readable(row), BadRow)], total

    def bad_rows(self) -> tuple[BadRow, ...]:
        """The runs that cannot be read, which no other method lists."""
        rows = self._database.read(f"SELECT {_COLUMNS} FROM runs")
        return tuple(bad for row in rows if isinstance(bad := _readable(row), BadRow))

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
            run_id: Standing(State(state), _from_json(progress), _from_json(result), error, device)
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

    def metrics(self, run_id: str, after_step: int = -1) -> pd.DataFrame:
        """Measured values after a step: columns step, name, value, seconds (of training), by step and name."""
        import pandas as pd  # here, since a run that is only executed has no use for it and waits a fifth of a second

        rows = self._database.read(
            "SELECT step, name, value, seconds FROM metrics WHERE run_id = ? AND step > ? ORDER BY step, name",
            (run_id, after_step),
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
        rows = self._database.read(f"SELECT {_COLUMNS} FROM runs WHERE id = ?", (run_id,))
        found = _readable(rows[0]) if rows else self.get(run_id)
        directory = self.directory(run_id)
        if (found.state in ACTIVE_STATES and isinstance(found, Run)) or is_claimed(directory):
            raise SpecError(f"run {run_id} is {found.state}: cancel it before deleting it")
        with self._database.write() as connection:
            connection.execute("DELETE FROM metrics WHERE run_id = ?", (run_id,))
            connection.execute("DELETE FROM owners WHERE run_id = ?", (run_id,))
            connection.execute("DELETE FROM runs WHERE id = ?", (run_id,))
        shutil.rmtree(directory, ignore_errors=True)

    def close(self) -> None:
        """Closes this thread's connection; those of other threads close when their thread ends."""
        self._database.close()


def _run_from_row(row: tuple[Any, ...]) -> Run:
    run_id, spec_json, state, owner, created, started, finished, progress, result, error, device, owners = row
    spec, schema = _spec_of(spec_json)
    return Run(
        id=run_id,
        kind=spec.kind,
        spec=spec,
        schema=schema,
        state=State(state),
        owner=owner,
        created=created,
        started=started,
        finished=finished,
        progress=_from_json(progress),
        result=_from_json(result),
        error=error,
        device=device,
        owners=tuple(sorted(owners.split(","))) if owners else (owner,) * bool(owner),
    )


@lru_cache(maxsize=2**14)
def _spec_of(written: str) -> tuple[RunSpec, int]:
    """A spec, which cannot be changed, and its schema; read once, since a page asks for all runs again and again."""
    content = json.loads(written)
    return run_from_dict(content), schema_of(content)


def _from_json(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _readable(row: tuple[Any, ...]) -> Run | BadRow:
    """A run, or why it cannot be read: damaged, or written by a version whose specs this one does not know."""
    try:
        return _run_from_row(row)
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        RecursionError,
    ) as error:  # whatever a damaged row may hold
        why = str(error).split("\n", 1)[0][:MAX_WHY] or "damaged"
        if why not in _SAID:
            _SAID.add(why)
            _log.warning("run %s is left out: %s", row[0], why)
        return BadRow(str(row[0]), str(row[2]), str(row[3]), why)


_SAID: Final[set[str]] = set()
"""Why runs were left out, as far as this process has said it: each reason once, with the first run."""
