"""The page of what was measured, from the records: ``benchmarks/results``, ``checkpoints`` and the shipped studies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tools.docs.gpu import gpu_records
from tools.docs.records import record
from tools.docs.results import overview, trust
from tools.docs.speed import engine, probe, training
from tools.docs.studies import studies
from tools.docs.text import paragraph


def measurements() -> str:
    """The whole page."""
    return "\n\n".join(part() for part in PARTS) + "\n"


def _opening() -> str:
    return "# What was measured\n\n" + paragraph(
        f"""Every figure here is read from a record: `benchmarks/results/*.json`, which names the command, the machine
        and the date; the tables of the gallery in `checkpoints/`; and the summaries of the studies that ship in
        `invariance/studies/results/`. `python -m tools.docs` makes this page from them, and a test holds it to them.
        The machine was {record("data-engine")["hardware"]}. {_on_gpus()}"""
    )


def _on_gpus() -> str:
    if cards := [one.card for one in gpu_records()]:
        return f"What was measured on {' and '.join(cards)} is [on a page of its own](gpu.md)."
    return """**Nothing has been measured on a GPU yet**: where a sentence speaks of one, it says what the program does
    there, not how fast ([on a GPU](gpu.md))."""


PARTS: Final[tuple[Callable[[], str], ...]] = (_opening, overview, studies, engine, training, probe, trust)
"""The page from top to bottom."""
