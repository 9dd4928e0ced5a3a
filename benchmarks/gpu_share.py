"""What making a batch costs beside training on it, on a GPU; with other arguments on a CPU too."""

from __future__ import annotations

import time
from collections.abc import Callable

from benchmarks.data_speed import synchronise
from benchmarks.train_speed import BareStep, Settings
from invariance.data.engine import Engine
from invariance.spec import DatasetSpec

BATCH_SIZE = 512


def seconds_a_call(make: Callable[[], object], device: str, *, seconds: float, least: int = 10) -> float:
    """Mean over about that long a stretch, waiting for the device now and then only, as training does.

    Args:
        make: what is timed; called three times before that, or once where few calls are asked for.
        device: it works on.
        seconds: about how long.
        least: calls, however long they take.
    """
    for _ in range(min(3, least)):
        make()
    synchronise(device)
    start, calls = time.perf_counter(), 0
    while time.perf_counter() - start < seconds or calls < least:
        make()
        calls += 1
        if calls % 10 == 0:
            synchronise(device)
    synchronise(device)
    return (time.perf_counter() - start) / calls


def measure_share(
    names: tuple[str, ...],
    device: str,
    *,
    image_size: int,
    seconds: float,
    model: str = "resnet18",
    batch_size: int = BATCH_SIZE,
    least: int = 10,
) -> dict[str, float]:
    """Times one batch of the engine and one bare step of a network on it, with the settings of a training.

    Args:
        names: the composition.
        device: where.
        image_size: side in pixels.
        seconds: of one timing.
        model: architecture.
        batch_size: images.
        least: calls of one timing.

    Returns:
        ``batch_ms``, ``step_ms`` and ``share``, the first as a share of the second.
    """
    engine = Engine(DatasetSpec(image_size=image_size, transforms=names), device)
    indices = engine.indices("train", batch_size)
    step = BareStep(Settings(model=model, device=device), engine.num_classes)
    batch = engine.batch(indices)
    batch_s = seconds_a_call(lambda: engine.batch(indices), device, seconds=seconds, least=least)
    step_s = seconds_a_call(lambda: step(batch.images, batch.labels), device, seconds=seconds, least=least)
    return {"batch_ms": batch_s * 1e3, "step_ms": step_s * 1e3, "share": batch_s / step_s}
