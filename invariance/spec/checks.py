"""Checks that a spec makes of its values, and the one error that speaks to the user."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import is_dataclass
from typing import Any, Final

_MOST_SAID: Final = 200
"""Characters of somebody else's error."""


class SpecError(ValueError):
    """A value that a user gave and that cannot be used; the message names it, what is accepted, and the remedy."""


def one_line(error: BaseException, *, kind: bool = False) -> str:
    """What somebody else's error says, for an error of one line; its kind where it says nothing.

    Args:
        error: of a library, or of code that a user brings.
        kind: whether the kind of error is told too, as of code that a user has to mend.
    """
    name, words = type(error).__name__, " ".join(str(error).split())[:_MOST_SAID]
    return f"{name}: {words}" if kind and words else words or name


def freeze(spec: Any, *names: str) -> None:
    """Turns lists (as read from JSON) into tuples, so that a spec stays hashable."""
    for name in names:
        value = getattr(spec, name)
        if isinstance(value, str):
            raise SpecError(f"{name} = {value!r}: give a list of names, not one text")
        require(isinstance(value, Iterable), name, value, "a list of names")
        names = tuple(value)
        require(all(isinstance(one, str) for one in names), name, names, "a list of names")
        object.__setattr__(spec, name, names)


def require(holds: bool, name: str, value: Any, accepted: str) -> None:
    """Raises SpecError unless something holds."""
    if not holds:
        raise SpecError(f"{name} = {_shown(value)}: expected {accepted}")


def require_kind(kind: type, name: str, value: Any, accepted: str) -> None:
    """Raises SpecError unless a value is of a class."""
    require(isinstance(value, kind), name, value, accepted)


def require_choice(name: str, value: Any, known: Iterable[str]) -> None:
    """Raises SpecError unless a value is one of some names."""
    names = tuple(known)
    require(isinstance(value, str) and value in names, name, value, " or ".join(names))


def _shown(value: Any) -> str:
    """A value in an error of one line: of an array its kind and shape, of a spec or a network its kind."""
    if getattr(value, "shape", None):
        return f"a {type(value).__name__} {tuple(value.shape)} of {str(value.dtype).removeprefix('torch.')}"
    text = repr(value)
    return f"a {type(value).__name__}" if is_dataclass(value) or "\n" in text else text


def require_count(name: str, value: Any, low: int, high: int) -> None:
    """Raises SpecError unless a value is a whole number in [low, high]."""
    is_count = isinstance(value, int) and not isinstance(value, bool)
    require(is_count and low <= value <= high, name, value, f"a whole number from {low} to {high}")


def require_number(name: str, value: Any, low: float, high: float) -> None:
    """Raises SpecError unless a value is a number in [low, high]."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    require(is_number and low <= value <= high, name, value, f"a number from {low:g} to {high:g}")
