"""What a run reports while it works: immutable events that travel as JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

CancelFlag = Callable[[], bool]


class Cancelled(Exception):
    """The run was asked to stop and did, after saving what it needs to go on."""


class Diverged(ValueError):
    """The loss is no longer a finite number, so further steps are worth nothing."""


def never() -> bool:
    """The cancel flag of a run that nobody cancels."""
    return False


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a run is.

    Attributes:
        step: steps done, from 0 to ``num_steps``.
        num_steps: steps of the whole run.
        epoch: epochs done.
        num_epochs: epochs of the whole run.
        metrics: values measured since the last event; empty while data is being prepared.
        images_per_second: over this process's share of the run.
        eta_seconds: estimate of the time left.
        seconds: time worked so far, pauses left out.
    """

    step: int
    num_steps: int
    epoch: int = 0
    num_epochs: int = 1
    metrics: dict[str, float] = field(default_factory=dict)
    images_per_second: float = 0.0
    eta_seconds: float = 0.0
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; :func:`event_from_dict` is the inverse."""
        return {"event": "progress", **dataclasses.asdict(self)}


@dataclass(frozen=True, kw_only=True)
class Finished:
    """What a run came to.

    Attributes:
        metrics: final values by name.
        checkpoint: path of the weights, if the run made any.
        sha256: of that file.
        seconds: time worked, pauses left out.
        device: where it ran.
        precision: in which numbers the network's products were computed, ``bfloat16`` or ``float32``; None in results
            of versions that did not tell.
        table: path of a CSV, if the run made one.
        answers: path of what a transferred network said of each test image.
    """

    metrics: dict[str, float]
    checkpoint: str | None
    sha256: str | None
    seconds: float
    device: str
    precision: str | None = None
    table: str | None = None
    answers: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; :func:`event_from_dict` is the inverse."""
        return {"event": "finished", **dataclasses.asdict(self)}


Event = Progress | Finished
_KINDS: dict[str, type[Progress] | type[Finished]] = {"progress": Progress, "finished": Finished}


def event_from_dict(values: dict[str, Any]) -> Event:
    """Reads an event from what its ``to_dict`` made.

    Raises:
        ValueError: the kind of event is unknown.
    """
    values = dict(values)
    kind = values.pop("event", None)
    if kind not in _KINDS:
        raise ValueError(f"event = {kind!r}: expected {' or '.join(_KINDS)}")
    return _KINDS[kind](**values)
