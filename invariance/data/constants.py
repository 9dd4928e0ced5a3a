"""Constants that stay on a device: one that is made anew for every batch makes a GPU wait for the processor."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor


@lru_cache(maxsize=256)
def constant(values: tuple[float, ...] | float, device: torch.device) -> Tensor:
    """A number () or several (N,), float32, never to be changed in place."""
    with torch.inference_mode(False):  # it is used after the mode that it is first needed in
        return torch.tensor(values, dtype=torch.float32, device=device)
