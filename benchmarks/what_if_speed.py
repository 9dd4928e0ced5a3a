"""Whole what-ifs of the budgets Instant and Quick, in turns: ``python -m benchmarks.what_if_speed``.

A what-if is all that ``invariance what-if`` does for two triples and a seed, in a process and a store of its own:
imports, three pretrainings, six transfers. Pairs of triples are drawn at random, one transformation of each category
and none in both. Of each pair and seed both budgets are executed one after the other, whichever was second before
first, so that another program on the machine slows both; differences are taken within a pair and seed.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean, geometric_mean
from typing import Any

import torch

from invariance.statistics import t_interval
from invariance.studies.choices import one_per_category
from invariance.vocabulary.budgets import BUDGETS

NAMES = ("Quick", "Instant")
MEASURED = ("matched", "mismatched", "gap")
GOALS = {"seconds": 5.0, "gap": 0.02}
"""Of Instant on two cores, and of the size of the mean difference of gaps."""


@dataclass(frozen=True)
class Outcome:
    """What one what-if came to.

    Attributes:
        triples: number of the pair of triples.
        seed: of the what-if.
        matched: accuracy of P's network on P.
        mismatched: accuracy of Q's network on P.
        seconds: from start to end of the process.
        processor_seconds: of all its threads.
    """

    triples: int
    seed: int
    matched: float
    mismatched: float
    seconds: float
    processor_seconds: float

    @property
    def gap(self) -> float:
        """By how much matching is ahead."""
        return self.matched - self.mismatched


def execute(name: str, triples: int, seed: int, *, model: str) -> Outcome:
    """One what-if of a budget in a process of its own.

    Args:
        name: of the budget.
        triples: which pair is drawn.
        seed: of the what-if.
        model: architecture.
    """
    target, mismatch = (",".join(names) for names in one_per_category(2, triples))
    words = ["what-if", "--target", target, "--mismatch", mismatch, "--seed", str(seed), "--model", model]
    words += ["--optimizer", BUDGETS[name].optimizer, "--device", "cpu"]
    with tempfile.TemporaryDirectory() as folder:
        before, start = _processor_seconds(), time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "invariance", *words, "--runs", folder],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        seconds, processor = time.perf_counter() - start, _processor_seconds() - before
    said = json.loads(done.stdout)
    accuracies = {side: said[side]["transfer_accuracy"] for side in ("matched", "mismatched")}
    return Outcome(triples, seed, **accuracies, seconds=seconds, processor_seconds=processor)


def _processor_seconds() -> float:
    """Of all child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(num_triples: int, num_seeds: int, *, model: str) -> dict[str, list[Outcome]]:
    """All what-ifs in turns.

    Returns:
        By name of the budget, in one order.
    """
    found: dict[str, list[Outcome]] = {name: [] for name in NAMES}
    places = [(triples, seed) for triples in range(num_triples) for seed in range(num_seeds)]
    for number, place in enumerate(places):
        for name in NAMES if number % 2 == 0 else NAMES[::-1]:
            outcome = execute(name, *place, model=model)
            found[name].append(outcome)
            print(f"{name} {place}: {outcome}", file=sys.stderr)
    return found


def summarise(found: Mapping[str, Sequence[Outcome]]) -> dict[str, Any]:
    """Differences within a pair of triples and seed, Instant less Quick, with Student's 95 % intervals.

    The interval of ``over_triples`` is over means of a pair of triples, which is what other triples speak of; that of
    ``over_runs`` takes seeds for as many independent cases.
    """
    quick, instant = (found[name] for name in NAMES)
    summary: dict[str, Any] = {"num_triples": len({one.triples for one in quick}), "num_runs": len(quick)}
    for value in MEASURED:
        differences: dict[int, list[float]] = {}
        for before, after in zip(quick, instant, strict=True):
            differences.setdefault(before.triples, []).append(getattr(after, value) - getattr(before, value))
        summary[value] = {
            **{name.lower(): round(fmean(getattr(one, value) for one in found[name]), 4) for name in NAMES},
            "over_triples": _interval([fmean(each) for each in differences.values()]),
            "over_runs": _interval([each for values in differences.values() for each in values]),
        }
    for value in ("seconds", "processor_seconds"):
        ratios = [getattr(before, value) / getattr(after, value) for before, after in zip(quick, instant, strict=True)]
        summary[value] = {name.lower(): round(fmean(getattr(one, value) for one in found[name]), 2) for name in NAMES}
        summary[value]["times_faster"] = round(geometric_mean(ratios), 2)
    found_of = {"seconds": summary["seconds"]["instant"], "gap": abs(summary["gap"]["over_triples"]["estimate"])}
    summary["goals"] = {
        name: {"at_most": goal, "found": found_of[name], "is_reached": found_of[name] <= goal}
        for name, goal in GOALS.items()
    }
    return summary


def _interval(values: Sequence[float]) -> dict[str, float | None]:
    found = t_interval(values)
    ends = (found.low, found.high) if found.num > 1 else (None, None)  # JSON has no NaN
    low, high = (None if end is None else round(end, 4) for end in ends)
    return {"estimate": round(found.estimate, 4), "low": low, "high": high}


def main() -> None:
    """Prints one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--triples", type=int, default=6, help="random pairs of triples (default 6)")
    parser.add_argument("--num-seeds", type=int, default=3, help="seeds of each (default 3)")
    parser.add_argument("--model", default="small", choices=BUDGETS["Instant"].measured_on, help="architecture")
    args = parser.parse_args()
    found = measure(args.triples, args.num_seeds, model=args.model)
    environment = {"torch": torch.__version__.split("+")[0], "threads": torch.get_num_threads(), "model": args.model}
    rows = {name: [asdict(one) for one in outcomes] for name, outcomes in found.items()}
    print(json.dumps({**summarise(found), "environment": environment, "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
