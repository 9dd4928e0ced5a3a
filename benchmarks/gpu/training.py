"""How fast networks are trained: the paper's pretraining, the loop's overhead, many small networks at once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from benchmarks.data_speed import synchronise
from benchmarks.gpu.work import Work
from benchmarks.together_speed import rate, run_alone, run_together, specs_of
from benchmarks.train_speed import (
    GPU_BATCH_SIZE,
    GPU_EPOCHS,
    GPU_GOAL_S,
    GPU_IMAGES,
    Contestants,
    Settings,
    summarise,
)
from invariance.events import Cancelled, Finished, Progress
from invariance.spec import DatasetSpec, PretrainSpec
from invariance.training.loop import pretrain

_CLOSING_S = 2.0
"""Kept back from a part's time, to save and to end."""


def resnet18(work: Work) -> dict[str, Any]:
    """The paper's pretraining from the first picture read to the weights saved, validation and test included.

    Returns:
        ``seconds``, with ``is_finished``. Where the deadline came first, ``estimated_seconds`` says what it would have
        taken, and ``seconds`` is None unless the goal was missed by then.
    """
    epochs, num, batch_size = (GPU_EPOCHS, GPU_IMAGES, GPU_BATCH_SIZE) if work.is_full else (2, 128, 64)
    spec = PretrainSpec(
        data=DatasetSpec(transforms=("rotate", "hue", "erasing"), num_samples=num, image_size=work.image_size),
        model="resnet18" if work.is_full else "small",
        epochs=epochs,
        batch_size=batch_size,
        num_test_samples=2_000 if work.is_full else 64,
    )
    found: dict[str, Any] = {"model": spec.model, "epochs": epochs, "num_images": num, "batch_size": batch_size}
    start, last = time.perf_counter(), None
    try:
        for event in pretrain(
            spec, work.folder, device=work.device, cancelled=lambda: work.left < _CLOSING_S, checkpoint_every_s=30.0
        ):
            last = event if isinstance(event, Progress) else last
            if isinstance(event, Finished):
                found["metrics"] = event.metrics
        synchronise(work.device)
        seconds = time.perf_counter() - start
    except Cancelled:
        work.left_out.append("the rest of the epochs")
        spent, step = time.perf_counter() - start, last.step if last else 0
        estimate = spent * last.num_steps / step if last and step else None
        # What has lasted longer than the goal has missed it, whatever it would have come to.
        seconds = spent if spent > GPU_GOAL_S else None
        return {**found, "is_finished": False, "seconds": seconds, "estimated_seconds": estimate, "step": step}
    rate_of_loop = last.images_per_second if last else None
    return {**found, "is_finished": True, "seconds": seconds, "images_per_second": rate_of_loop}


def steps(work: Work) -> dict[str, Any]:
    """The project's loop beside a bare step on a tensor that lies on the device: as :mod:`benchmarks.train_speed`."""
    return _turns(work, ("limit", "stream", "finite"))


def usual(work: Work) -> dict[str, Any]:
    """The project's loop beside the usual one, a data loader and a float32 step with torch's defaults."""
    return _turns(work, ("usual", "stream", "finite"))


def _turns(work: Work, names: Sequence[str]) -> dict[str, Any]:
    """Rounds in which these take turns, until the time is over or there are enough."""
    settings = Settings(
        threads=work.threads,
        image_size=work.image_size,
        num_images=20_480 if work.is_full else 32,
        batch_size=GPU_BATCH_SIZE if work.is_full else 16,
        model="resnet18" if work.is_full else "small",
        device=work.device,
    )
    rounds: list[dict[str, float]] = []
    most = 5 if work.is_full else 2
    with Contestants(settings, names) as contestants:
        seconds = 0.0
        while len(rounds) < most and (not rounds or work.left > seconds + _CLOSING_S):
            start = time.monotonic()
            rounds.append({name: timed() for name, timed in contestants.timed.items()})
            seconds = time.monotonic() - start
            work.keep(summarise(rounds))
    return {
        **summarise(rounds),
        "model": settings.model,
        "batch_size": settings.batch_size,
        "rounds": len(rounds),
        "images_a_timing": settings.num_steps * settings.batch_size,
    }


def together(work: Work) -> dict[str, Any]:
    """Whole runs of small networks, stacked beside one after the other.

    One after the other, 32 networks take four times as long as 8, so that only the 8 are timed.

    Returns:
        Images a second ``alone``; ``rows`` with the number of networks, their images a second and the ratio; and
        ``stacked_to_alone``, the smallest ratio.
    """
    few, many = (8, 32) if work.is_full else (2, 2)
    settings = Settings(
        threads=work.threads,
        image_size=work.image_size,
        num_images=10_240 if work.is_full else 16,
        batch_size=256 if work.is_full else 8,
        device=work.device,
    )
    tiny = replace(settings, num_images=settings.batch_size)
    rate(lambda folder: run_together(specs_of(tiny, 2), folder, work.device, "stacked"), tiny, 2)  # the first is slow
    alone = rate(lambda folder: run_alone(specs_of(settings, few), folder, work.device), settings, few)
    found: dict[str, Any] = {"model": settings.model, "batch_size": settings.batch_size, "alone": alone}
    rows: list[dict[str, float]] = []
    for num in dict.fromkeys((few, many)):
        if work.has_time(f"{num} networks"):
            specs = specs_of(settings, num)
            stacked = rate(lambda folder, some=specs: run_together(some, folder, work.device, "stacked"), settings, num)
            rows.append({"num_networks": num, "images_per_second": stacked, "stacked_to_alone": stacked / alone})
            found |= {"rows": rows, "stacked_to_alone": min(row["stacked_to_alone"] for row in rows)}
            work.keep(found)
    return found
