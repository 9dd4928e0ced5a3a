"""The authors' base set of objects and backgrounds, from the Hugging Face Hub.

What is downloaded becomes a folder in the SI-Score layout, so there is no second way to read objects and backgrounds.
"""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

from filelock import FileLock

from invariance.data.picture_files import FORMATS_TEXT, ending_of
from invariance.data.picture_folders import composed
from invariance.data.sources.parquet import num_rows, read_pictures
from invariance.data.sources.root import data_root
from invariance.extras import require_extra
from invariance.spec import SpecError
from invariance.spec.sources import HUB_PREFIX, place_of

BASE_SET: Final = "tillspeicher/transforms_2d_base"
CONFIGURATIONS: Final = ("foregrounds", "backgrounds")

_CONVERTED = "refs/convert/parquet"
"""The branch in which the Hub itself keeps every data set as parquet files ``<configuration>/<split>/<number>``."""

_REPOSITORY = re.compile(r"[A-Za-z0-9_][\w.-]*/[A-Za-z0-9_][\w.-]*", re.ASCII)
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)
_MAX_NAME = 60


def hub_folder(repository: str, configuration: str, *, on_progress: Callable[[int, int], None] | None = None) -> Path:
    """A local folder of a data set's pictures in the SI-Score layout, downloaded when it is not there yet.

    Args:
        repository: ``<owner>/<name>`` on the Hugging Face Hub, such as ``tillspeicher/transforms_2d_base``.
        configuration: ``foregrounds`` or ``backgrounds``.
        on_progress: told (pictures written, pictures in all) after the download, which shows its own bar.

    Returns:
        The folder: ``<class>/<number>.png`` with alpha for foregrounds, flat for backgrounds; numbers in the order of
        the data set, JPEG and WebP pictures under their own suffix.

    Raises:
        SpecError: the Hub cannot be reached and nothing is cached, the data is of another form, or a package that
            reads it is not installed.
    """
    folder = local_folder(repository, configuration)
    if folder.is_dir():
        return folder
    for package in ("huggingface_hub", "pyarrow"):
        require_extra(package, f"a data set of the Hub ({repository})")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_name(f"{configuration}.lock")):
            if not folder.is_dir():
                files = _download(repository, configuration)
                _write_folder(files, folder, labelled=configuration == "foregrounds", on_progress=on_progress)
    except OSError as error:
        raise SpecError(
            f"{folder}: cannot be written ({error.strerror or error}); make room, or set INVARIANCE_DATA elsewhere"
        ) from error
    return folder


def downloaded_hub_folder(repository: str, configuration: str) -> Path:
    """As :func:`hub_folder`, but never starts a download.

    Raises:
        SpecError: it is not on this machine; the message names the command that gets it.
    """
    folder = local_folder(repository, configuration)
    if not folder.is_dir():
        source = "hub" if repository == BASE_SET else HUB_PREFIX + repository
        raise SpecError(
            f"{source}: its {configuration} are not in {folder.parent}; get them with "
            f"python -m invariance download {source}"
        )
    return folder


def hub_repository(source: str) -> str | None:
    """The repository that ``hub`` or ``hub:<owner>/<name>`` stands for, or None for any other source."""
    source = place_of(source)
    if source == "hub":
        return BASE_SET
    return source.removeprefix(HUB_PREFIX) if source.startswith(HUB_PREFIX) else None


def local_folder(repository: str, configuration: str) -> Path:
    """Where :func:`hub_folder` keeps the pictures; it exists only when it is complete.

    Raises:
        SpecError: the repository or the configuration is not of the form accepted.
    """
    if configuration not in CONFIGURATIONS:
        raise SpecError(f"configuration = {configuration!r}: expected {' or '.join(CONFIGURATIONS)}")
    return repository_folder(repository) / configuration


def repository_folder(repository: str) -> Path:
    """Where the pictures of a data set are kept; SpecError if no data set can have that name."""
    if _REPOSITORY.fullmatch(repository) is None:
        raise SpecError(f"repository = {repository!r}: expected <owner>/<name>, such as {BASE_SET}")
    return data_root() / "hub" / repository.replace("/", "--")


