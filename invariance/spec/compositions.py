"""Compositions of transformations: read from text and written, checked, and put into the order in which they act."""

from __future__ import annotations

from invariance.spec.checks import SpecError
from invariance.vocabulary.transforms import KNOWN_TRANSFORMS, TRANSFORM_NAMES, TRANSFORMATIONS


def parse_transforms(text: str) -> tuple[str, ...]:
    """Reads a comma-separated list of transformations, as on the command line.

    Args:
        text: names separated by commas; ``none`` or an empty text is the empty composition, ``all`` the paper's 18.

    Returns:
        The names in the order given, which is the order of application.

    Raises:
        SpecError: a name is unknown, given twice, or missing between two commas.
    """
    names = tuple(part.strip() for part in text.strip().removesuffix(",").split(",")) if text.strip() else ()
    if not all(names):
        raise SpecError(f"transforms = {text!r}: there is no name between two commas; leave one out")
    if names == ("all",):
        return TRANSFORM_NAMES
    if names == ("none",):
        return ()
    check_transforms(names)
    return names


def transforms_text(names: tuple[str, ...]) -> str:
    """A composition as :func:`parse_transforms` reads it."""
    return ",".join(names) or "none"


def check_transforms(names: tuple[str, ...]) -> None:
    """Raises SpecError unless every name is a transformation and none is given twice."""
    for name in names:
        if name not in TRANSFORMATIONS:
            near = nearest_transform(name)
            hint = f" (the nearest is {near})" if near else ""
            raise SpecError(
                f"unknown transformation {name!r}{hint}: choose from none, {', '.join(KNOWN_TRANSFORMS)}, or import "
                "the module that registers it (--import MODULE)"
            )
    if len(set(names)) != len(names):
        raise SpecError(f"a transformation is given twice in {','.join(names)}: name each one once")


def nearest_transform(name: str) -> str:
    """The transformation whose name is most like another one; empty where none is."""
    from difflib import get_close_matches  # 2 ms, for a mistake

    return next(iter(get_close_matches(name.lower(), list(KNOWN_TRANSFORMS), n=1)), "")


def order_transforms(names: tuple[str, ...]) -> tuple[str, ...]:
    """The composition in the order in which it acts: pose picks the picture first, an occluder comes in front last."""
    return tuple(sorted(names, key=lambda name: TRANSFORMATIONS[name].place))
