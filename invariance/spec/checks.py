"""Checks that a spec makes of its values, and the one error that speaks to the user."""

from __future__ import annotations

from typing import Any


class SpecError(ValueError):
    """A value that a user gave and that cannot be used; the message names it, what is accepted, and the remedy."""


def freeze(spec: Any, *names: str) -> None:
    """Turns lists (as read from JSON) into tuples, so that a spec stays hashable."""
    for name in names:
        value = getattr(spec, name)
        if isinstance(value, str):
            raise SpecError(f"{name} = {value!r}: give a list of names, not one text")
        object.__setattr__(spec, name, tuple(value))


def require(holds: bool, name: str, value: Any, accepted: str) -> None:
    """Raises SpecError unless something holds."""
    if not holds:
        raise SpecError(f"{name} = {value!r}: expected {accepted}")


def require_count(name: str, value: Any, low: int, high: int) -> None:
    """Raises SpecError unless a value is a whole number in [low, high]."""
    is_count = isinstance(value, int) and not isinstance(value, bool)
    require(is_count and low <= value <= high, name, value, f"a whole number from {low} to {high}")


def require_number(name: str, value: Any, low: float, high: float) -> None:
    """Raises SpecError unless a value is a number in [low, high]."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    require(is_number and low <= value <= high, name, value, f"a number from {low:g} to {high:g}")
