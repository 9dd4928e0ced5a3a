"""Whether what ships of the studies holds on other seeds: ``python -m benchmarks.fresh_seeds FRESH``.

``FRESH`` has a folder ``<study>-<scale>`` for each study that was run again, with ``--seeds`` that do not ship: other
objects, transformations, images and initial weights. The rule, written before any of them was run: a finding *holds*
where its effect lies on the side of the shipped one and the 95 % interval of their difference (Welch's, of two
independent sets of seeds; of a ratio, of its linearisation at each set's own) includes 0. Of findings that are as they
were, one in twenty does not hold. The verdict that the fresh seeds alone give is told beside. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.shared_backgrounds import rounded
from invariance.runs.provenance import hardware
from invariance.runs.shipped_studies import StudyResult, shipped_results
from invariance.statistics import Floats, welch_interval
from invariance.studies.findings import Finding
from invariance.studies.registry import make_study
from invariance.vocabulary.studies import STUDY_NAMES


def compare(shipped: StudyResult, fresh: StudyResult) -> dict[str, Any]:
    """The findings of both.

    Args:
        shipped: a study.
        fresh: the same at the same scale with other seeds.

    Returns:
        ``seeds`` (of the fresh one) and ``findings``: name, whether it is ``confirmatory``, of ``shipped`` and
        ``fresh`` each ``effect``, ``low``, ``high`` and ``verdict`` in words, ``difference`` (fresh less shipped) with
        ``low`` and ``high``, and ``holds``.
    """
    both = []
    for one in (shipped, fresh):
        study = make_study(one.name, scale=one.scale, seeds=one.seeds)
        both.append(study.conclude(one.table))
    return {"seeds": list(fresh.seeds), "findings": [_beside(*pair) for pair in zip(*both, strict=True)]}


def _beside(shipped: Finding, fresh: Finding) -> dict[str, Any]:
    assert shipped.name == fresh.name
    away = welch_interval(_linear(fresh), _linear(shipped))
    same_side = fresh.effect * shipped.effect > 0
    return {
        "name": shipped.name,
        "confirmatory": shipped.confirmatory,
        **{name: _told(one) for name, one in (("shipped", shipped), ("fresh", fresh))},
        "difference": {"effect": rounded(away.estimate), "low": rounded(away.low), "high": rounded(away.high)},
        "holds": bool(same_side and away.low <= 0 <= away.high),
    }


def _linear(one: Finding) -> Floats:
    """A value a seed whose mean is the effect: of a ratio r, r + (N - r D) / mean(D)."""
    seeds = sorted(one.per_seed)
    values = np.array([one.per_seed[seed] for seed in seeds], np.float64)
    if one.denominators is None:
        return values
    below = np.array([one.denominators[seed] for seed in seeds], np.float64)
    return one.effect + (values - one.effect * below) / below.mean()


def _told(one: Finding) -> dict[str, Any]:
    ends = {"effect": rounded(one.effect), "low": rounded(one.low), "high": rounded(one.high)}
    return {**ends, "n": one.n, "verdict": one.words}


def main() -> None:
    """Prints one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fresh", type=Path, metavar="FRESH", help="folder of results of other seeds")
    args = parser.parse_args()
    found, dates = {}, []
    for name in STUDY_NAMES:
        for fresh in shipped_results(name, args.fresh):
            told = fresh.summary["provenance"]
            [shipped] = [one for one in shipped_results(name) if one.scale == fresh.scale]
            if common := {*shipped.seeds} & {*fresh.seeds}:
                parser.error(f"{args.fresh}: the results of {name} have seeds that ship: {sorted(common)}")
            found[name] = {"command": told["command"], "scale": fresh.scale, **compare(shipped, fresh)}
            dates.append(told["date"][:10])
    if not found:
        parser.error(f"{args.fresh}: no folder <study>-<scale> with results.csv and summary.json")
    about = {"command": "python -m benchmarks.fresh_seeds FRESH", "date": max(dates), "hardware": hardware()}
    print(json.dumps(about | {"studies": found}, indent=1))


if __name__ == "__main__":
    main()
