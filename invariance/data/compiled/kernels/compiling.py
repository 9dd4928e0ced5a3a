"""How kernels are compiled."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba

from invariance.resources import is_writable, user_cache

F = TypeVar("F", bound=Callable[..., Any])

_RULES: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": {"nnan", "nsz"}}
"""Python's lock is not held. Nothing is NaN, and the sign of 0 is free.

No sum is rearranged, and no product and sum are rounded as one ("contract", a tenth faster): whether they could be
would depend on what the compiler inlines where, so that a kernel that was just compiled, and the same one as the next
process loads it, would differ in the last bit.
"""
_KERNELS: list[Any] = []


def num_loaded() -> int:
    """How many kernels are loaded, each for each of the types it was called with."""
    return sum(len(kernel.signatures) for kernel in _KERNELS)


def kernel(function: F) -> F:
    """Compiles what Python calls, for the types it is first called with, and keeps the result for later processes."""
    config: Any = numba.config
    before = config.CACHE_DIR
    try:
        config.CACHE_DIR = str(_compiled_folder())
        compiled = numba.njit(cache=True, **_RULES)(function)
    except RuntimeError:  # no home, or nowhere to write
        compiled = numba.njit(**_RULES)(function)
    finally:
        config.CACHE_DIR = before
    _KERNELS.append(compiled)
    return compiled


def part(function: F) -> F:
    """Compiles a part of kernels."""
    return numba.njit(**_RULES)(function)


def inlined(function: F) -> F:
    """Compiles a part into each place where it stands: for a pixel's work, which is shorter than a call."""
    return numba.njit(inline="always", **_RULES)(function)


@cache
def _compiled_folder() -> Path:
    """One for each state of these files: by itself numba looks at a kernel's own file, not at those of its parts.

    Raises:
        RuntimeError: it would be the user's, who has no home.
    """
    folder = Path(__file__).parent
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(folder.glob("*.py"))))
    kept = folder / "__pycache__" if is_writable(folder) else user_cache() / "kernels"
    return kept / digest.hexdigest()[:16]
