"""Which folders of pictures a visitor may use on a shared server, where nobody names a path.

These are the visitor's own uploads and the folders that the server's owner approved (``INVARIANCE_FOLDERS``, paths with
the system's separator between them). Pages and links call them by digits, which open for nobody else: to anybody but
its owner a collection is as unknown as one that does not exist.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from invariance.data.picture_contents import source_folder
from invariance.data.uploads.collection import claim_collection, collections_of
from invariance.runs.limits import limits
from invariance.spec import RunSpec
from invariance.spec.sources import HUB_PREFIX, SOURCES, is_folder_source, place_of
from pages.shared.serving import server, visitor
from pages.shared.serving.places import approved

ROLE_FOLDERS = {"objects": "foregrounds", "stickers": "foregrounds", "backgrounds": "backgrounds"}


@dataclass(frozen=True)
class Offered:
    """A folder that a visitor may use.

    Attributes:
        title: for people.
        path: on the server, which nobody sees.
    """

    title: str
    path: Path


def offered(role: str) -> dict[str, Offered]:
    """The folders for a role of :data:`~invariance.spec.sources.SOURCES`, by what links call them."""
    found = {}
    for number, folder in enumerate(collections_of(server.pictures_root(), visitor.names())):
        if (path := folder / ROLE_FOLDERS[role]).is_dir():
            found[folder.name] = Offered("My pictures" if number == 0 else f"My pictures, before that ({number})", path)
    for folder in approved():
        digits = hashlib.sha256(str(folder).encode("utf-8", "surrogateescape")).hexdigest()[:12]
        found[digits] = Offered(folder.name, folder)
    return found


def own(folder: Path) -> str:
    """Makes a stored collection the visitor's, and returns what links call it."""
    claim_collection(folder, visitor.owner())
    return folder.name


def may_see(spec: RunSpec) -> bool:
    """Whether the pictures that a run was made with may be shown to the visitor."""
    if visitor.may_do_all():
        return True
    places = {role: place_of(getattr(spec.data, role)) for role in SOURCES}
    return all(
        not is_folder_source(place)
        or place.startswith(HUB_PREFIX)
        or source_folder(place) in {one.path for one in offered(role).values()}
        for role, place in places.items()
    )


def how_long() -> str:
    """What a visitor of a shared server has to know of what is made there."""
    return (
        f"On this server what you make is removed after {limits().hours:g} hours, or when the teacher says so: take "
        "with you what you want to keep."
    )
