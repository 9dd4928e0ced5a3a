"""The question in the page's link: what its parts are, what of a link can be used, and how a part is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import streamlit as st

from invariance.runs import gallery
from invariance.spec import SpecError
from invariance.spec.question import NONE, SEPARATOR, UNTRAINED, composition_of
from invariance.vocabulary.architectures import ARCHITECTURES
from invariance.vocabulary.choices import TRANSFER_METHODS
from invariance.vocabulary.transforms import TRANSFORM_NAMES
from pages.shared import links
from pages.shared.networks import Networks

DEFAULTS: Mapping[str, tuple[str, ...]] = {
    "sources": ("rotate,hue", "blur", NONE),
    "targets": ("rotate,hue", "blur"),
    "models": ("small",),
    "methods": ("linear-probe",),
    "images": ("200",),
    "seeds": ("0", "1", "2"),
}
"""The parts of a question by their names in the link; at these values a part is left out of it."""
SEPARATORS: Mapping[str, str] = {"sources": SEPARATOR, "targets": SEPARATOR}
"""Of those whose values may have commas themselves."""
MOST = 8
"""Values of a part on this page: more do not make a readable sentence, and the command line takes them."""
MAX_DIGITS = 9


@dataclass(frozen=True)
class Asked:
    """The parts of the question, none of them empty.

    Attributes:
        values: by the name of a part.
        networks: title by what a question calls a network that is here.
        unusable: what the link says besides.
    """

    values: Mapping[str, tuple[str, ...]]
    networks: Mapping[str, str]
    unusable: tuple[str, ...]

    @property
    def fields(self) -> dict[str, Any]:
        """Of a ``QuestionSpec``."""
        numbers = {name: tuple(map(int, self.values[name])) for name in ("images", "seeds")}
        texts = {name: self.values[name] for name in ("sources", "targets", "models", "methods")}
        return texts | {"num_images": numbers["images"], "seeds": numbers["seeds"]}

    def replaced(self, part: str, number: int, value: str) -> tuple[str, ...]:
        """The values of a part with another one at a place."""
        values = list(self.values[part])
        values[number : number + 1] = [value]
        return tuple(values)


def read_link(known: Networks) -> Asked:
    """What the link asks.

    Args:
        known: networks that are here.
    """
    # A shipped network goes by its run: its name, such as hue, is the composition.
    shipped = {entry.name: entry.run_id for entry in gallery.entries()}
    networks = {shipped.get(reference, reference): model.label for reference, model in known.items()}
    usable: dict[str, Callable[[str], bool]] = {
        "sources": lambda text: text in (UNTRAINED, *networks) or _composition(text) is not None,
        "targets": lambda text: text != NONE and bool(_composition(text)),
        "models": ARCHITECTURES.__contains__,
        "methods": TRANSFER_METHODS.__contains__,
        "images": lambda text: _is_number(text) and int(text) > 0,
        "seeds": _is_number,
    }
    values, unusable = {}, list[str]()
    for part, usual in DEFAULTS.items():
        separator = SEPARATORS.get(part, ",")
        texts = [text.strip() for text in st.query_params.get(part, "").split(separator)]
        # A composition may be there twice while one of them is changed; the question says so.
        given = [text for text in (texts if separator == SEPARATOR else dict.fromkeys(texts)) if text]
        good = [text for text in given if usable[part](text)]
        unusable += [text for text in given if text not in good]
        values[part] = tuple(good[:MOST]) or usual
    return Asked(values, networks, tuple(unusable))


def write(part: str, values: Iterable[str]) -> None:
    """Puts other values of a part into the link."""
    values = tuple(values)
    links.choice(part, None if values in ((), DEFAULTS[part]) else SEPARATORS.get(part, ",").join(values))


def one_more(part: str, values: tuple[str, ...]) -> str:
    """A value that a part may have besides those that it has: the first transformation that none of them varies."""
    if part == "sources" and NONE not in values:
        return NONE
    varied = {name for text in values for name in _composition(text) or ()}
    return next((name for name in TRANSFORM_NAMES if name not in varied), TRANSFORM_NAMES[0])


def _composition(text: str) -> tuple[str, ...] | None:
    with suppress(SpecError):
        return composition_of(text)
    return None


def _is_number(text: str) -> bool:
    return text.isdecimal() and text.isascii() and len(text) <= MAX_DIGITS
