"""What all kernels do to a line of numbers that lie side by side."""

from __future__ import annotations

import numpy as np

from invariance.data.compiled.kernels.compiling import part

_U = np.uint64
_NONE = np.float32(0.0)


@part
def keep(source, at, target, to, num):
    """Copies numbers."""
    for k in range(num):
        target[_U(to + k)] = source[_U(at + k)]


@part
def clear(target, to, num):
    """Sets numbers to 0."""
    for k in range(num):
        target[_U(to + k)] = _NONE
