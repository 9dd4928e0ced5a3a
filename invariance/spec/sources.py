"""How sources of pictures are written: what is built in, and somebody's folder with what is in it.

In a run's spec a folder is its place and its contents, ``/home/ada/photos@3f9a0c11d2e4b567``: the latter are 16 digits
that follow from its pictures (see :mod:`invariance.data.picture_contents`). The contents are part of the run's identity
and the place is not, so a folder that has changed is another one, and one that was moved is the same.
"""

from __future__ import annotations

import re
from typing import Final

CIFAR_SOURCES: Final = ("cifar10", "cifar100")
FOLDER_PREFIX: Final = "images:"
HUB_PREFIX: Final = "hub:"
SOURCES: Final = ("objects", "backgrounds", "stickers")
"""Fields of a data set that may name a folder."""

_WRITTEN: Final = re.compile(r"(?P<kind>images:|hub:|)(?P<rest>.*?)(?:@(?P<contents>[0-9a-f]{16}))?", re.DOTALL)


def is_folder_source(source: str) -> bool:
    """Whether a source is somebody's own: a folder, or a set of the Hub."""
    return bool(source) and source not in ("builtin", "noise", *CIFAR_SOURCES) and not source.startswith("#")


def place_of(source: str) -> str:
    """A source without its contents."""
    found = _parts(source)
    return found["kind"] + found["rest"]


def contents_of(source: str) -> str:
    """The contents that a source is written with; empty where it is not."""
    return _parts(source)["contents"] or ""


def identity_of(source: str) -> str:
    """What of a source is part of a run's identity: its contents in place of where they are, if they are known."""
    found = _parts(source)
    return source if not found["contents"] else f"{found['kind']}@{found['contents']}"


def _parts(source: str) -> re.Match[str]:
    found = _WRITTEN.fullmatch(source)
    assert found is not None
    return found
