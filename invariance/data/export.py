"""Data sets as files: an NPZ, or a zip of PNGs in folders; made batch by batch, so that no file is held in memory."""

from __future__ import annotations

import csv
import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import BytesIO
from typing import IO, Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from invariance.data.engine import Batch, Engine, to_bytes
from invariance.data.preview import to_pictures
from invariance.data.recipe import recipes
from invariance.spec import SCHEMA_VERSION, to_dict

BATCH_PIXELS: Final = 2**20
"""Pixels of the images made at once: 1024 images of 32 px, 64 of 128 px."""

Report = Callable[[int, int], object]
"""Told (images written, images in all) after each batch."""

Write = Callable[..., None]
"""Like :func:`write_npz` and :func:`write_image_folder`."""


def write_npz(
    engine: Engine, file: BinaryIO, *, num: int, split: str = "train", on_progress: Report | None = None
) -> None:
    """Writes samples, masks and everything that was drawn as a compressed NPZ file.

    It holds ``images`` uint8 (N, H, W, 3), ``labels`` int64 (N), ``class_names`` str (K), ``mask`` uint8 (N, H, W), the
    pasted alpha times 255, ``background`` int64 (N), and ``<transform>.<parameter>`` (N) for all that was drawn. Where
    there are stickers, it holds ``sticker`` int64 (N), -1 for none, ``sticker_names`` str and ``sticker_mask`` as well.

    Args:
        engine: the data set.
        file: an open binary stream.
        num: number of samples N, the first ones of the split.
        split: ``train``, ``validation`` or ``test``.
        on_progress: told about each batch.
    """
    size = engine.spec.image_size
    columns: dict[str, NDArray[Any]] = {}
    names = {"class_names": np.array(engine.class_names)}
    kinds = ("mask", "sticker_mask") if engine.spec.stickers else ("mask",)
    if engine.spec.stickers:
        names["sticker_names"] = np.array(engine.sticker_names)
    # A zip holds one open entry at a time, so masks wait on the disk while images are written.
    with ExitStack() as stack, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        spools = [stack.enter_context(tempfile.TemporaryFile()) for _ in kinds]
        with _entry(archive, "images", np.dtype(np.uint8), (num, size, size, 3)) as images:
            for done, batch in _batches(engine, split, num):
                images.write(to_pictures(batch.images).tobytes())
                for spool, masks in zip(spools, (batch.masks, batch.sticker_masks), strict=False):
                    spool.write(to_bytes(masks).cpu().numpy().tobytes())
                small = {"labels": batch.labels, "background": batch.backgrounds, **batch.parameters}
                if engine.spec.stickers:
                    small["sticker"] = batch.stickers
                for name, value in small.items():
                    part = value.cpu().numpy()
                    # Whole columns at once: small arrays kept between large batches would tear the memory into pieces.
                    if name not in columns:
                        columns[name] = np.empty(num, part.dtype)
                    columns[name][done - len(part) : done] = part
                if on_progress is not None:
                    on_progress(done, num)
        for kind, spool in zip(kinds, spools, strict=True):
            spool.seek(0)
            with _entry(archive, kind, np.dtype(np.uint8), (num, size, size)) as entry:
                shutil.copyfileobj(spool, entry, 2**20)
        for name, array in {**columns, **names}.items():
            with _entry(archive, name, array.dtype, array.shape) as entry:
                entry.write(array.tobytes())


def write_image_folder(
    engine: Engine, file: BinaryIO, *, num: int, split: str = "train", on_progress: Report | None = None
) -> None:
    """Writes a zip of PNGs in the layout that torchvision's ``ImageFolder`` reads.

    Beside ``<class>/<split>-<position>.png`` are ``recipe.csv``, a row for each image with all that was drawn, and
    ``dataset.json`` with the data set's spec and the names of the classes in label order. A class of which no sample
    was drawn has no folder.

    Args:
        engine: the data set.
        file: an open binary stream.
        num: number of samples, the first ones of the split.
        split: ``train``, ``validation`` or ``test``.
        on_progress: told about each batch.
    """
    folders = folder_names(engine.class_names)
    with tempfile.TemporaryFile() as spool, zipfile.ZipFile(file, "w") as archive:
        table = io.TextIOWrapper(spool, encoding="utf-8", newline="", write_through=True)
        rows: csv.DictWriter[str] | None = None
        for done, batch in _batches(engine, split, num):
            first = done - len(batch.labels)
            described = recipes(engine, batch, first=first, split=split)
            for picture, recipe in zip(to_pictures(batch.images), described, strict=True):
                name = f"{folders[recipe.label]}/{split}-{recipe.position:06d}.png"
                archive.writestr(zipfile.ZipInfo(name), _png(picture))  # ZipInfo's fixed date: equal specs, equal files
                row = {"file": name, **recipe.flat()}
                if rows is None:
                    rows = csv.DictWriter(table, list(row))
                    rows.writeheader()
                rows.writerow(row)
            if on_progress is not None:
                on_progress(done, num)
        table.detach()
        spool.seek(0)
        with archive.open(_info("recipe.csv"), "w") as entry:
            shutil.copyfileobj(spool, entry, 2**20)
        archive.writestr(_info("dataset.json"), _description(engine, split, num))


def folder_names(class_names: tuple[str, ...]) -> tuple[str, ...]:
    """Names of folders for classes: without separators or a leading dot, and different even where case is ignored."""
    used: set[str] = set()
    result = []
    for name in class_names:
        plain = name.translate({ord(character): "_" for character in '/\\:*?"<>|\0'})
        plain = plain.strip(" ").rstrip(".") or "_"
        plain = f"_{plain[1:]}" if plain.startswith(".") else plain
        unique, number = plain, 2
        while unique.casefold() in used:
            unique, number = f"{plain}-{number}", number + 1
        used.add(unique.casefold())
        result.append(unique)
    return tuple(result)


def estimate_bytes(write: Write, engine: Engine, *, num: int, split: str = "train") -> int:
    """About how large a file will be, from two small ones.

    Args:
        write: what writes it.
        engine: the data set.
        num: number of samples.
        split: they are of.
    """
    few, more = min(num, 8), min(num, 40)
    sizes = []
    for count in (few, more):
        file = BytesIO()
        write(engine, file, num=count, split=split)
        sizes.append(len(file.getvalue()))
    if few == more:
        return sizes[1]
    return round(sizes[1] + (num - more) * (sizes[1] - sizes[0]) / (more - few))


def _batches(engine: Engine, split: str, num: int) -> Iterator[tuple[int, Batch]]:
    """The first samples of a split in batches of bounded memory, each with the number made so far."""
    done = 0
    for chunk in engine.indices(split, num).split(max(1, BATCH_PIXELS // engine.spec.image_size**2)):
        done += len(chunk)
        yield done, engine.batch(chunk)


def _entry(archive: zipfile.ZipFile, name: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> IO[bytes]:
    """An open entry of an NPZ file behind its header, ready for the array's bytes in C order."""
    entry = archive.open(f"{name}.npy", "w", force_zip64=True)
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(entry, header)
    return entry


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def _png(picture: NDArray[np.uint8]) -> bytes:
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, format="PNG")
    return buffer.getvalue()


def _description(engine: Engine, split: str, num: int) -> str:
    values = {
        "spec": {"schema": SCHEMA_VERSION, **to_dict(engine.spec)},
        "split": split,
        "num": num,
        "class_names": list(engine.class_names),
        **({"sticker_names": list(engine.sticker_names)} if engine.spec.stickers else {}),
    }
    return json.dumps(values, indent=2, ensure_ascii=False)
