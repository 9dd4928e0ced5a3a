"""What making a batch costs beside training on it, on a CUDA device."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
import torch.nn.functional as F

from invariance.data.engine import Engine
from invariance.models import create_model
from invariance.spec import DatasetSpec

BATCH_SIZE = 512


def seconds_a_call(make: Callable[[], object], device: str, *, seconds: float) -> float:
    """Mean over about that long a stretch, waiting for the device only at its ends, as training does."""
    for _ in range(3):
        make()
    torch.cuda.synchronize(device)
    start, calls = time.perf_counter(), 0
    while time.perf_counter() - start < seconds or calls < 10:
        make()
        calls += 1
        if calls % 10 == 0:
            torch.cuda.synchronize(device)
    torch.cuda.synchronize(device)
    return (time.perf_counter() - start) / calls


def measure_share(names: tuple[str, ...], device: str, *, image_size: int, seconds: float) -> dict[str, float]:
    """Times one batch of the engine and one step of a ResNet-18 in bfloat16 on it, both of 512 images.

    Returns:
        ``batch_ms``, ``step_ms`` and ``share``, the first as a share of the second.
    """
    engine = Engine(DatasetSpec(image_size=image_size, transforms=names), device)
    indices = engine.indices("train", BATCH_SIZE)
    model = create_model("resnet18", num_classes=engine.num_classes, seed=0).to(device).train()
    optimiser = torch.optim.Adam(model.parameters())
    batch = engine.batch(indices)

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        with torch.autocast("cuda", torch.bfloat16):
            loss = F.cross_entropy(model(batch.images), batch.labels)
        loss.backward()
        optimiser.step()

    batch_s = seconds_a_call(lambda: engine.batch(indices), device, seconds=seconds)
    step_s = seconds_a_call(step, device, seconds=seconds)
    return {"batch_ms": batch_s * 1e3, "step_ms": step_s * 1e3, "share": batch_s / step_s}
