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


def in_words(columns: Iterable[Column]) -> list[tuple[str, str]]:
    """Names and meanings, those that share a meaning together, in the order of the first of them."""
    groups: dict[str, list[str]] = {}
    for column in columns:
        groups.setdefault(column.words, []).append(column.name)
    return [(", ".join(names), words) for words, names in groups.items()]
