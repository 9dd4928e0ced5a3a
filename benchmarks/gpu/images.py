"""Images of the CPU and of the device, outside and inside the precision of a training."""

from __future__ import annotations

import time
from typing import Any, Final

import torch
from torch import Tensor

from benchmarks.gpu.work import Missing, Work
from invariance.data import compiled
from invariance.data.engine import Engine, to_bytes
from invariance.spec import TRANSFORM_NAMES, DatasetSpec
from invariance.training.precision import AUTO
from invariance.vocabulary.transforms import KNOWN_TRANSFORMS

_COMPARISONS: Final = ("outside", "inside", "moved_by_precision")

COMPOSITIONS: Final = (
    TRANSFORM_NAMES,
    ("rotate", "translate"),
    ("rotate", "hue", "erasing"),
    ("scale", "hue", "blur"),
    (),
    *((name,) for name in KNOWN_TRANSFORMS),
)
"""Those in which rounding adds up first."""


def images(work: Work) -> dict[str, Any]:
    """The same samples made by torch on the CPU, and as bytes for a training on the device.

    Returns:
        ``rows``, one a composition, with the comparisons ``outside`` and ``inside`` (with the CPU) and
        ``moved_by_precision`` (of the device's images outside and inside); ``worst``, the largest share of bytes over
        the rows; ``parameters_differ``, the number of rows of which drawn parameters do.
    """
    spec = DatasetSpec(seed=9, num_prototypes=4)
    engines = Engine(spec, "cpu"), Engine(spec, work.device)
    rows, seconds = [], 0.0
    for names in COMPOSITIONS:
        if work.has_time(title := ",".join(names) or "none", 1.5 * seconds) or not rows:  # one is always compared
            start = time.monotonic()
            one, other = (engine.with_spec_changes(transforms=names) for engine in engines)
            rows.append({"transforms": title, **compare(one, other, num=512 if work.is_full else 4)})
            seconds = time.monotonic() - start
            work.keep(_summed_up(rows))
    return _summed_up(rows)


def _summed_up(rows: list[dict[str, Any]]) -> dict[str, Any]:
    worst = {name: max(row[name]["share"] for row in rows) for name in _COMPARISONS}
    for name in _COMPARISONS:
        worst[f"{name}_beyond_one_level"] = max(row[name]["share_beyond_one_level"] for row in rows)
    return {"rows": rows, "worst": worst, "parameters_differ": sum(not row["parameters_are_equal"] for row in rows)}


def compiled_kernels(work: Work) -> dict[str, Any]:
    """What numba's kernels make on the CPU beside what the device makes: :func:`difference` by composition.

    Raises:
        Missing: there is no numba.
    """
    if not compiled.is_available():
        raise Missing("numba is not installed: torch makes the images on the CPU too")
    rows = {}
    for names in COMPOSITIONS[:4]:
        if work.has_time(title := ",".join(names)):
            spec = DatasetSpec(seed=9, transforms=names)
            one, other = (Engine(spec, device) for device in ("cpu", work.device))
            indices = one.indices("test", 512 if work.is_full else 16)
            rows[title] = difference(one.render(indices)[0], other.render(indices.to(work.device))[0].cpu())
    return {"rows": rows}


def compare(on_cpu: Engine, on_device: Engine, *, num: int) -> dict[str, Any]:
    """One composition's row."""
    indices = on_cpu.indices("test", num)
    expected = to_bytes(on_cpu.batch(indices).images)
    drawn = on_cpu.draw(indices).params
    outside, parameters_outside = _made(on_device, indices)
    with AUTO.products(on_device.device):
        inside, parameters_inside = _made(on_device, indices)
    same = [
        torch.equal(values, given[name])
        for others in (parameters_outside, parameters_inside)
        for params, given in zip(drawn, others, strict=True)
        for name, values in params.items()
    ]
    return {
        "num": num,
        "outside": difference(expected, outside),
        "inside": difference(expected, inside),
        "moved_by_precision": difference(outside, inside),
        "parameters_are_equal": all(same),
    }


def _made(engine: Engine, indices: Tensor) -> tuple[Tensor, list[dict[str, Tensor]]]:
    """Bytes and parameters of samples, on the CPU."""
    indices = indices.to(engine.device)
    made, _ = engine.render(indices)
    params = [{name: values.cpu() for name, values in one.items()} for one in engine.draw(indices).params]
    return made.cpu(), params


def difference(one: Tensor, other: Tensor) -> dict[str, float]:
    """How far images (N, 3, S, S) uint8 are from others.

    Returns:
        ``share`` of bytes that differ, ``share_beyond_one_level`` of 255, ``share_of_images`` with such a byte, and
        ``largest_levels``.
    """
    levels = (one.to(torch.int16) - other.to(torch.int16)).abs().flatten(1)
    return {
        "share": float((levels > 0).float().mean()),
        "share_beyond_one_level": float((levels > 1).float().mean()),
        "share_of_images": float((levels > 1).any(dim=1).float().mean()),
        "largest_levels": int(levels.max()),
    }
