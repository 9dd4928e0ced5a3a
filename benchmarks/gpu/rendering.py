"""How fast images are made on the device, beside what trains on them, and how much memory that takes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from benchmarks.data_speed import synchronise
from benchmarks.gpu.work import Work
from benchmarks.gpu_share import BATCH_SIZE, measure_share, seconds_a_call
from benchmarks.train_speed import BareStep, Settings
from invariance.data.engine import Engine
from invariance.models import to_unit_range
from invariance.runs.outcome import is_out_of_memory
from invariance.spec import TRANSFORM_NAMES, DatasetSpec

_TRAINED_ON = ("rotate", "hue", "erasing")
_SIZES_PX = (32, 64, 128, 224)


def rates(work: Work) -> dict[str, Any]:
    """Images a second of each transformation alone, of none and of two compositions, as bytes of 32 px.

    Returns:
        ``rows``; ``slowest`` and ``median`` of those with one transformation.
    """
    num, seconds = (16_384, 0.4) if work.is_full else (16, 0.0)
    engine = Engine(DatasetSpec(), work.device)
    indices = engine.indices("train", num)
    rows: dict[str, float] = {}
    for names in (*((name,) for name in TRANSFORM_NAMES), (), _TRAINED_ON, TRANSFORM_NAMES):
        if work.has_time(title := ",".join(names) or "none", seconds):
            render = engine.with_spec_changes(transforms=names).render
            spent = seconds_a_call(
                lambda make=render: make(indices), work.device, seconds=seconds, least=3 if work.is_full else 1
            )
            rows[title] = num / spent
            work.keep({"images_a_call": num, "rows": rows})
    single = sorted(rate for name, rate in rows.items() if name in TRANSFORM_NAMES)
    return {"images_a_call": num, "rows": rows, "slowest": single[0], "median": single[len(single) // 2]}


def share(work: Work) -> dict[str, Any]:
    """A batch of the engine beside a training step on it.

    Returns:
        ``rows``, one a composition; ``share``, of the one that trainings are timed with.
    """
    model, size, least = ("resnet18", BATCH_SIZE, 10) if work.is_full else ("small", 16, 1)
    rows: dict[str, dict[str, float]] = {}
    found: dict[str, Any] = {}
    for names in (_TRAINED_ON, ("rotate", "hue", "blur"), (), ("rotate",), ("elastic",), TRANSFORM_NAMES):
        if work.has_time(title := ",".join(names) or "none", 0.0):
            rows[title] = measure_share(
                names,
                work.device,
                image_size=32,
                seconds=0.5 if work.is_full else 0.0,
                model=model,
                batch_size=size,
                least=least,
            )
            found = {"model": model, "batch_size": size, "rows": rows, "share": rows[",".join(_TRAINED_ON)]["share"]}
            work.keep(found)
    return found


def memory(work: Work) -> dict[str, Any]:
    """Peak memory of rendering 4,096 images, and of training ResNet-18 in batches of 256, by image size.

    Returns:
        ``rows``; bytes are None on a CPU, where torch does not count them, and ``out of memory`` where they were.
    """
    num, batch_size, model = (4_096, 256, "resnet18") if work.is_full else (4, 2, "small")
    rows: list[dict[str, Any]] = []
    found = {"num_images": num, "model": model, "batch_size": batch_size, "rows": rows}
    for size in _SIZES_PX if work.is_full else _SIZES_PX[:2]:
        if work.has_time(f"{size} px"):
            rows.append(
                {
                    "image_size": size,
                    "image_bytes": num * 3 * size**2,
                    "rendering_peak_bytes": _peak(work.device, partial(_render, work.device, size, num)),
                    "training_peak_bytes": _peak(work.device, partial(_train, work.device, size, batch_size, model)),
                }
            )
            work.keep(found)
    return found


def _render(device: str, size: int, num: int) -> None:
    engine = Engine(DatasetSpec(image_size=size, transforms=_TRAINED_ON), device)
    engine.render(engine.indices("train", num))


def _train(device: str, size: int, num: int, model: str) -> None:
    settings = Settings(image_size=size, batch_size=num, model=model, device=device)
    engine = Engine(DatasetSpec(image_size=size), device)
    step = BareStep(settings, engine.num_classes)
    images, labels = engine.render(engine.indices("train", num))
    for _ in range(2):
        step(to_unit_range(images), labels)


def _peak(device: str, act: Callable[[], None]) -> int | str | None:
    """Bytes at most while something is done, above those before it."""
    if not device.startswith("cuda"):
        act()
        return None
    torch.cuda.empty_cache()
    before = torch.cuda.memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    try:
        act()
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        return "out of memory"
    finally:
        synchronise(device)
    return torch.cuda.max_memory_allocated(device) - before
