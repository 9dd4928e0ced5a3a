"""One run as the store knows it: its states, its record, and how it is read from a row of the database."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from invariance.spec import SCHEMA_VERSION, RunSpec, SpecError, run_from_dict, schema_of, schema_remark


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

COLUMNS = (
    "id, spec, state, owner, created, started, finished, progress, result, error, device, "
    "(SELECT group_concat(owners.owner) FROM owners WHERE owners.run_id = runs.id)"
)
"""Of the table of runs, in the order in which :func:`readable` takes them."""
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
        progress=from_json(progress),
        result=from_json(result),
        error=error,
        device=device,
        owners=tuple(sorted(owners.split(","))) if owners else (owner,) * bool(owner),
    )


@lru_cache(maxsize=2**14)
def _spec_of(written: str) -> tuple[RunSpec, int]:
    """A spec, which cannot be changed, and its schema; read once, since a page asks for all runs again and again."""
    content = json.loads(written)
    return run_from_dict(content), schema_of(content)


def from_json(text: str | None) -> Any:
    """What a column of JSON holds; None where it is empty."""
    return None if text is None else json.loads(text)


def readable(row: tuple[Any, ...]) -> Run | BadRow:
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