def safe_name(label: str) -> str:
    """A class name that every file system takes: letters, digits, spaces, ``-`` and ``_``, at most 60 of them."""
    letters = unicodedata.normalize("NFC", label)
    kept = "".join(letter if letter.isalnum() or letter in " -_" else "_" for letter in letters)[:_MAX_NAME].strip()
    return f"{kept}_" if not kept or _RESERVED.fullmatch(kept) else kept


def _download(repository: str, configuration: str) -> list[Path]:
    """The data set's parquet files, in order, out of the Hub's own cache where they are there already."""
    import huggingface_hub
    from huggingface_hub.errors import RevisionNotFoundError

    with _hub_errors(repository):
        for revision in ("main", _CONVERTED):
            try:
                names = huggingface_hub.list_repo_files(repository, repo_type="dataset", revision=revision)
            except RevisionNotFoundError:
                continue
            if found := sorted(name for name in names if _belongs(name, configuration)):
                return [
                    Path(huggingface_hub.hf_hub_download(repository, name, repo_type="dataset", revision=revision))
                    for name in found
                ]
    raise SpecError(f"{repository}: no parquet file of the configuration {configuration} there; is the name right?")


def _belongs(name: str, configuration: str) -> bool:
    """Whether a file in a repository is a parquet file of a configuration, by its folder or the start of its name."""
    path = PurePosixPath(name)
    return path.suffix == ".parquet" and (
        configuration in path.parts[:-1] or re.fullmatch(rf"{configuration}([-._].*)?", path.stem) is not None
    )


@contextmanager
def _hub_errors(repository: str) -> Iterator[None]:
    """Turns what can go wrong on the way to the Hub into one line; the library's own warnings would be many more."""
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, HTTPError, RepositoryNotFoundError
    from huggingface_hub.utils import logging

    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise SpecError(f"{repository}: no such public data set on the Hugging Face Hub; check the name") from error
    except HfHubHTTPError as error:
        raise SpecError(f"{repository}: the Hub refused ({_first_line(error)}); try again later") from error
    except (HTTPError, OSError, RuntimeError) as error:  # RuntimeError: what the transfer library hf-xet raises
        raise SpecError(
            f"{repository}: cannot be downloaded from huggingface.co ({_first_line(error)}); connect to the network "
            "and try again, or use the built-in pictures"
        ) from error
    finally:
        logging.set_verbosity(verbosity)


def _first_line(error: Exception) -> str:
    from huggingface_hub.errors import OfflineModeIsEnabled

    if isinstance(error, OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE is set"
    return (str(error).strip() or type(error).__name__).splitlines()[0][:160]


def _write_folder(
    files: list[Path], folder: Path, *, labelled: bool, on_progress: Callable[[int, int], None] | None
) -> None:
    """Writes all pictures beside the folder and gives it its name at the end, so that it is whole or absent."""
    partial = folder.with_name(f"{folder.name}.partial")
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir()
    total, names, counts = num_rows(files), dict[str, str](), dict[str, int]()
    for done, (content, written) in enumerate(read_pictures(files, labelled=labelled), start=1):
        label = composed(written)
        if label not in names:
            names[label] = _distinct(safe_name(label), names) if labelled else ""
        number = counts[label] = counts.get(label, -1) + 1
        (partial / names[label]).mkdir(exist_ok=True)
        _write_picture(partial / names[label], number, content)
        if on_progress is not None:
            on_progress(done, total)
    if not names:
        raise SpecError(f"{files[0].name}: holds no picture; the data set may have changed its form")
    partial.rename(folder)


def _distinct(name: str, taken: dict[str, str]) -> str:
    """A name that differs from those taken, also where upper and lower case are the same."""
    folded = {other.casefold() for other in taken.values()}
    numbered = (f"{name} {number}" for number in range(2, len(taken) + 3))
    return next(choice for choice in (name, *numbered) if choice.casefold() not in folded)


def _write_picture(folder: Path, number: int, content: bytes) -> None:
    """Writes the bytes as they are once they have been seen to open, under the suffix of their format."""
    # Zeros in front: objects are taken in the sorted order of their names, and that is to be the data set's order.
    path = folder / f"{number:05d}.new"
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        ending = ending_of(path)
    except SpecError as error:
        raise SpecError(f"picture {number} of {folder.name} in the download: not a {FORMATS_TEXT} image") from error
    path.rename(path.with_suffix(ending))
