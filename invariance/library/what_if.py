"""``invariance.what_if``: the smallest experiment, three pretrainings and six transfers a seed."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from invariance.data.catalogue import resolve_source
from invariance.data.picture_summary import warn_of_left_out
from invariance.library.work import PATIENCE_S, several_names
from invariance.progress import ProgressBar
from invariance.runs.device import choose_device
from invariance.runs.finished_cells import finished_cell
from invariance.runs.run import State
from invariance.runs.side_by_side import run_side_by_side
from invariance.runs.store import Store, default_root
from invariance.spec import SpecError, parse_transforms
from invariance.spec.checks import require
from invariance.studies.what_if import what_if as experiment
from invariance.studies.what_if_report import what_if_report

_OPTIONS = tuple(
    name for name in inspect.signature(experiment).parameters if name not in ("target", "mismatch", "seed")
)
_SOURCES = ("objects", "backgrounds")


def what_if(
    target: str | Sequence[str],
    mismatch: str | Sequence[str],
    *,
    seeds: Sequence[int] = (0,),
    runs: str | Path | None = None,
    device: str = "auto",
    **options: Any,
) -> pd.DataFrame:
    """Does pretraining on what a task varies help? Two compositions, each as source and as target.

        invariance.what_if("rotate", "blur", epochs=2)

    Args:
        target: P, transformations as a text with commas or a list; or ``none``.
        mismatch: Q, likewise.
        seeds: all of it for each; with several, intervals are over seeds.
        runs: folder of the store, where what was run before is not run again; ``$INVARIANCE_RUNS`` or ``./runs``.
        device: as for :func:`invariance.sens`.
        **options: of :func:`invariance.studies.what_if.what_if`: objects, backgrounds, num_classes, model, epochs,
            samples_per_epoch, objective, method, ...

    Returns:
        A row for each network and target task of each seed: source, target, relation, model, objective, method, seed,
        pretraining_accuracy, transfer_accuracy, low, high. ``attrs`` of the table has what they say together:
        ``simple_effects``, ``interaction``, ``verdict`` and ``statement``.

    Raises:
        SpecError: an argument cannot be used, or a run did not end well.
    """
    for name in options:
        require(name in _OPTIONS, "option", name, ", ".join(_OPTIONS))
    options |= {name: resolve_source(str(options[name])) for name in _SOURCES if name in options}
    named = {"target": target, "mismatch": mismatch}
    compositions = [parse_transforms(",".join(several_names(*one))) for one in named.items()]
    is_list = isinstance(seeds, Sequence) and not isinstance(seeds, str) and len(set(seeds)) == len(seeds) > 0
    require(is_list, "seeds", seeds, "a list of different whole numbers, such as [0, 1, 2]")
    studies = [experiment(*compositions, **options, seed=seed) for seed in seeds]
    specs = [spec for study in studies for spec in study.runs]
    warn_of_left_out(*(spec.data for spec in specs))
    where, store = choose_device(device), Store(Path(runs) if runs is not None else default_root())
    with ProgressBar(f"{len(set(specs))} runs", patience=PATIENCE_S) as bar:
        done = run_side_by_side(specs, store, where, bar.told)
    for run in done.values():
        if run.state != State.DONE:
            raise SpecError(f"run {run.id} {run.state}: {run.error or 'ask again to resume'}")
    report = what_if_report([[finished_cell(cell, store) for cell in study.cells] for study in studies])
    table = pd.DataFrame(report.pop("cells"))
    table.attrs.update(report)
    return table
