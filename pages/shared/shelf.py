"""The parts of the page of uploads: files on their way in, and a tile for each picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import streamlit as st

from invariance.data.uploads.collection import MAX_PICTURES, square_background
from invariance.data.uploads.examples import example_files
from invariance.data.uploads.masking import MAX_TOLERANCE
from invariance.data.uploads.names import display_title
from invariance.data.uploads.reading import UploadedPicture
from invariance.data.uploads.shelf import ObjectPicture, Shelf, ShelfFull
from invariance.figures.cutouts import cutout_on_checkerboard
from invariance.figures.pictures import png_bytes
from invariance.spec import SpecError
from pages.shared.literal import literal

TYPES = ("png", "jpg", "jpeg", "webp")
TILE_PX = 232
BACKGROUND_PX = 132
PER_PAGE = 12
MAX_LINES = 8
"""Of what is said about files that were left out."""


def current() -> Shelf:
    """This visitor's pictures; they stay while other pages are visited."""
    return st.session_state.setdefault("shelf", Shelf())


@dataclass
class Left:
    """What could not be taken of the files that came last.

    Attributes:
        problems: one line for each file that cannot be used.
        known: titles of files that are here already.
        num_over: files for which there was no room.
    """

    problems: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    num_over: int = 0


def uploader(label: str, key: str, add: Callable[[bytes, str], bool], *, help: str) -> None:
    """Takes files in, several at once or a whole folder, and leaves the uploader empty for more.

    Args:
        label: above the uploader.
        key: start of the widget's key.
        add: takes the bytes and the name of one file and says whether it is new; its SpecError becomes one line, and
            the other files are taken.
        help: about what to bring.
    """
    # Another key is another, empty uploader: the originals are let go of, only the small pictures are kept.
    turn = st.session_state.setdefault(f"{key}_turn", 0)
    place = st.container()
    folder = st.toggle(
        "A whole folder",
        key=f"{key}_folder_given",
        help="Choose a folder instead of files. Folders in it become the classes of objects.",
    )
    files = place.file_uploader(
        label, TYPES, accept_multiple_files="directory" if folder else True, key=f"{key}_{turn}_{folder}", help=help
    )
    if files:
        st.session_state[f"{key}_left"] = _take([(file.name, file.getvalue()) for file in files], add)
        st.session_state[f"{key}_turn"] = turn + 1
        st.rerun()
    _show_left(st.session_state.get(f"{key}_left", Left()))


def _take(files: Sequence[tuple[str, bytes]], add: Callable[[bytes, str], bool]) -> Left:
    left = Left()
    progress = st.progress(0.0)
    for number, (name, data) in enumerate(files):
        progress.progress(number / len(files), f"Reading {number + 1} of {len(files)}")
        try:
            if not add(data, name):
                left.known.append(display_title(name))
        except ShelfFull:
            left.num_over += 1
        except SpecError as error:
            left.problems.append(str(error))
    return left


def _show_left(left: Left) -> None:
    """At most three boxes, however many files there were."""
    if left.problems:
        st.error(_lines(left.problems), icon=":material/error:")
    if left.num_over:
        were = "1 more file was" if left.num_over == 1 else f"{left.num_over} more files were"
        st.error(
            f"{were} left out: at most {MAX_PICTURES} pictures are kept together, remove some", icon=":material/error:"
        )
    if left.known:
        st.info(_lines([f"{title}: is here already" for title in left.known]), icon=":material/content_copy:")


def _lines(lines: Sequence[str]) -> str:
    """The first few lines as Markdown: a list where there are several."""
    if len(lines) == 1:
        return literal(lines[0])
    more = [f"and {len(lines) - MAX_LINES} more"] if len(lines) > MAX_LINES else []
    return "\n".join(f"- {line}" for line in [*map(literal, lines[:MAX_LINES]), *more])


def take_examples() -> None:
    """Puts the example pictures on the shelf."""
    for name, data in example_files():
        current().add_object(data, name)


def clear() -> None:
    """Takes everything away, and what was said about it."""
    for key in ("shelf", "objects_left", "backgrounds_left"):
        st.session_state.pop(key, None)


def object_tiles(shelf: Shelf) -> None:
    """A tile for each object, a dozen at a time."""
    shown = _page_of(list(shelf.objects), "objects_page")
    with st.container(horizontal=True, gap="small"):
        for digest in shown:
            with st.container(border=True, width=TILE_PX + 34, gap="xsmall", key=f"tile_{digest}"):
                _object_tile(digest, shelf.objects[digest])


def background_tiles(shelf: Shelf) -> None:
    """A small tile for each background, a dozen at a time."""
    shown = _page_of(list(shelf.backgrounds), "backgrounds_page")
    with st.container(horizontal=True, gap="small"):
        for digest in shown:
            with st.container(width=BACKGROUND_PX, gap="xxsmall", key=f"ground_{digest}"):
                item = shelf.backgrounds[digest]
                st.image(_background_png(digest, item), width="stretch", alt=item.title)
                _foot(digest, item)


def _object_tile(digest: str, item: ObjectPicture) -> None:
    picture = st.empty()
    # The shelf holds the values, since widgets that are out of sight forget theirs.
    st.session_state.setdefault(f"class_{digest}", item.class_name)
    item.class_name = str(st.text_input("Class", key=f"class_{digest}", max_chars=60))
    if item.cutout.masked:
        st.session_state.setdefault(f"tolerance_{digest}", item.tolerance)
        st.session_state.setdefault(f"holes_{digest}", item.holes)
        tolerance = st.slider(
            "Tolerance",
            1.0,
            MAX_TOLERANCE,
            step=1.0,
            format="%d",
            key=f"tolerance_{digest}",
            help="How far a colour may be from the background's and still be background. A just "
            "noticeable difference is about 2.",
        )
        holes = st.toggle(
            "See through holes",
            key=f"holes_{digest}",
            help="For handles and rings. Leave it off where the object itself has parts in the background's colour.",
        )
        item.adjust(float(tolerance), bool(holes))
    alt = f"{item.uploaded.title} without its background, border of the mask drawn in"
    picture.image(_tile_png(digest, item.tolerance, item.holes, item), width="stretch", alt=alt)
    if item.warning:
        st.markdown(f":small[:orange[:material/warning: {literal(item.warning)}]]")
    _foot(digest, item.uploaded)


def _foot(digest: str, uploaded: UploadedPicture) -> None:
    notes = "; ".join(uploaded.notes)
    st.caption(literal(uploaded.title) + (f" · {literal(notes)}" if notes else ""))
    st.button(
        "Remove",
        icon=":material/close:",
        key=f"remove_{digest}",
        type="tertiary",
        on_click=current().remove,
        args=(digest,),
    )


def _page_of(digests: list[str], key: str) -> list[str]:
    num_pages = -(-len(digests) // PER_PAGE)
    page = st.pagination(num_pages, key=f"{key}_{num_pages}") if num_pages > 1 else 1
    return digests[(page - 1) * PER_PAGE : page * PER_PAGE]


@st.cache_data(max_entries=512, show_spinner=False)
def _tile_png(digest: str, tolerance: float, holes: bool, _item: ObjectPicture) -> bytes:
    return png_bytes(cutout_on_checkerboard(_item.cutout.picture, TILE_PX))


@st.cache_data(max_entries=512, show_spinner=False)
def _background_png(digest: str, _item: UploadedPicture) -> bytes:
    square = square_background(_item.picture)  # the part of it that is used
    return png_bytes(np.array(square.resize((BACKGROUND_PX, BACKGROUND_PX))))
