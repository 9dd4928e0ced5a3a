"""Getting data sets onto this machine, when somebody asks for it.

Nothing is downloaded on the way to something else: it takes the command or a button, and else one line says so.
"""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Final

from filelock import FileLock

from invariance.data.sources.cifar import dataset_class, has_files, repair_class_names
from invariance.data.sources.hub import CONFIGURATIONS, hub_folder, hub_repository, local_folder
from invariance.data.sources.pictures import CIFAR_SOURCES
from invariance.data.sources.root import data_root
from invariance.data.sources.watch import watch_file
from invariance.spec import SpecError

DOWNLOADS: Final = (*CIFAR_SOURCES, "hub", "hub:<owner>/<name>")

_ARCHIVE_BYTES = {"cifar10": 170_498_071, "cifar100": 169_001_437}


def download(source: str, on_progress: Callable[[int, int], None] | None = None) -> tuple[Path, ...]:
    """Gets a data set unless it is there already.

    Args:
        source: ``cifar10``, ``cifar100``, ``hub`` (the authors' objects and backgrounds), or ``hub:<owner>/<name>``
            (a data set of the same form).
        on_progress: told (done, in all), from another thread: bytes of CIFAR's archive, pictures written of the Hub's.

    Returns:
        The folders that hold it.

    Raises:
        SpecError: the source is unknown, cannot be reached, came damaged, or cannot be written.
    """
    if (repository := hub_repository(source)) is not None:
        return tuple(hub_folder(repository, name, on_progress=on_progress) for name in CONFIGURATIONS)
    _require_known(source)
    return (_download_cifar(source, on_progress),)


def is_downloaded(source: str) -> bool:
    """Whether a data set that can be downloaded is on this machine, at the cost of looking for its files.

    Raises:
        SpecError: the source is none that can be downloaded.
    """
    if (repository := hub_repository(source)) is not None:
        return all(local_folder(repository, name).is_dir() for name in CONFIGURATIONS)
    _require_known(source)
    return has_files(source)


def _require_known(source: str) -> None:
    if source not in CIFAR_SOURCES:
        raise SpecError(f"data set = {source!r}: expected {', '.join(DOWNLOADS)}")


def _download_cifar(source: str, on_progress: Callable[[int, int], None] | None) -> Path:
    kind, root = dataset_class(source), data_root()
    archive = root / str(kind.filename)
    with _cifar_errors(source, str(kind.url), root):
        root.mkdir(parents=True, exist_ok=True)
        with FileLock(root / f"{source}.lock"), watch_file(archive, _ARCHIVE_BYTES[source], on_progress):
            repair_class_names(source)
            # Files whose checksum is right are left alone, and so is a whole archive.
            kind(root, download=True)
    return root / str(kind.base_folder)


@contextmanager
def _cifar_errors(source: str, url: str, root: Path) -> Iterator[None]:
    from urllib.error import URLError

    try:
        yield
    except (URLError, HTTPException, ConnectionError, TimeoutError) as error:
        raise SpecError(
            f"{source}: cannot be downloaded from {url} ({getattr(error, 'reason', error)}); connect to the network "
            f"and try again, or put that file into {root} and ask again"
        ) from error
    except (RuntimeError, tarfile.TarError, EOFError) as error:
        raise SpecError(f"{source}: what came from {url} is damaged ({error}); ask again") from error
    except OSError as error:
        raise SpecError(
            f"{root}: cannot be written ({error.strerror or error}); {source} needs 360 MB while it is unpacked, "
            "so make room or set INVARIANCE_DATA to another folder"
        ) from error
