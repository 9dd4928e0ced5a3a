"""My pictures: upload objects and backgrounds, cut them out, and use them as a data set."""

from pathlib import Path

import numpy as np
import streamlit as st

from invariance.data.uploads.collection import Collection
from invariance.data.uploads.preview import composed_samples
from invariance.data.uploads.shelf import Shelf
from invariance.figures.pictures import fitting_factor, tile
from pages.pictures.tiles import background_tiles, object_tiles
from pages.pictures.uploads import clear, take_examples, uploader
from pages.shared.errors import errors_shown
from pages.shared.literal import literal
from pages.shared.navigation import PAGE_OF, link_to
from pages.shared.serving import folders, server, visitor
from pages.shared.serving.made import show_pictures
from pages.shared.serving.shelf import current

PREVIEW_TRANSFORMS = ("rotate", "hue")
PREVIEW_PX, NUM_PREVIEWS = 32, 4


def upload(found: Shelf) -> None:
    """Both uploaders, each with what could not be used of its last files."""
    objects, backgrounds = st.columns(2, gap="large")
    with objects:
        uploader(
            "Objects",
            "objects",
            found.add_object,
            help="One object in each picture: cut out already, or "
            "on a plain background. Files named mug1, mug2 become one class, mug.",
        )
    with backgrounds:
        uploader(
            "Backgrounds (optional)",
            "backgrounds",
            found.add_background,
            help="Any pictures; the square in the middle is used. Without any, the built-in backgrounds are. With "
            "ten or more, a test has some for itself; fewer are shown in training and test alike.",
        )


def show_empty() -> None:
    """What is needed, for somebody who has brought nothing yet."""
    st.markdown(
        "You need pictures of **at least two classes** of objects. A picture that is cut out already (PNG or WebP with "
        "transparency) is used as it is; one on a plain background, such as a sheet of paper, is cut out here. "
        "Backgrounds are optional."
    )
    if st.button("Try with example pictures", type="primary", icon=":material/auto_awesome:", key="examples"):
        with st.spinner("Cutting out"):
            take_examples()
        st.rerun()


def describe(found: Shelf) -> str:
    """How many classes there are, and of how many pictures each."""
    classes = found.classes()
    named = ", ".join(literal(name) + (f" ({num})" if num > 1 else "") for name, num in classes.items())
    grounds = len(found.backgrounds)
    behind = "the built-in backgrounds" if not grounds else "1 background" if grounds == 1 else f"{grounds} backgrounds"
    count = f"{len(classes)} class" if len(classes) == 1 else f"{len(classes)} classes"
    pictures = sum(classes.values())
    return f"**{pictures} picture{'s' * (pictures > 1)} of {count}**: {named}; on {behind}." + _doubts(found)


def _doubts(found: Shelf) -> str:
    """How many pictures have a warning, which may be out of sight on another page of tiles."""
    unused = len(found.objects) - len(found.usable)
    doubtful = sum(bool(item.warning) for item in found.usable)
    said = [f"{unused} not used, since nothing is left of {'it' if unused == 1 else 'them'}"] * bool(unused)
    said += [f"{doubtful} with a doubtful mask"] * bool(doubtful)
    return f" Look again at the objects above: {' and '.join(said)}." if said else ""


@st.cache_data(max_entries=64, show_spinner="Composing samples")
def preview(fingerprint: str, _found: Shelf) -> np.ndarray:
    """Samples of the data engine, as a network would get them."""
    return composed_samples(
        _found.selection(NUM_PREVIEWS),
        (item.picture for item in _found.backgrounds.values()),
        transforms=PREVIEW_TRANSFORMS,
        image_size=PREVIEW_PX,
        num=NUM_PREVIEWS,
    )


def show_samples(found: Shelf) -> None:
    """What a network will see."""
    factor = fitting_factor(PREVIEW_PX, 128)
    pictures = [tile(image, factor) for image in preview(found.fingerprint(), found)]
    show_pictures(pictures, width=140, alt=[f"sample {number + 1}" for number in range(NUM_PREVIEWS)])
    st.caption(f"What a network will see: {PREVIEW_PX} x {PREVIEW_PX} pixels, here rotated and with shifted hue.")


def sources(stored: Collection) -> dict[str, str]:
    """The query by which other pages open with these pictures."""
    called = Path(stored.objects).parent.name if visitor.is_shared() else ""
    query = {"objects_source": "folder", "objects_folder": called or stored.objects}
    if stored.backgrounds != "builtin":
        query |= {"backgrounds_source": "folder", "backgrounds_folder": called or stored.backgrounds}
    if (most := max(stored.counts.values())) > 1:
        query["prototypes"] = str(most)
    return query


def offer(found: Shelf) -> None:
    """Stores the pictures when asked, and leads to where they are used."""
    if st.button("Use as a data set", type="primary", icon=":material/check:", key="use"):
        with st.spinner("Storing"):
            server.require_space()
            stored = found.save(server.pictures_root())
            folders.own(Path(stored.objects).parent)
        st.session_state["stored_pictures"] = (found.fingerprint(), stored)
    fingerprint, stored = st.session_state.get("stored_pictures", ("", None))
    if stored is None or fingerprint != found.fingerprint():
        return
    st.success("Stored. Each link below opens with your pictures chosen.", icon=":material/check_circle:")
    with st.container(horizontal=True):
        for folder, label, more in (
            ("dataset", "See the data set", {}),
            ("train", "Train on it", {}),
            ("studies", "Run a study on it", {"results_of": "own"}),
        ):
            link_to(folder, label, icon=PAGE_OF[folder].icon, query=sources(stored) | more)


st.title("My pictures", anchor=False)
st.markdown("Bring your own objects and backgrounds, and make a data set of them.")
if visitor.is_shared():
    st.caption(f":material/delete_history: {folders.how_long()}")
mine = current()
upload(mine)
if not mine.objects:
    show_empty()
if mine.objects:
    st.subheader("Objects", anchor=False)
    object_tiles(mine)
if mine.backgrounds:
    st.subheader("Backgrounds", anchor=False)
    background_tiles(mine)
if mine.objects or mine.backgrounds:
    st.button("Remove all", icon=":material/delete:", key="clear", on_click=clear, type="tertiary")
with errors_shown():
    if mine.usable:
        st.subheader("The data set", anchor=False)
        st.markdown(describe(mine))
        show_samples(mine)
        offer(mine)
