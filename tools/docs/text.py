"""Markdown from plain values."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Final

WIDTH: Final = 100
"""Characters of a line of prose; a table's row is one line, however long."""


def paragraph(text: str) -> str:
    """Text in lines of at most :data:`WIDTH` characters."""
    return textwrap.fill(" ".join(text.split()), WIDTH, break_long_words=False, break_on_hyphens=False)


def bullet(text: str) -> str:
    """One item of a list."""
    words = " ".join(text.split())
    return textwrap.fill(
        words, WIDTH, initial_indent="* ", subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; every cell is text."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
