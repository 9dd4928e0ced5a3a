"""Whether what is asked for fits in memory, told before anything is made."""

from __future__ import annotations

import os
from pathlib import Path

from invariance.spec import DatasetSpec, FactorSpec, PretrainSpec, RunSpec, SpecError, TransferSpec

_INDEX_BYTES = 8


def check_memory(spec: RunSpec) -> None:
    """Raises SpecError if the images of a run, which it renders once and keeps, do not fit in free memory."""
    image_bytes = 3 * spec.data.image_size**2 + _INDEX_BYTES
    match spec:
        case PretrainSpec(objective="simclr" | "vicreg"):  # fresh views in every epoch, so that only indices are kept
            require_memory("num_samples", spec.data.num_samples or 0, spec.data, _INDEX_BYTES)
        case PretrainSpec() | TransferSpec():
            require_memory("num_samples", spec.data.num_samples or 0, spec.data, image_bytes)
        case FactorSpec():
            require_memory("num_images", spec.num_images, spec.data, image_bytes)


def check_export_memory(name: str, num: int, data: DatasetSpec) -> None:
    """Raises SpecError if what was drawn for exported images, kept until the end, does not fit in free memory."""
    num_columns = 3 + 2 * len(data.transforms)  # index, label, background, and about two for each transformation
    require_memory(name, num, data, num_columns * _INDEX_BYTES)


def require_memory(name: str, num: int, data: DatasetSpec, bytes_each: int) -> None:
    """Raises SpecError unless so many things fit in free memory; accepts all where that is not known.

    Args:
        name: of the option, for the message.
        num: how many.
        data: what they are of.
        bytes_each: that one takes.
    """
    free = available_memory()
    if free is not None and num * bytes_each > free:
        raise SpecError(
            f"{name} = {num}: {_gigabytes(num * bytes_each)} for images of {data.image_size} px, and "
            f"{_gigabytes(free)} of memory are free; ask for at most {free // bytes_each}"
        )


def _gigabytes(num_bytes: int) -> str:
    size = num_bytes / 1e9
    return f"{size:,.0f} GB" if size >= 100 else f"{size:.3g} GB"


def available_memory() -> int | None:
    """Bytes of memory that this process may still take; None where the system does not say."""
    found = [value for value in (_of_machine(), _of_group()) if value is not None]
    return min(found, default=None)


def _of_machine() -> int | None:
    try:
        lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        return int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, ValueError, KeyError):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")  # macOS tells what there is, not what is free
    except (AttributeError, ValueError, OSError):
        return None


def _of_group() -> int | None:
    """What a container or a batch system still allows (Linux control groups, version 2)."""
    folder = Path("/sys/fs/cgroup")
    try:
        limit, used = ((folder / name).read_text().strip() for name in ("memory.max", "memory.current"))
        return None if limit == "max" else max(0, int(limit) - int(used))
    except (OSError, ValueError):
        return None
