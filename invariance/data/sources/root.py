"""Where data that was downloaded is kept."""

from __future__ import annotations

import os
from pathlib import Path

from invariance.resources import user_cache
from invariance.spec import SpecError


def data_root() -> Path:
    """The folder of all downloaded data: ``$INVARIANCE_DATA``, or ``~/.cache/invariance``; it need not exist yet."""
    given = os.environ.get("INVARIANCE_DATA", "")
    return expand_user(given).absolute() if given else user_cache()


def expand_user(path: str) -> Path:
    """A path with the home folder that ``~`` stands for; raises SpecError where that is not known."""
    try:
        return Path(path).expanduser()
    except (RuntimeError, ValueError):  # the latter where no user could have that name
        raise SpecError(f"{path}: nobody knows the home folder that ~ stands for; give the full path") from None
