"""The records that pages are made from, and how their figures are written."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
RESULTS: Final = ROOT / "benchmarks" / "results"
BACKGROUNDS_SPLIT: Final = "2026-11-28"
"""The day from which on test images have backgrounds of their own."""


def record(name: str) -> dict[str, Any]:
    """One file of ``benchmarks/results``."""
    found: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def gallery_rows(file: str) -> list[dict[str, str]]:
    """The rows of a table of the gallery."""
    with (ROOT / "checkpoints" / file).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def command(found: dict[str, Any]) -> str:
    """The command of a record, as somebody types it who has installed the package."""
    words: str = found["command"]
    return words.removeprefix("python -m ") if words.startswith("python -m invariance") else words


def code(found: dict[str, Any]) -> str:
    """The same as code."""
    return f"`{command(found)}`"


def of_shared_backgrounds(found: dict[str, Any]) -> bool:
    """Whether a record is older than the split of backgrounds: its test images showed those of training."""
    date: str = found["date"]
    return date < BACKGROUNDS_SPLIT


def two_digits(value: str) -> str:
    """A figure of a table with two digits after the point."""
    return f"{float(value):.2f}"


def percent(share: float) -> str:
    """A share of one in percent."""
    return f"{100 * share:.0f} %"


def span(ends: list[float]) -> str:
    """The lowest and the highest of some figures, or one figure where they are the same."""
    low, high = ends
    return f"{low}" if low == high else f"{low} to {high}"
