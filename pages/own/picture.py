"""The picture of the page Try a picture: uploaded or an example, cut out or whole, and what it is pasted on."""

from __future__ import annotations

from copy import copy

import numpy as np
import streamlit as st
from PIL import Image
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from invariance.data.engine import Engine
from invariance.data.uploads.masking import MAX_TOLERANCE, PLAIN_SHARE
from invariance.data.uploads.one_picture import EXAMPLES, OnePicture, example_picture
from invariance.data.uploads.reading import read_upload
from invariance.data.uploads.shelf import ObjectPicture, digest_of
from invariance.figures.cutouts import cutout_on_checkerboard
from invariance.spec import DatasetSpec, SpecError
from pages.shared import cache
from pages.shared.controls import choose
from pages.shared.literal import literal
from pages.shared.navigation import link_to
from pages.shared.serving import shelf
from pages.shared.serving.made import show_pictures

MINE, TAKEN = "yours", "own_file_taken"
FILE, PHOTO, LAST = "own_file", "own_photo", "own_last"
"""Keys of the two ways to bring a picture, and of which was used last."""
USES = {"object": "cut out, on a background", "whole": "whole"}
TILE_PX = 200
NUM_BACKGROUNDS, FIRST_SCENE = 100, 17


def choose_picture(
    file_place: DeltaGenerator, place: DeltaGenerator, camera_place: DeltaGenerator, more: DeltaGenerator
) -> tuple[Image.Image, bool]:
    """Uploader and examples: the picture, and whether it is an object.

    Args:
        file_place: of the uploader.
        place: of the examples, below the picture.
        camera_place: of the camera.
        more: of the rest.

    Raises:
        SpecError: the file cannot be used, or nothing is left of the object.
    """
    uploaded = file_place.file_uploader(
        "Your picture",
        shelf.TYPES,
        key=FILE,
        max_upload_size=shelf.MAX_MEGABYTES,
        help="Nothing of it is stored: it stays in this server's memory for a while. A picture on a plain ground is "
        "cut out.",
        on_change=_on_file,
        args=(FILE,),
    )
    examples_place = place.container()
    with camera_place.popover("Or the camera", icon=":material/photo_camera:", type="tertiary"):  # asked once open
        photo = st.camera_input("Hold something up", key=PHOTO, on_change=_on_file, args=(PHOTO,))
    file = photo if st.session_state.get(LAST) == PHOTO else uploaded
    if file is not None:
        _take(file)
    mine: tuple[str, ObjectPicture] | None = shelf.belongings().picture
    examples = {name: name for name in ([] if mine is None else [MINE]) + [*EXAMPLES]}
    name = choose("Or an example", examples, key="example", place=examples_place)
    digest, item = mine if mine is not None and name == MINE else (name, _example(name))
    plain = item.cutout.plainness >= PLAIN_SHARE and not item.is_empty and "Nothing was cut" not in item.warning
    use = choose(
        "Use it",
        USES,
        key=f"use_{digest[:8]}",
        default="object" if plain else "whole",
        kind="segments",
        place=more,
        help="A whole picture that is turned or moved leaves a gap, in which the background shows.",
    )
    if use == "object":
        _adjust(more, digest, item)
    is_cut_out, whole = use == "object", item.uploaded.picture
    preview = cutout_on_checkerboard(item.cutout.picture, TILE_PX) if is_cut_out else np.asarray(whole.convert("RGBA"))
    with more:
        show_pictures(preview, width=TILE_PX, alt=f"{item.uploaded.title}, {USES[use]}")
        if name == MINE:
            st.caption(literal(item.uploaded.title))
    if item.uploaded.notes:
        place.caption(literal("; ".join(item.uploaded.notes)))
    if use == "object" and item.warning:
        place.caption(f":orange[:material/warning: {literal(item.warning)}]")
    if (
        mine is not None
        and name == MINE
        and more.button(
            "Add to My pictures",
            icon=":material/add_photo_alternate:",
            key="keep",
            help="To make a data set of it, with others.",
        )
    ):
        shelf.current().add(mine[0], copy(mine[1]))
        with more:
            link_to("pictures", "It is there now")
    if use == "object" and item.is_empty:
        if item.is_transparent:
            raise SpecError(
                "Nothing of this picture is visible: it is transparent. Bring another, or choose an example."
            )
        raise SpecError("Nothing is left of the object: lower the tolerance, or use the picture whole.")
    return (item.cutout.picture, True) if use == "object" else (item.uploaded.picture, False)


def choose_background(image_size: int) -> tuple[Engine, int]:
    """What the object stands on, and what shows behind a whole picture that is turned: of a data set's test sample."""
    left, right = st.columns(2, vertical_alignment="bottom")
    kind = choose("Background", {"scene": "a scene", "colour": "one colour"}, key="ground", kind="segments", place=left)
    if kind == "colour":
        colour = right.color_picker("Colour", "#808080", key="ground_colour", bind="query-params")
        return cache.engine(DatasetSpec(backgrounds=colour, image_size=image_size)), 0
    number = right.slider("Which scene", 0, NUM_BACKGROUNDS - 1, FIRST_SCENE, key="scene", bind="query-params")
    return cache.engine(DatasetSpec(image_size=image_size)), int(number)


def contents_of(picture: OnePicture) -> tuple[object, ...]:
    """What tells a picture on its ground from others."""
    return np.asarray(picture.picture), picture.is_object, picture.backgrounds.spec, picture.position


def _adjust(place: DeltaGenerator, digest: str, item: ObjectPicture) -> None:
    if item.cutout.masked and not item.is_transparent:
        tolerance = place.slider(
            "Tolerance",
            1.0,
            MAX_TOLERANCE,
            item.tolerance,
            1.0,
            format="%d",
            key=f"own_tolerance_{digest}",
            help="How far a colour may be from the background's.",
        )
        item.adjust(float(tolerance), item.holes)


def _take(file: UploadedFile) -> None:
    """Reads the visitor's picture once; only the last one is kept, and nothing of its file."""
    if st.session_state.get(TAKEN) != file.file_id:
        shelf.require_room()
        data = file.getvalue()
        item = ObjectPicture(read_upload(data, file.name))
        shelf.belongings().picture = (digest_of(data), item)
        st.session_state[TAKEN] = file.file_id
        shelf.let_go(file, is_shown=True)


def _on_file(key: str) -> None:
    """A new file or photograph is what is shown; one that is taken out of its field is let go of."""
    st.session_state[LAST] = key
    if st.session_state[key] is None:
        shelf.belongings().picture = None
    else:
        st.session_state["example"] = MINE


def _example(name: str) -> ObjectPicture:
    """A visitor's own, since its mask can be adjusted."""
    kept = st.session_state.get("own_example")
    if kept is None or kept[0] != name:
        kept = (name, ObjectPicture(example_picture(name)))
        st.session_state["own_example"] = kept
    return kept[1]
