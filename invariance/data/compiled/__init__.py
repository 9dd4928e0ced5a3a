"""What the engine does on a CPU, compiled by numba: the same pixels up to rounding, in a fraction of the time.

Torch's operations on batches define every transformation and make what runs on a GPU and all floats. Here the bytes of
many samples are made on a CPU, where numba is installed.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec


@cache
def is_available() -> bool:
    """Whether numba is installed; it is imported when something is first rendered."""
    return find_spec("numba") is not None
