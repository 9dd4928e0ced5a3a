"""Which target task a pretraining is watched on: a file beside its state, so that it is no part of the run's identity.

Who asks for a run and watches it writes the file; whoever executes the run, from the start or from where it was
stopped, finds it there.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from invariance.files import write_bytes_atomically
from invariance.spec import (
    DatasetSpec,
    PretrainSpec,
    RunSpec,
    SpecError,
    TransferSpec,
    canonical_json,
    dataset_from_dict,
)

WATCHED: Final = "watched.json"


def watched_tasks(specs: Sequence[RunSpec]) -> dict[str, DatasetSpec]:
    """Of some runs, each pretraining that a transfer among them builds on, and the task of the first one."""
    pretrainings = {spec.run_id for spec in specs if isinstance(spec, PretrainSpec)}
    transfers = [spec for spec in specs if isinstance(spec, TransferSpec) and spec.source in pretrainings]
    return {one.source: one.data for one in reversed(transfers)}


def watch(directory: Path, task: DatasetSpec) -> None:
    """Has the pretraining of a directory, which is there, say how it would do on a task, if the disk takes the file."""
    with suppress(OSError):
        write_bytes_atomically(directory / WATCHED, canonical_json(task).encode())


def watched_task(directory: Path) -> DatasetSpec | None:
    """The task that :func:`watch` was given; None if nobody watches, or the file cannot be read."""
    try:
        return dataset_from_dict(json.loads((directory / WATCHED).read_text(encoding="utf-8")))
    except (OSError, ValueError, SpecError):
        return None
