"""Implementations find their declarations by name, and a missing one is found when the program starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol, TypeVar

Implementation = TypeVar("Implementation")


class Named(Protocol):
    """A declaration."""

    @property
    def name(self) -> str:
        """By which implementations attach to it."""
        ...


Declaration = TypeVar("Declaration", bound=Named)


def by_name(kind: str, *declarations: Declaration) -> dict[str, Declaration]:
    """Declarations by their names, in the order in which they are offered.

    Args:
        kind: what they are, for the message: ``transformation``, ``architecture``, ...
        *declarations: each with a name of its own.

    Raises:
        ImportError: a name is declared twice.
    """
    names = [declaration.name for declaration in declarations]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise ImportError(f"{kind} {', '.join(repeated)}: declared more than once")
    return dict(zip(names, declarations, strict=True))


def attach(
    kind: str, declared: Iterable[str], implementations: Mapping[str, Implementation]
) -> dict[str, Implementation]:
    """The implementations in the order of their declarations.

    Args:
        kind: what they are, for the message: ``transformation``, ``architecture``, ...
        declared: names of the declarations, in the order in which they are offered.
        implementations: by name.

    Raises:
        ImportError: a declaration has no implementation, or an implementation no declaration.
    """
    names = list(declared)
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise ImportError(f"{kind} {', '.join(repeated)}: declared more than once")
    if missing := [name for name in names if name not in implementations]:
        raise ImportError(f"{kind} {', '.join(missing)}: declared in invariance.vocabulary, but implemented nowhere")
    if left_over := [name for name in implementations if name not in names]:
        raise ImportError(f"{kind} {', '.join(left_over)}: implemented, but not declared in invariance.vocabulary")
    return {name: implementations[name] for name in names}
