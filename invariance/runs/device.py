"""Which device executes a run."""

from __future__ import annotations

from invariance.spec import SpecError


def choose_device(name: str = "auto") -> str:
    """Turns a wish into a device that is here.

    Args:
        name: ``auto`` for a CUDA GPU if there is one and the CPU otherwise, or a torch device such as ``cpu``,
            ``cuda``, ``cuda:1`` or ``mps``.

    Returns:
        The name of the device.

    Raises:
        SpecError: there is no such device here.
    """
    import torch  # here, since the server's process asks for devices by name and never loads torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    kind, _, index = name.partition(":")
    count = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if kind not in count or (index and not index.isdecimal()):
        raise SpecError(f"device = {name!r}: expected auto, cpu, cuda, cuda:<number> or mps")
    if int(index or 0) >= count[kind]:
        raise SpecError(f"device = {name!r}: this machine has {count[kind]} of kind {kind}; use auto or cpu")
    return name


def cuda_devices() -> list[str]:
    """All CUDA GPUs of this machine."""
    import torch

    return [f"cuda:{number}" for number in range(torch.cuda.device_count())]
