"""Where samples are made and networks compute: a device as torch names it, or one line that says what is wrong."""

from __future__ import annotations

import torch

from invariance.spec.checks import SpecError


def as_device(device: str | torch.device) -> torch.device:
    """The device of that name.

    Raises:
        SpecError: there is no such kind of device, or none on this machine.
    """
    try:
        found = torch.device(device)
    except (RuntimeError, TypeError) as error:
        raise SpecError(f"device = {device!r}: expected cpu, cuda or cuda:<number>") from error
    if found.type not in ("cpu", "cuda"):
        raise SpecError(f"device = {device!r}: expected cpu, cuda or cuda:<number>")
    if found.type == "cuda" and not torch.cuda.is_available():
        raise SpecError(f"device = {device!r}: this machine has no GPU that torch can use; use cpu")
    return found
