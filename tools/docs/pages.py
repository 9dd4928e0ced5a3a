"""Which pages of ``docs/`` are made, and by what; a test compares each with its file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from tools.docs.glossary import glossary
from tools.docs.gpu import gpu
from tools.docs.measurements import measurements

DOCS: Final = Path(__file__).parents[2] / "docs"
PAGES: Final[dict[str, Callable[[], str]]] = {
    "measurements.md": measurements,
    "glossary.md": glossary,
    "gpu.md": gpu,
}
"""The text of a page by the name of its file."""
