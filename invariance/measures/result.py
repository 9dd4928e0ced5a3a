"""How every measurement ends: its table in the folder of the run, and the event that says so."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pandas as pd

from invariance.events import Finished
from invariance.files import write_atomically

TABLE: Final = "table.csv"


def finish(
    table: pd.DataFrame, directory: Path, metrics: Mapping[str, float], *, started: float, device: str
) -> Finished:
    """Writes the table of a measurement.

    Args:
        table: what was measured.
        directory: of the run; receives ``table.csv``.
        metrics: how much was measured.
        started: ``time.monotonic()`` at the beginning.
        device: that was used.
    """
    content = table.to_csv(index=False).encode()
    write_atomically(directory / TABLE, lambda stream: stream.write(content))
    return Finished(
        metrics=dict(metrics),
        checkpoint=None,
        sha256=None,
        seconds=time.monotonic() - started,
        device=device,
        table=str(directory / TABLE),
    )
