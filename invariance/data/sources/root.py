"""Where data that was downloaded is kept."""

from __future__ import annotations

import os
from pathlib import Path

from invariance.resources import user_cache


def data_root() -> Path:
    """The folder of all downloaded data: ``$INVARIANCE_DATA``, or ``~/.cache/invariance``; it need not exist yet."""
    given = os.environ.get("INVARIANCE_DATA", "")
    return Path(given).expanduser().absolute() if given else user_cache()
