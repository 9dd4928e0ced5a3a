"""A network on a target task as the store knows it, for the judgement of a what-if."""

from __future__ import annotations

from invariance.runs.gallery import entries
from invariance.runs.run import Run
from invariance.runs.store import Store
from invariance.spec import SpecError
from invariance.studies.what_if import Cell
from invariance.studies.what_if_report import FinishedCell
from invariance.training.answers import ANSWERS, Answers, read_answers


def finished_cell(cell: Cell, store: Store) -> FinishedCell:
    """How the runs of a cell went; the network may be one of the gallery.

    Raises:
        SpecError: one of them is not known, or :func:`answers_of` finds nothing.
    """
    pretraining, shipped = store.find(cell.pretraining.run_id), {entry.run_id: entry for entry in entries()}
    known = shipped[cell.pretraining.run_id] if pretraining is None else pretraining
    return FinishedCell(cell, known.metrics["test_accuracy"], answers_of(store.get(cell.transfer.run_id), store))


def answers_of(run: Run, store: Store) -> Answers:
    """What the network of a finished transfer said of its test images.

    Raises:
        SpecError: its file is gone, or is not what was written.
    """
    try:
        return read_answers(store.directory(run.id) / ANSWERS)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise SpecError(
            f"run {run.id}: its {ANSWERS} cannot be read ({reason}), without which its accuracy has no interval; "
            "delete the run and ask for it again"
        ) from error
