"""What it does that tests show the backgrounds of training: ``python -m benchmarks.shared_backgrounds SHARED``.

``SHARED`` has a folder ``<study>-<scale>`` for each study that was run with ``--shared-backgrounds``, which is how the
paper has it. Each of its findings stands beside that of the shipped results, which have backgrounds of their own, of
the same seeds; their difference is taken within seeds. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any

from invariance.runs.provenance import hardware
from invariance.runs.shipped_studies import StudyResult, shipped_results
from invariance.statistics import paired_interval
from invariance.studies.findings import Finding
from invariance.studies.registry import make_study
from invariance.vocabulary.studies import STUDY_NAMES

DIGITS = 4


def compare(own: StudyResult, shared: StudyResult) -> dict[str, Any]:
    """The findings of both, of the seeds that both have.

    Args:
        own: a study whose tests have backgrounds of their own.
        shared: the same study at the same scale with those of training.

    Returns:
        ``seeds`` and ``findings``: name, ``own`` and ``shared`` (effects), ``difference`` with ``low`` and ``high``
        (shared less own within seeds, Student's 95 % interval; null for a ratio, and where there are not two seeds).
    """
    seeds = sorted({*own.seeds} & {*shared.seeds})
    study = make_study(own.name, scale=own.scale, seeds=tuple(seeds))
    pairs = zip(*(study.conclude(one.table[one.table["seed"].isin(seeds)]) for one in (own, shared)), strict=True)
    return {"seeds": seeds, "findings": [_beside(*pair) for pair in pairs if all(one.n for one in pair)]}


def _beside(own: Finding, shared: Finding) -> dict[str, Any]:
    assert own.name == shared.name
    told: dict[str, Any] = {"name": own.name, "own": rounded(own.effect), "shared": rounded(shared.effect)}
    both = sorted({*own.per_seed} & {*shared.per_seed})
    if own.denominators is not None or len(both) < 2:
        return told | {"difference": None, "low": None, "high": None}
    found = paired_interval([shared.per_seed[seed] for seed in both], [own.per_seed[seed] for seed in both])
    return told | {"difference": rounded(found.estimate), "low": rounded(found.low), "high": rounded(found.high)}


def rounded(value: float) -> float | None:
    """As records have numbers; null for what there is not."""
    return None if math.isnan(value) else round(value, DIGITS)


def main() -> None:
    """Prints one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shared", type=Path, metavar="SHARED", help="folder of results with shared backgrounds")
    args = parser.parse_args()
    found, dates = {}, []
    for name in STUDY_NAMES:
        for shared in shipped_results(name, args.shared):
            told = shared.summary["provenance"]
            if not told["shared_backgrounds"]:
                parser.error(f"{args.shared}: the results of {name} have backgrounds of their own")
            [own] = [one for one in shipped_results(name) if one.scale == shared.scale]
            found[name] = {"command": told["command"], "scale": own.scale, **compare(own, shared)}
            dates.append(told["date"][:10])
    if not found:
        parser.error(f"{args.shared}: no folder <study>-<scale> with results.csv and summary.json")
    about = {"command": "python -m benchmarks.shared_backgrounds SHARED", "date": max(dates), "hardware": hardware()}
    print(json.dumps(about | {"studies": found}, indent=1))


if __name__ == "__main__":
    main()
