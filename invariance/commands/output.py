"""What commands write and print: places that are refused before hours of work, and JSON last."""

from __future__ import annotations

import json
import math
import os
import sys
import tempfile
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from invariance.files import write_atomically
from invariance.spec import DatasetSpec, SpecError

if TYPE_CHECKING:
    import pandas as pd

    from invariance.runs.origin import Origin


TABLE_ENDINGS: Final = (".csv", ".tex")
"""What a table's file may end with: its form."""


def check_file(path: Path, *endings: str) -> None:
    """Raises SpecError unless a file with such an ending can be made there, in a folder that is there.

    Args:
        path: of the file.
        endings: what its name may end with, such as ``.csv``; of either case.
    """
    if path.is_dir():
        raise SpecError(f"out = {path}: is a folder; give the name of a file in it")
    if path.suffix.lower() not in endings:
        example = f"{path.stem or 'x'}{endings[0]}"
        raise SpecError(f"out = {path}: expected a name that ends in {' or '.join(endings)}, such as {example}")
    if not path.parent.is_dir():
        raise SpecError(f"out = {path}: no folder {path.parent}; make it first")
    _check_writable(path, path.parent)


def check_folder(path: Path) -> None:
    """Raises SpecError unless a folder is there or can be made; makes nothing."""
    above = next(place for place in (path.absolute(), *path.absolute().parents) if os.path.lexists(place))
    if not above.is_dir():
        raise SpecError(f"out = {path}: cannot be used as a folder ({above} is none); choose another place")
    _check_writable(path, above)


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


def write_bytes(path: Path, content: bytes) -> None:
    """Replaces a file, whole or not at all."""
    write_atomically(path, lambda stream: stream.write(content))


def write_table(path: Path, table: pd.DataFrame, origin: Origin, *, title: str) -> None:
    """Writes a table in the form that its file's name asks for: CSV, or LaTeX under a caption.

    Args:
        path: ends in one of :data:`TABLE_ENDINGS`.
        table: its rows.
        origin: where they come from, which the caption says.
        title: the first sentence of the caption, without a full stop.
    """
    if path.suffix.lower() == ".tex":
        from invariance.figures.latex import latex_table

        content = latex_table(table, origin, title=title, label=f"tab:{path.stem}")
    else:
        content = table.to_csv(index=False)
    write_bytes(path, content.encode())


def write_latex(folder: Path, tables: Mapping[str, pd.DataFrame], origin: Origin, *, title: str) -> None:
    """Writes tables as LaTeX beside their CSV files; arguments as of :func:`write_table`, tables by their names."""
    for name, table in tables.items():
        write_table(folder / f"{name}.tex", table, origin, title=f"{title}: {name}")


def say_pictures(specs: Iterable[DatasetSpec]) -> None:
    """A line on stderr for each folder or Hub set: what was read of it and what was left out."""
    from invariance.data.picture_summary import describe_sources

    for line in describe_sources(*specs):
        print(line, file=sys.stderr)


def print_json(values: dict[str, Any]) -> None:
    """The last thing a command prints."""
    print(json_text(values), flush=True)


def print_listing(lines: Iterable[str], values: dict[str, Any], *, as_json: bool) -> None:
    """A table for a person at a terminal, and one JSON object for a script, or where it is asked for."""
    if as_json or not sys.stdout.isatty():
        print_json(values)
    else:
        print("\n".join(lines), flush=True)


def json_text(values: dict[str, Any], *, indent: int | None = None) -> str:
    """Values as JSON, where a number that is not finite is null: JSON has neither NaN nor infinity.

    Args:
        values: plain values in dictionaries, lists and tuples.
        indent: spaces a level; None for one line.
    """
    return json.dumps(_finite(values), indent=indent, allow_nan=False)


def _finite(value: Any) -> Any:
    match value:
        case dict():
            return {key: _finite(each) for key, each in value.items()}
        case list() | tuple():
            return [_finite(each) for each in value]
        case float():
            return value if math.isfinite(value) else None
    return value


def described(heading: str, entries: Iterable[tuple[str, str]]) -> str:
    """Lines of a help text: a heading, and below it each name with its meaning."""
    lines = [heading]
    for name, meaning in entries:
        lines += [f"  {name}", *textwrap.wrap(meaning, 100, initial_indent=" " * 6, subsequent_indent=" " * 6)]
    return "\n".join(lines)
