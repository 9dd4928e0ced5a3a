"""View of the Data set page from which it leaves: as a file made on demand, as Python, as a command line."""

from __future__ import annotations

import io
import re
import tempfile
import weakref
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from invariance.data.as_code import command_line, python_code
from invariance.data.engine import SPLIT_START, Engine
from invariance.data.export import Write, estimate_bytes, write_image_folder, write_npz
from invariance.figures.sheet import MAX_SHEET_IMAGES, write_sheet
from invariance.runs.origin import SOURCES, source_name
from invariance.spec import DatasetSpec, SpecError, canonical_json
from pages.shared.fields import number, segments
from pages.shared.serving import visitor

MAX_IMAGES, MAX_MEGABYTES = 20_000, 200
NUM_IN_CODE = 32
SPLITS = tuple(SPLIT_START)


@dataclass(frozen=True)
class Format:
    """A kind of file.

    Attributes:
        write: makes it.
        suffix: of the file's name.
        mime: its type.
        max_images: the most that one file may hold here.
        words: what is in it.
    """

    write: Write
    suffix: str
    mime: str
    max_images: int
    words: str


FORMATS = {
    "Sheet (PNG)": Format(write_sheet, ".png", "image/png", MAX_SHEET_IMAGES, "All images on one picture, in rows."),
    "Arrays (NPZ)": Format(
        write_npz,
        ".npz",
        "application/octet-stream",
        MAX_IMAGES,
        "For `numpy.load`: images, labels, masks, backgrounds and everything that was drawn.",
    ),
    "Folders (ZIP)": Format(
        write_image_folder,
        ".zip",
        "application/zip",
        MAX_IMAGES,
        "For torchvision's `ImageFolder`: a PNG for each image in a folder for each class, with `recipe.csv` (all that "
        "was drawn) and `dataset.json` (the settings).",
    ),
}


@dataclass(frozen=True)
class Prepared:
    """A finished file, which goes when another one is made, its session ends or the server is killed.

    Attributes:
        wanted: the settings that it was made with.
        file: on the disk, without a name there.
        num_bytes: its size.
    """

    wanted: tuple[Any, ...]
    file: BinaryIO
    num_bytes: int

    def contents(self) -> bytes:
        """All of it."""
        self.file.seek(0)
        return self.file.read()


def show_files(engine: Engine) -> None:
    """Files to download, and code that makes the same."""
    st.markdown("Take the data set with you: as a file, or as code that makes exactly these images.")
    kind = segments("File", FORMATS, key="file", default="Sheet (PNG)")
    chosen = FORMATS[kind]
    left, right = st.columns(2)
    split = str(right.selectbox("Split", SPLITS, key="split", bind="query-params", help="No sample is in two of them."))
    num = number(
        "Images",
        1,
        chosen.max_images,
        256,
        key=f"images_{chosen.suffix[1:]}",
        place=left,
        help=f"At most {chosen.max_images:,} in a file.",
    )
    size = _estimate(chosen.write, engine, num, split)
    st.caption(f"{chosen.words} About {_megabytes(size)}.")
    too_large = size > MAX_MEGABYTES * 10**6
    if too_large:
        fewer = f"{int(num * MAX_MEGABYTES * 10**6 / size):,}"
        st.warning(
            f"Larger than the {MAX_MEGABYTES} MB that are made here: choose at most {fewer} images, or run the "
            "command below on your machine.",
            icon=":material/warning:",
        )
    _offer(engine, chosen, num, split, disabled=too_large)
    show_code(engine.spec, num, split)


def show_code(spec: DatasetSpec, num: int, split: str) -> None:
    """The same data set in Python and as a command, each with a button that copies it."""
    if visitor.is_shared():  # where folders are there helps nobody elsewhere
        objects, backgrounds, stickers = (source_name(getattr(spec, role)) for role in SOURCES)
        spec = replace(spec, objects=objects, backgrounds=backgrounds, stickers=stickers)
    st.subheader("Copy as Python", anchor=False)
    st.code(python_code(spec, num=NUM_IN_CODE, split=split), language="python")
    st.subheader("Copy as a command", anchor=False)
    try:
        st.code(command_line(spec, num=num, split=split), language="bash", wrap_lines=True)
        st.caption("Writes the NPZ file, however many images.")
    except SpecError as error:
        st.info(str(error), icon=":material/info:")


def _offer(engine: Engine, chosen: Format, num: int, split: str, *, disabled: bool) -> None:
    """A button that makes the file, and when it is made, one that hands it over."""
    wanted = (canonical_json(engine.spec), chosen.suffix, num, split)
    prepared: Prepared | None = st.session_state.get("dataset_file")
    if prepared is not None and prepared.wanted != wanted:
        prepared = None
    # One place for the button, the bar and the download, so that nothing below it jumps.
    slot = st.empty()
    if prepared is None and slot.button(
        "Make the file", type="primary", icon=":material/build:", disabled=disabled, key="make_file"
    ):
        prepared = _prepare(slot, engine, chosen, num, split, wanted)
    if prepared is not None:
        name = file_name(engine.spec, num, split) + chosen.suffix
        label = f"Download {name} ({_megabytes(prepared.num_bytes)})"
        # Given as a function, the file is read into memory when its download is asked for, and not before.
        slot.download_button(
            label,
            prepared.contents,
            name,
            chosen.mime,
            type="primary",
            icon=":material/download:",
            key="download_file",
            on_click="ignore",
        )


def _prepare(
    slot: DeltaGenerator, engine: Engine, chosen: Format, num: int, split: str, wanted: tuple[Any, ...]
) -> Prepared:
    """Makes the file under a progress bar; a change of any control stops it."""
    bar = slot.progress(0.0, "Making images")
    previous: Prepared | None = st.session_state.pop("dataset_file", None)
    if previous is not None:  # before there are two; the button of its download still holds it
        previous.file.close()
    file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - closed with what holds it
    try:
        chosen.write(
            engine,
            file,
            num=num,
            split=split,
            on_progress=lambda done, total: bar.progress(done / total, f"{done:,} of {total:,} images"),
        )
        num_bytes = file.seek(0, io.SEEK_END)
    except BaseException:  # a rerun that stops this one is no Exception
        file.close()
        raise
    prepared = st.session_state["dataset_file"] = Prepared(wanted, file, num_bytes)
    weakref.finalize(prepared, file.close)
    return prepared


def file_name(spec: DatasetSpec, num: int, split: str) -> str:
    """A name that tells what is in a file, without its suffix: ``rotate-hue-train-256``."""
    transforms = spec.transforms
    what = "-".join(transforms) if 1 <= len(transforms) <= 3 else f"{len(transforms)}-transforms"
    what = "plain" if not transforms else what
    return re.sub(r"[^a-z0-9-]", "-", f"{what}-{split}-{num}")


def _estimate(write: Write, engine: Engine, num: int, split: str) -> int:
    """Size in bytes, told from small files once for each data set."""
    return _measured(write.__name__, engine.spec, num, split, engine, write)


@st.cache_data(max_entries=256, show_spinner=False)
def _measured(kind: str, spec: DatasetSpec, num: int, split: str, _engine: Engine, _write: Write) -> int:
    return estimate_bytes(_write, _engine, num=num, split=split)


def _megabytes(num_bytes: int) -> str:
    if num_bytes < 10**5:
        return f"{max(1, round(num_bytes / 1000))} kB"
    return f"{num_bytes / 10**6:.1f} MB" if num_bytes < 10**7 else f"{num_bytes / 10**6:,.0f} MB"
