"""Study A where there is nothing to find: ``python -m benchmarks.null_study``.

The usual setting, end to end, but for what the networks are pretrained on: two foreign compositions R and S that share
no transformation with the targets P and Q, or with each other. Which of them is called P and which Q is drawn at random
for each seed, so the *same* and *disjoint* of the table are names alone, and the rule that judges study A must see no
direction. Prints the verdict and one JSON object.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from invariance.data.random import permutation
from invariance.runs.coordinate import Coordinator
from invariance.runs.device import choose_device
from invariance.runs.executors.local import LocalExecutor
from invariance.runs.provenance import provenance
from invariance.runs.store import Store
from invariance.runs.study_files import plain_findings
from invariance.runs.study_progress import outcomes_of
from invariance.studies.choices import one_per_category
from invariance.studies.scales import SCALE_NAMES
from invariance.studies.study import Design, Study
from invariance.studies.transforms_vs_other import SCALES, conclude
from invariance.studies.transforms_vs_other_grid import (
    COLUMNS,
    TARGETS,
    USUAL,
    OneSeed,
    TransformsVsOtherScale,
    one_seed,
)

_CALLED: Final = 1_000
"""Number of the order under a seed in which R and S are called P and Q; far from those of what a study picks."""


def foreign(scale: TransformsVsOtherScale, seed: int) -> Iterator[OneSeed]:
    """The usual setting of a seed, from two compositions that are not the targets'; sens-scores are not asked for."""
    strangers = one_per_category(2 * len(TARGETS), seed)[len(TARGETS) :]
    called = permutation(len(TARGETS), seed=seed, index=_CALLED).tolist()
    sources = {name: strangers[place] for name, place in zip(TARGETS, called, strict=True)}
    for part in one_seed(replace(scale, factors=(USUAL,)), seed, sources=sources):
        yield replace(part, measurements=())


def null_study(
    seeds: tuple[int, ...],
    *,
    scale: str = "quick",
    scales: dict[str, TransformsVsOtherScale] = SCALES,
) -> Study:
    """Study A's usual setting with foreign sources; nothing is run here."""
    design = Design(scales=scales, columns=COLUMNS, parts=foreign, conclude=conclude)
    return design.study("transforms-vs-other", scale, seeds)


def run(study: Study, folder: Path, *, device: str, num_workers: int) -> dict[str, Any]:
    """Executes the study.

    Args:
        study: see :func:`null_study`.
        folder: of the store.
        device: a torch device.
        num_workers: runs at once.

    Returns:
        Plain JSON values: ``findings``, ``provenance`` and ``rows``, those of the table.

    Raises:
        RuntimeError: runs failed.
    """
    store = Store(folder)
    with closing(LocalExecutor(store.root / "worker.log", [device] * num_workers)) as executor:
        coordinator = Coordinator(study, store, executor, device=device)
        for _ in coordinator.run():
            pass
    if coordinator.failures:
        raise RuntimeError(f"{len(coordinator.failures)} runs failed: {coordinator.failures}")
    table = study.tabulate(outcomes_of(study, store))
    command = f"python -m benchmarks.null_study --num-seeds {len(study.seeds)} --first-seed {study.seeds[0]}"
    made = provenance(study, store, executor="local", num_workers=num_workers, command=command)
    rows = table.drop(columns=["sens"]).to_dict("records")
    return {"findings": plain_findings(study.conclude(table)), "provenance": made, "rows": rows}


def main() -> None:
    """Executes, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--num-seeds", type=int, default=12, help="two blocks by default")
    parser.add_argument("--first-seed", type=int, default=0, help="first of its block, to keep the balance (default 0)")
    parser.add_argument("--scale", default="quick", choices=SCALE_NAMES)
    parser.add_argument("--num-workers", type=int, default=2, help="runs at once (default 2)")
    parser.add_argument("--device", default="auto", help="a torch device (default auto)")
    parser.add_argument("--runs", type=Path, help="folder of the store, to go on later (default: one that is removed)")
    parser.add_argument("--out", type=Path, help="file for the JSON object (default: printed alone)")
    args = parser.parse_args()
    study = null_study(tuple(range(args.first_seed, args.first_seed + args.num_seeds)), scale=args.scale)
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.runs or Path(temporary)
        found = run(study, folder, device=choose_device(args.device), num_workers=args.num_workers)
    for finding in study_lines(found):
        print(finding)
    text = json.dumps(found)
    if args.out:
        args.out.write_text(text + "\n")
    print(text)


def study_lines(found: dict[str, Any]) -> Iterator[str]:
    """What is judged, a line each, with its verdict."""
    for finding in found["findings"]:
        if finding["confirmatory"]:
            yield f"{finding['name']}: {finding['verdict']}. {finding['statement']}"


if __name__ == "__main__":
    main()
