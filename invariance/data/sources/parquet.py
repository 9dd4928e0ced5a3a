"""Pictures and labels out of the parquet files in which the Hugging Face Hub keeps image data sets.

A file has the columns ``image`` (a struct of ``bytes`` and ``path``, or the bytes alone) and ``label``: a text, or a
number whose name is in the schema's metadata under the key ``huggingface``, as JSON (``info.features.label.names``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from invariance.spec import SpecError

_ROWS_AT_ONCE = 16


def num_rows(files: Sequence[Path]) -> int:
    """How many pictures some files hold in all.

    Raises:
        SpecError: a file is no parquet file.
    """
    return sum(_open(path).metadata.num_rows for path in files)


def read_pictures(files: Sequence[Path], *, labelled: bool) -> Iterator[tuple[bytes, str]]:
    """The encoded bytes of each picture and the name of its class, in file order, a few in memory at a time.

    Args:
        files: parquet files, in order.
        labelled: whether a label is needed; without, the name is empty.

    Raises:
        SpecError: a file has another form.
    """
    for path in files:
        file = _open(path)
        columns = ["image", "label"] if labelled else ["image"]
        if missing := [name for name in columns if name not in file.schema_arrow.names]:
            raise SpecError(
                f"{path.name}: no column {missing[0]!r}, only {', '.join(file.schema_arrow.names)}; "
                f"expected {' and '.join(columns)}"
            )
        names = _label_names(file.schema_arrow.metadata) if labelled else None
        for row in _rows(file, columns, path):
            yield _picture_bytes(row["image"], path), _label(row["label"], names, path) if labelled else ""


def _rows(file: Any, columns: list[str], path: Path) -> Iterator[dict[str, Any]]:
    import pyarrow

    try:
        for rows in file.iter_batches(batch_size=_ROWS_AT_ONCE, columns=columns):
            yield from rows.to_pylist()
    except (pyarrow.ArrowException, OSError) as error:
        raise _damaged(path) from error


def _open(path: Path) -> Any:
    import pyarrow
    from pyarrow import parquet

    try:
        return parquet.ParquetFile(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> SpecError:
    return SpecError(f"{path}: cannot be read as a parquet file; remove it and download again")


def _picture_bytes(image: Any, path: Path) -> bytes:
    content = image.get("bytes") if isinstance(image, dict) else image
    if not isinstance(content, bytes):
        raise SpecError(
            f"{path.name}: column 'image' does not hold encoded pictures; expected binary, or structs {{bytes, path}}"
        )
    return content


def _label_names(metadata: dict[bytes, bytes] | None) -> list[str] | None:
    """Names of the numbered classes, or None where the metadata has none."""
    try:
        features = json.loads((metadata or {})[b"huggingface"])["info"]["features"]
        names = features["label"]["names"]
    except (KeyError, TypeError, ValueError):
        return None
    return [str(name) for name in names] if isinstance(names, list) else None


def _label(label: Any, names: list[str] | None, path: Path) -> str:
    if isinstance(label, str | bytes):
        return label if isinstance(label, str) else label.decode("utf-8", "replace")
    if not isinstance(label, int):
        raise SpecError(f"{path.name}: label {label!r}; expected a text or the number of a class")
    if names is None:
        return f"class-{label:03d}"
    if not 0 <= label < len(names):
        raise SpecError(f"{path.name}: label {label} is not one of the {len(names)} classes that the file names")
    return names[label]
