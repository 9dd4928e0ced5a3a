"""What the engine does on a CPU, compiled by numba: the same pixels up to rounding, in a fraction of the time.

Torch's operations on batches define every transformation and make what runs on a GPU and all floats. Here the bytes of
many samples are made on a CPU, where numba is installed and every transformation of the composition is known to it.
"""

from __future__ import annotations

import warnings
from functools import cache
from importlib.util import find_spec


@cache
def is_available() -> bool:
    """Whether there is a numba that can be imported, which the first call does where one is installed."""
    if find_spec("numba") is None:
        return False
    try:
        import numba  # noqa: F401
    except Exception as error:  # it fails in its own ways: of a numpy too new for it, of LLVM's library, of a half copy
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        warnings.warn(
            f"numba is installed, but cannot be imported ({reason}); images are made without it, several times slower",
            RuntimeWarning,
            stacklevel=2,
        )
        return False
    return True
