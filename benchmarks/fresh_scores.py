"""Whether the ranking of transfer scores holds on other networks and tasks: ``python -m benchmarks.fresh_scores DIR``.

``DIR`` is a benchmark that ``invariance gallery benchmark`` made of a seed and compositions that do not ship: other
networks, classes, images, initial weights and draws of tasks. The rule, written before it was made: a score's weighted
Kendall tau *holds* where it lies on the side of the shipped one and the 95 % interval of their difference includes 0.
That interval joins those of the two, which rest on no network and no run in common: its ends lie as far from the
difference as the root of the sum of the squares of their ends' distances (Zou and Donner 2008, Stat. Med. 27).
Which score is first among those that look at the target is told beside. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any, Final

import pandas as pd

from benchmarks.shared_backgrounds import rounded
from invariance.runs.provenance import hardware
from invariance.runs.transferability import FOLDER, MANIFEST, Shipped, of_objectives, ranking, read_benchmark
from invariance.vocabulary.transfer_scores import TRANSFER_SCORES

SUPERVISED: Final = "supervised"
_ENDS: Final = ("tau", "tau_low", "tau_high")


def compare(shipped: Shipped, fresh: Shipped) -> list[dict[str, Any]]:
    """The taus of both.

    Args:
        shipped: a benchmark.
        fresh: another, which shares no network and no run with it.

    Returns:
        For each ranking (all networks, supervised ones), what is foreseen and score: ``shipped`` and ``fresh`` with
        ``tau``, ``low``, ``high``, ``num_networks``, ``num_tasks``; ``difference`` (fresh less shipped) with ``low``
        and ``high``; ``holds``.
    """
    found = []
    for networks, (before, after) in {
        "all": (shipped, fresh),
        SUPERVISED: (of_objectives(shipped, [SUPERVISED]), of_objectives(fresh, [SUPERVISED])),
    }.items():
        rows = [ranking(one.table, tuple(TRANSFER_SCORES)).set_index(["score", "foresees"]) for one in (before, after)]
        for place in rows[0].index:
            both = [one.loc[place] for one in rows]
            found.append({"networks": networks, "score": place[0], "foresees": place[1], **_beside(*both)})
    return found


def _beside(shipped: pd.Series, fresh: pd.Series) -> dict[str, Any]:
    (before, before_low, before_high), (after, after_low, after_high) = (
        [float(one[name]) for name in _ENDS] for one in (shipped, fresh)
    )
    difference = after - before
    low = difference - math.hypot(after - after_low, before_high - before)
    high = difference + math.hypot(after_high - after, before - before_low)
    return {
        **{name: _told(one) for name, one in (("shipped", shipped), ("fresh", fresh))},
        "difference": {"tau": rounded(difference), "low": rounded(low), "high": rounded(high)},
        "holds": bool(after * before > 0 and low <= 0 <= high),
    }


def _told(one: pd.Series) -> dict[str, Any]:
    ends = {name.removeprefix("tau_"): rounded(float(one[name])) for name in _ENDS}
    return {**ends, "num_networks": int(one["num_networks"]), "num_tasks": int(one["num_tasks"])}


def main() -> None:
    """Prints one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fresh", type=Path, metavar="DIR", help="folder of a benchmark of another seed")
    args = parser.parse_args()
    shipped, fresh = read_benchmark(FOLDER), read_benchmark(args.fresh)
    for column in ("network", "run"):
        if common := {*shipped.table[column]} & {*fresh.table[column]}:
            parser.error(f"{args.fresh}: its {column} {min(common)} is one of those that ship")
    made = json.loads((args.fresh / MANIFEST).read_text(encoding="utf-8"))["made"]
    about = {
        "command": "python -m benchmarks.fresh_scores DIR",
        "made": made["command"],
        "date": made["date"][:10],
        "hardware": hardware(),
    }
    print(json.dumps(about | {"scores": compare(shipped, fresh)}, indent=1))


if __name__ == "__main__":
    main()
