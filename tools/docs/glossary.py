"""The page of terms, from the vocabulary."""

from __future__ import annotations


def glossary() -> str:
    """The whole page."""
    return ""
