"""Where things lie on the server, which its visitors are not told on one that is shared."""

from __future__ import annotations

import os
from pathlib import Path

from invariance.runs.store import default_root
from pages.shared.serving import visitor

FOLDERS_VARIABLE = "INVARIANCE_FOLDERS"


def approved() -> list[Path]:
    """The folders of pictures that the owner of a shared server lets its visitors use."""
    given = os.environ.get(FOLDERS_VARIABLE, "").split(os.pathsep)
    return [Path(folder).resolve() for folder in given if folder.strip()]


def shown(text: str) -> str:
    """A text for the visitor: on a shared server without the folders that lead to its files."""
    if not visitor.is_shared():
        return text
    roots = {str(root) for root in (default_root(), *(folder.parent for folder in approved()), Path.cwd(), Path.home())}
    for root in sorted(roots - {"/"}, key=len, reverse=True):
        text = text.replace(root, "…")
    return text
