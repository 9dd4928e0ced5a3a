"""Where lies what is not code of this package: the app, the gallery and the benchmarks, and what is kept for later."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).parent
_SHIPPED: Final = _PACKAGE / "_project"
"""In an installed package: what a clone has beside the package (``pyproject.toml`` lists it)."""


def is_installed() -> bool:
    """Whether this is the built package, and not a clone of the repository."""
    return _SHIPPED.is_dir()


@cache
def project_folder() -> Path:
    """The folder with ``app.py``, ``pages``, ``static``, ``.streamlit``, ``checkpoints`` and ``benchmarks``."""
    return _SHIPPED if is_installed() else _PACKAGE.parent


def user_cache() -> Path:
    """Where a user's files are kept that can be made again; it need not exist yet.

    A user without a home, as in a container that runs under any number, has a temporary folder of that number.
    """
    try:
        return Path.home() / ".cache" / "invariance"
    except RuntimeError:
        return Path(tempfile.gettempdir()) / f"invariance-{os.getuid() if hasattr(os, 'getuid') else 'user'}"


def is_writable(folder: Path) -> bool:
    """Whether files made on the way may lie in a folder of the project: in a clone that can be written."""
    return not is_installed() and os.access(folder, os.W_OK)
