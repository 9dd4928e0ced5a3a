"""A column of a table and what it means, for help texts, pages and the documentation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table.

    Attributes:
        name: its head.
        meaning: a phrase; columns that are read together share one.
        formula: what fills it from the features of twins; empty for what says whose row it is.
    """

    name: str
    meaning: str
    formula: str = ""

    @property
    def words(self) -> str:
        """What it says, for people."""
        return self.meaning


@dataclass(frozen=True, kw_only=True)
class Measure(Column):
    """A column that can be compared between networks, and is shown as a table of its own.

    Attributes:
        title: what it is called.
        scale: what 0 and 1 say, one or two sentences.
        invariant: its value for an invariant network, 0 or 1.
        interval: the columns of its 95 % interval, None if it has none.
    """

    title: str
    scale: str
    invariant: float = 0.0
    interval: tuple[str, str] | None = None

    @property
    def words(self) -> str:
        """What it says, for people."""
        return f"{self.title}: {self.meaning}. {self.scale}"


def in_words(columns: Iterable[Column]) -> list[tuple[str, str]]:
    """Names and meanings, those that share a meaning together, in the order of the first of them."""
    groups: dict[str, list[str]] = {}
    for column in columns:
        groups.setdefault(column.words, []).append(column.name)
    return [(", ".join(names), words) for words, names in groups.items()]
