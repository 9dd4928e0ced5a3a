"""How long a table of invariances takes: ``python -m benchmarks.measure_speed``.

The gallery's networks that were pretrained on no transformation or on one, 19 of the small network, on 18
transformations with 1,000 twins each: all measures, intervals included. Prints seconds and where they go, and one
JSON object. Timed are the very function that a run calls and its parts; nothing is left out but reading Python modules.

``--measure equivariance`` times that table of the same networks, on 576 pairs of all 72 objects, and the other one in
the same run: on a busy machine their ratio says more than either.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from invariance.data.engine import Engine
from invariance.measures.measure import measure
from invariance.measures.representation import measure_representation
from invariance.measures.shifts import own_shift, shifted
from invariance.measures.twin_set import twin_set, untransformed
from invariance.runs.gallery import GalleryEntry, all_objects, entries
from invariance.spec import TRANSFORM_NAMES, MeasureSpec
from invariance.training.checkpoint import load_weights
from invariance.training.evaluation import in_batches
from invariance.vocabulary.equivariance import EQUIVARIANCE_PAIRS

GOAL_SECONDS = 60.0


@dataclass(frozen=True)
class Settings:
    """What to measure.

    Attributes:
        threads: of torch.
        num_pairs: twins.
        transforms: columns of the table.
        num_models: rows, the first ones of the gallery.
        device: where.
    """

    threads: int = 2
    num_pairs: int = 1_000
    transforms: tuple[str, ...] = TRANSFORM_NAMES
    num_models: int = 19
    device: str = "cpu"


def networks(num: int) -> list[GalleryEntry]:
    """The gallery's first pretrained networks."""
    return [entry for entry in entries() if entry.spec.kind == "pretrain"][:num]


def time_table(settings: Settings, measured: str = "sens") -> dict[str, Any]:
    """Wall and processor seconds of the whole table, weights and pictures read first as in a run."""
    chosen = networks(settings.num_models)
    data = shifted(chosen[0].spec.data, own_shift(chosen[0].spec.data))
    is_sens = measured == "sens"
    spec = MeasureSpec(
        sources=tuple(entry.run_id for entry in chosen),
        transforms=settings.transforms,
        data=data if is_sens else all_objects(data),
        measure=measured,
        num_pairs=settings.num_pairs if is_sens else min(settings.num_pairs, EQUIVARIANCE_PAIRS),
    )
    with tempfile.TemporaryDirectory() as folder:
        start, start_cpu = time.perf_counter(), time.process_time()
        sources = {entry.run_id: entry.path for entry in chosen}
        *_, finished = measure(spec, sources, Path(folder), device=settings.device)
        seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - start_cpu
    assert finished.metrics["num_models"] == len(chosen)
    return {"seconds": seconds, "cpu_seconds": cpu_seconds, "goal_seconds": GOAL_SECONDS}


def time_parts(settings: Settings) -> dict[str, float]:
    """Processor seconds of the parts for one network, and the share of views that are shown to it at all."""
    entry = networks(1)[0]
    model = load_weights(entry.path, settings.device)
    engine = Engine(shifted(entry.spec.data, own_shift(entry.spec.data)), settings.device)
    clean, _ = untransformed(engine, settings.num_pairs)
    of_clean = in_batches(model.representation, clean)
    seconds = {"render_cpu_seconds": 0.0, "features_cpu_seconds": 0.0, "scores_cpu_seconds": 0.0}
    num_shown = len(clean)

    def timed(part: str, work: Callable[[], Any]) -> Any:
        start = time.process_time()
        result = work()
        seconds[part] += time.process_time() - start
        return result

    for transform in settings.transforms:
        twins = timed("render_cpu_seconds", lambda name=transform: twin_set(engine, name, clean))
        first, second = timed("features_cpu_seconds", lambda t=twins: t.features(model.representation, of_clean))
        timed("scores_cpu_seconds", lambda a=first, b=second, t=twins: measure_representation(a, b, t.differs, seed=0))
        num_shown += len(twins.images)
    return {**seconds, "share_of_views_shown": num_shown / (2 * settings.num_pairs * len(settings.transforms))}


def time_equivariance(settings: Settings) -> dict[str, Any]:
    """Seconds of the table of equivariance, and its processor time over that of the table of sens-scores."""
    other, own = time_table(settings), time_table(settings, "equivariance")
    return {**own, "share_of_sens_cpu": own["cpu_seconds"] / other["cpu_seconds"]}


def run(settings: Settings, measured: str = "sens") -> dict[str, Any]:
    """The table's time and its parts', after a small table that is not counted."""
    before = torch.get_num_threads()
    torch.set_num_threads(settings.threads)
    try:
        time_table(Settings(settings.threads, 16, settings.transforms[:1], 1, settings.device), measured)
        is_sens = measured == "sens"
        found = {**time_table(settings), **time_parts(settings)} if is_sens else time_equivariance(settings)
    finally:
        torch.set_num_threads(before)
    return {
        **found,
        "num_models": len(networks(settings.num_models)),
        "num_transforms": len(settings.transforms),
        "num_pairs": settings.num_pairs,
        "threads": settings.threads,
        "device": settings.device,
    }


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--num-pairs", type=int, default=1_000, help="twins for each transformation (default 1000)")
    parser.add_argument("--threads", type=int, default=2, help="of torch (default 2)")
    parser.add_argument("--device", default="cpu", help="a torch device (default cpu)")
    parser.add_argument("--num-models", type=int, default=19, help="rows, the gallery's first ones (default 19)")
    parser.add_argument(
        "--measure", choices=("sens", "equivariance"), default="sens", help="which table (default sens)"
    )
    args = parser.parse_args()
    settings = Settings(args.threads, args.num_pairs, num_models=args.num_models, device=args.device)
    found = run(settings, args.measure)
    print(json.dumps({name: round(value, 2) if isinstance(value, float) else value for name, value in found.items()}))


if __name__ == "__main__":
    main()
