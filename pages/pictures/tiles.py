"""A tile for each picture that somebody has brought, with what can be done about it."""

from __future__ import annotations

import numpy as np
import streamlit as st

from invariance.data.uploads.collection import square_background
from invariance.data.uploads.masking import MAX_TOLERANCE
from invariance.data.uploads.reading import UploadedPicture
from invariance.data.uploads.shelf import ObjectPicture, Shelf
from invariance.figures.cutouts import cutout_on_checkerboard
from invariance.figures.pictures import png_bytes
from pages.shared.literal import literal
from pages.shared.serving.shelf import current

TILE_PX = 232
BACKGROUND_PX = 132
PER_PAGE = 12


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
    if item.cutout.masked and not item.is_transparent:
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
