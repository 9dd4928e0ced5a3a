"""Where commands put what they make: refused before hours of work, and not after them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from invariance.spec import SpecError


def check_file(path: Path) -> None:
    """Raises SpecError unless a file can be made there, in a folder that is there."""
    if path.is_dir():
        raise SpecError(f"out = {path}: is a folder; give the name of a file in it")
    if not path.parent.is_dir():
        raise SpecError(f"out = {path}: no folder {path.parent}; make it first")
    _check_writable(path, path.parent)


def make_folder(path: Path) -> None:
    """Makes a folder, with those above it; raises SpecError if it cannot be made or written into."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SpecError(f"out = {path}: cannot be used as a folder ({error.strerror}); choose another place") from error
    _check_writable(path, path)


def _check_writable(path: Path, folder: Path) -> None:
    # By trying: permissions alone say little on network drives, for root, and on a full or read-only disk.
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise SpecError(f"out = {path}: cannot be written ({error.strerror}); choose another place") from error
