"""What it costs to watch a training: ``python -m benchmarks.target_probe_cost``.

One pretraining of a what-if, whole, with its probes of the target task and without, in turns in one process, on one
thread as a small network is trained. Seconds of the clock and of the processor: the second are little disturbed by
what else the machine does. The goal is a ratio of at most :data:`GOAL`, and weights with the same SHA-256.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from invariance.events import Finished, Progress
from invariance.studies.what_if import what_if
from invariance.training.loop import pretrain
from invariance.training.watched import watch
from invariance.vocabulary.budgets import BUDGETS
from invariance.vocabulary.target_probe import TARGET_ACCURACY

GOAL = 1.15
TARGET, MISMATCH = ("rotate", "hue", "erasing"), ("translate", "brightness", "blur")


def measure(budget: str, rounds: int) -> dict[str, Any]:
    """Seconds with and without, medians over rounds, and their ratios.

    Args:
        budget: name of one of :data:`~invariance.vocabulary.budgets.BUDGETS`.
        rounds: each of both trainings.
    """
    length = BUDGETS[budget]
    study = what_if(
        TARGET,
        MISMATCH,
        epochs=length.epochs,
        samples_per_epoch=length.samples_per_epoch,
        optimizer=length.optimizer,
    )
    rows = []
    for number in range(rounds):
        row: dict[str, Any] = {}
        # What is loaded once, such as pictures and kernels, is loaded by the first: they take turns in being it.
        for name in ("alone", "watched") if number % 2 else ("watched", "alone"):
            with tempfile.TemporaryDirectory() as folder:
                if name == "watched":
                    watch(Path(folder), study.matched.data)
                start = time.perf_counter(), time.process_time()
                events = list(pretrain(study.matched_pretraining, Path(folder)))
                seconds = time.perf_counter() - start[0], time.process_time() - start[1]
            assert isinstance(events[-1], Finished)
            probes = sum(isinstance(event, Progress) and TARGET_ACCURACY in event.metrics for event in events)
            row[name] = {"seconds": seconds, "sha256": events[-1].sha256, "probes": probes}
        assert row["alone"]["sha256"] == row["watched"]["sha256"], "who looks on changes no bit"
        rows.append(row)
    found: dict[str, Any] = {"budget": budget, "probes": rows[-1]["watched"]["probes"]}
    for number, clock in enumerate(("seconds", "processor_seconds")):
        took = {name: [row[name]["seconds"][number] for row in rows] for name in ("alone", "watched")}
        found[clock] = {name: round(statistics.median(values), 2) for name, values in took.items()}
        ratios = [watched / alone for alone, watched in zip(took["alone"], took["watched"], strict=True)]
        found[f"{clock}_ratio"] = round(statistics.median(ratios), 3)
    return found


def main() -> None:
    """Measures and prints one JSON object a budget."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--budgets", nargs="+", default=["Instant", "Quick"], choices=list(BUDGETS))
    parser.add_argument("--rounds", type=int, default=4)
    options = parser.parse_args()
    for budget in options.budgets:
        found = measure(budget, options.rounds)
        print(json.dumps(found | {"goal": GOAL, "is_met": found["processor_seconds_ratio"] <= GOAL}), flush=True)


if __name__ == "__main__":
    main()
