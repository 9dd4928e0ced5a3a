"""What several processes do to one store at once, in a module that loads no torch: each of them would."""

from __future__ import annotations

from pathlib import Path

from invariance.runs.store import Store
from tests.runs.tiny import tiny_pretrain


def progress(step: int, **metrics: float) -> dict[str, object]:
    """An event of a run."""
    return {"event": "progress", "step": step, "metrics": metrics, "seconds": step / 10}


def write_much(root: Path, run_id: str, first_step: int, num_steps: int) -> None:
    """Records two numbers of each step, and asks for another run."""
    store = Store(root)
    for step in range(first_step, first_step + num_steps):
        store.record(run_id, progress(step, a=step, b=-step))
    store.submit(tiny_pretrain(seed=1))  # the same in every process
    store.close()
