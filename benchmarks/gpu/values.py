"""What is computed from networks, on the CPU and on the device: sens-scores, Shapley values, attribution maps."""

from __future__ import annotations

import copy
import csv
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks.gpu.work import Missing, Work
from invariance.data.engine import Engine
from invariance.extras import has
from invariance.models import Classifier, create_model
from invariance.spec import DatasetSpec, MeasureSpec
from invariance.vocabulary.methods import METHODS

DATA = DatasetSpec(transforms=("rotate", "hue"), seed=5)


def sens(work: Work) -> dict[str, Any]:
    """The table that ``invariance measure`` writes, of one network.

    Returns:
        ``rows``, by transformation the largest relative difference of each measure; ``worst`` of them.
    """
    from invariance.measures.measure import measure
    from invariance.training.checkpoint import save_weights

    engine = Engine(DATA)
    weights = work.folder / "weights.safetensors"
    save_weights(weights, network(engine), class_names=engine.class_names, spec=None)
    num = 500 if work.is_full else 32
    spec = MeasureSpec(
        sources=("network",), transforms=("rotate", "hue", "blur"), data=DatasetSpec(num_samples=num), num_pairs=num
    )
    tables = []
    for name, device in (("cpu", "cpu"), ("device", work.device)):
        for _ in measure(spec, {"network": weights}, work.folder / name, device=device, cancelled=work.is_over):
            pass
        tables.append(_rows(work.folder / name / "table.csv"))
    columns = ("sens", "sens_conditional", "cosine", "variance", "cka")
    rows = [
        {"transform": one["transform"], **{name: _apart(float(one[name]), float(other[name])) for name in columns}}
        for one, other in zip(*tables, strict=True)
    ]
    return {"rows": rows, "worst": max(row[name] for row in rows for name in columns)}


def shapley(work: Work) -> dict[str, Any]:
    """Shapley values of object and background; ``worst``, the largest difference relative to the largest value."""
    from invariance.attribution.shapley import evidence

    num = 64 if work.is_full else 4
    values = []
    for device in ("cpu", work.device):
        engine = Engine(DATA, device)
        values.append(
            evidence([network(engine)], engine, num=num, on_progress=lambda done, total: work.go_on())[0].values
        )
    return {"num": num, "worst": apart(*values)}


def attribution(work: Work) -> dict[str, Any]:
    """A map of each method; by name and as ``worst`` the largest difference relative to the map's largest value."""
    if not has("captum"):
        raise Missing("captum is not installed: no map of any method")
    from invariance.attribution.attribute import attribute

    engine = Engine(DATA)
    batch = engine.batch(engine.indices("test", 4 if work.is_full else 1))
    on_cpu = network(engine)
    on_device = copy.deepcopy(on_cpu).to(work.device)
    found: dict[str, float] = {}
    for name, method in METHODS.items():
        if work.has_time(name):
            few = {} if work.is_full else {one.name: 2 for one in method.parameters if one.name in ("steps", "samples")}
            one = attribute(on_cpu, batch.images, method=name, target=batch.labels, **few)
            other = attribute(
                on_device, batch.images.to(work.device), method=name, target=batch.labels.to(work.device), **few
            )
            found[name] = apart(one.relevance, other.relevance)
            work.keep({"methods": found, "worst": max(found.values())})
    return {"methods": found, "worst": max(found.values())}


def network(engine: Engine) -> Classifier:
    """A network with its first weights, in eval mode, on the engine's device; it knows the engine's classes."""
    model = create_model("small", engine.num_classes, seed=0).to(engine.device).eval()
    model.class_names = engine.class_names
    return model


def apart(one: Tensor, other: Tensor) -> float:
    """The largest difference of two tensors, relative to the largest number of the first."""
    one, other = one.detach().cpu().double(), other.detach().cpu().double()
    return float((one - other).abs().max() / one.abs().max().clamp_min(torch.finfo(torch.float32).tiny))


def _apart(one: float, other: float) -> float:
    return abs(one - other) / max(abs(one), 1e-12)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
