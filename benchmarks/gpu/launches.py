"""How long the device is idle in a training, and how often it is launched and waited for, by torch's profiler."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import torch
from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity, profile

from benchmarks.data_speed import synchronise
from benchmarks.gpu.work import Work
from benchmarks.train_speed import GPU_BATCH_SIZE, Settings
from invariance.data.engine import Engine
from invariance.spec import DatasetSpec
from invariance.training.loop import Pretraining

_LAUNCHES: Final = ("cudaLaunchKernel", "cuLaunchKernel", "cudaGraphLaunch")
_WAITS: Final = ("cudaStreamSynchronize", "cudaDeviceSynchronize", "cudaEventSynchronize")


def launches(work: Work) -> dict[str, Any]:
    """One batch of the engine, and steps of trainings on a finite set and on a stream.

    Returns:
        By what is done the numbers of one batch or step, as :func:`counted`.
    """
    found: dict[str, Any] = {"batch": _of_batch(work)}
    work.keep(found)
    for model in ("small", "resnet18") if work.is_full else ("small",):
        for finite in (True, False):
            name = f"{model} {'finite' if finite else 'stream'}"
            if work.has_time(name):
                found[name] = _of_training(work, model, finite=finite)
                work.keep(found)
    return found


def _of_batch(work: Work) -> dict[str, Any]:
    engine = Engine(DatasetSpec(transforms=("rotate", "hue", "erasing")), work.device)
    indices = engine.indices("train", 256 if work.is_full else 8)
    return counted(lambda: engine.batch(indices), work.device, times=20 if work.is_full else 1)


def _of_training(work: Work, model: str, *, finite: bool) -> dict[str, Any]:
    batch_size = GPU_BATCH_SIZE if work.is_full else 8
    settings = Settings(
        model=model, batch_size=batch_size, num_images=16 * batch_size, image_size=work.image_size, device=work.device
    )
    run = Pretraining(
        settings.pretraining(finite=finite),
        work.folder / f"{model}-{finite}",
        device=work.device,
        cancelled=work.is_over,
    )
    with run.train_state.precision.products(work.device):
        for _ in run.open():
            pass

        def step() -> None:
            run.train_state.advance(*run.feed.batch(run.train_state.step))

        return counted(step, work.device, times=16 if work.is_full else 2)


def counted(act: Callable[[], object], device: str, *, times: int) -> dict[str, Any]:
    """What one of several equal acts makes the device do; on a CPU the operations of torch alone.

    Args:
        act: done twice before it is counted.
        device: where.
        times: how often it is counted.

    Returns:
        ``operations``, ``launches``, ``waits`` and ``kernels`` an act, and ``idle_share`` of the device's time from the
        first kernel to the end of the last.
    """
    for _ in range(2):
        act()
    synchronise(device)
    is_gpu = device.startswith("cuda")
    with profile(activities=[ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if is_gpu else [])]) as profiler:
        for _ in range(times):
            act()
        if is_gpu:
            torch.cuda.synchronize(device)
    events = profiler.events() or []
    on_cpu = [event for event in events if event.device_type == DeviceType.CPU]
    operations = sum(event.name.startswith("aten::") and event.cpu_parent is None for event in on_cpu)
    found: dict[str, Any] = {"operations": operations / times}
    if not is_gpu:
        return found
    # Ranges that torch names itself, such as the optimiser's step, are shown on the device too and are no kernels.
    kernels = [
        event
        for event in events
        if event.device_type == DeviceType.CUDA
        and not getattr(event, "is_user_annotation", False)
        and not event.name.startswith("Optimizer.")
    ]
    spans = [(event.time_range.start, event.time_range.end) for event in kernels]
    return {
        **found,
        "launches": sum(event.name.startswith(_LAUNCHES) for event in on_cpu) / times,
        "waits": (sum(event.name.startswith(_WAITS) for event in on_cpu) - 1) / times,  # the last one is this bench's
        "kernels": len(spans) / times,
        "idle_share": idle_share(spans),
    }


def idle_share(spans: Iterable[tuple[float, float]]) -> float | None:
    """The share of the time from the first start to the last end in which no span lies; None of no spans."""
    ordered = sorted(spans)
    if not ordered:
        return None
    busy, reached = 0.0, ordered[0][0]
    for start, end in ordered:
        busy += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    whole = reached - ordered[0][0]
    return 1.0 - busy / whole if whole > 0 else None
