"""What is in a folder of pictures, as 16 digits that follow from the names and bytes of all pictures that are read.

A file is read once while its size and times stay (path, size, modified, changed), so that thousands of pictures cost a
look at each. What is not read plays no part, nor does where the folder is.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeVar

from invariance.data.picture_folders import folder_of, in_short, is_folder, survey
from invariance.data.sources.hub import hub_repository, repository_folder
from invariance.spec import DatasetSpec, RunSpec, SpecError
from invariance.spec.sources import (
    FOLDER_PREFIX,
    HUB_PREFIX,
    SOURCES,
    contents_of,
    is_folder_source,
    place_of,
)

_DIGITS: Final = 16
_AnyRun = TypeVar("_AnyRun", bound=RunSpec)
Stamp = tuple[int, int, int]


def folder_contents(folder: Path) -> str:
    """The 16 hexadecimal digits that name the pictures under a folder.

    Raises:
        SpecError: one of them cannot be read.
    """
    digest = hashlib.sha256()
    for name, path, stamp in _stamped(folder):
        digest.update(f"{_file_digest(path, stamp)} {name}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:_DIGITS]


def stamp(source: str) -> str:
    """Changes when any picture of a source does, without reading one: what to keep loaded pictures by.

    Args:
        source: any value of ``DatasetSpec.objects``, ``backgrounds`` or ``stickers``; what is built in never changes.
    """
    if not is_folder_source(source) or not is_folder(folder := source_folder(source)):
        return ""
    return hashlib.sha256(repr(list(_stamped(folder))).encode("utf-8", "surrogateescape")).hexdigest()[:_DIGITS]


def source_folder(source: str) -> Path:
    """Where the pictures of a folder or a Hub set are, whether or not they are there.

    Raises:
        SpecError: no folder can have that name.
    """
    if (repository := hub_repository(place_of(source))) is not None:
        return repository_folder(repository)
    return folder_of(source.removeprefix(FOLDER_PREFIX))


def resolve_source(source: str) -> str:
    """A source as a spec should hold it: a folder by its full path and its contents, the same from wherever one asks.

    One that is not there keeps its path alone; whoever reads it says so. One that is written with its contents keeps
    these; whoever reads it compares.

    Raises:
        SpecError: a picture in it cannot be read.
    """
    if not is_folder_source(source):
        return source
    folder = source_folder(source)
    if (repository := hub_repository(place_of(source))) is not None:
        named = HUB_PREFIX + repository
    else:
        named = (FOLDER_PREFIX if source.startswith(FOLDER_PREFIX) else "") + str(_resolved(folder))
    contents = _written_contents(source) or (folder_contents(folder) if is_folder(folder) else "")
    return f"{named}@{contents}" if contents else named


def _written_contents(source: str) -> str:
    """The contents that a source is written with; none where they are the end of a folder's name."""
    contents = contents_of(source)
    is_name = bool(contents) and source_folder(source).name.endswith(f"@{contents}")
    return "" if is_name else contents


def identified(data: DatasetSpec) -> DatasetSpec:
    """A data set whose folders are written with their contents; errors as for :func:`resolve_source`."""
    written = {role: getattr(data, role) for role in SOURCES}
    changed: dict[str, Any] = {
        role: found
        for role, source in written.items()
        if is_folder_source(source) and not _written_contents(source) and (found := resolve_source(source)) != source
    }
    return replace(data, **changed) if changed else data


def identified_run(spec: _AnyRun) -> _AnyRun:
    """A run of :func:`identified` data, before it is asked for: its identity follows."""
    data: Any = identified(spec.data)
    return spec if data is spec.data else replace(spec, data=data)


def require_contents(data: DatasetSpec) -> None:
    """Raises SpecError unless every folder holds the pictures that the data set was asked for with."""
    for role in SOURCES:
        source = getattr(data, role)
        if not is_folder_source(source) or not (asked := _written_contents(source)):
            continue
        folder, named = source_folder(source), f"{role} = {in_short(source)}"
        if not is_folder(folder):
            raise SpecError(
                f"{named}: no such folder that can be read any more; put its pictures ({asked}) back, or ask with the "
                "folder that they are in now, which is the same run"
            )
        if (found := folder_contents(folder)) != asked:
            raise SpecError(
                f"{named}: its pictures have changed since this was asked for ({asked}, now {found}); put the former "
                "ones back, or ask anew for what is there now, which is another run"
            )


def _resolved(folder: Path) -> Path:
    try:
        return folder.resolve()
    except (OSError, ValueError, RuntimeError):  # a name that no system could have: whoever reads it says so
        return folder.absolute()


def _stamped(folder: Path) -> list[tuple[str, str, Stamp]]:
    return [(picture.name, str(picture.path), file_stamp(picture.path)) for picture in survey(folder).pictures]


def file_stamp(path: Path) -> Stamp:
    """Size and times of a file, which tell when it has to be read again; SpecError if it cannot be looked at."""
    try:
        about = os.stat(path)
    except OSError as error:
        raise _unreadable(str(path), error) from error
    return about.st_size, about.st_mtime_ns, about.st_ctime_ns


def file_digest(path: Path) -> str:
    """The SHA-256 of a file, read once while its stamp stays; SpecError if it cannot be read."""
    return _file_digest(str(path), file_stamp(path))


@lru_cache(maxsize=2**17)
def _file_digest(path: str, stamp: Stamp) -> str:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: str, error: OSError) -> SpecError:
    return SpecError(f"{path}: cannot be read ({error.strerror}); make it readable, or take it out of the folder")
