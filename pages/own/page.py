"""Try a picture: one picture of somebody's own, a transformation on a slider, and what two networks make of it."""

import streamlit as st

from invariance.attribution.one_picture import MAPS
from invariance.data.preview import describe_transforms
from invariance.data.uploads.one_picture import OnePicture
from invariance.spec import FLAT_TRANSFORMS
from pages.own.answers import look, show_views
from pages.own.picture import choose_background, choose_picture
from pages.shared import cache, links
from pages.shared.controls import choose
from pages.shared.errors import errors_shown
from pages.shared.magnitude_sliders import magnitude_sliders
from pages.shared.networks import Networks, choose_models, show_no_gallery

FIRST_TRANSFORM = "rotate"


@st.fragment
def main(known: Networks) -> None:
    """The page, for somebody who has networks."""
    with errors_shown():
        show(known)


def show(known: Networks) -> None:
    """Controls, and below them what the networks make of the picture.

    Raises:
        SpecError: the picture cannot be used.
    """
    left, right = st.columns([3, 2], gap="large")
    with left:
        chosen, is_object = choose_picture()
    with right:
        models = choose_models(known)
        backgrounds, position = choose_background(models[0].data.image_size)
    boxes = st.columns([3, 2], gap="large")  # as above
    titles = {name: name.replace("_", " ") for name in FLAT_TRANSFORMS}
    transform = choose("Transformation", titles, key="transform", default=FIRST_TRANSFORM, place=boxes[0])
    shown = choose("Map", MAPS, key="map", kind="segments", place=boxes[1])
    st.caption(describe_transforms()[transform])
    values, draw = magnitude_sliders(transform)
    picture = OnePicture(chosen, is_object, backgrounds, position)
    found = look(models, picture, transform, values, draw, shown)
    show_views(found, models, titles[transform], shown)


links.enter("own", widget="left")
st.title("Try a picture", anchor=False)
st.markdown(
    "Bring one picture, move the slider, and see what a network that was trained to ignore the change makes of "
    "it, and one that was not. The picture stays in memory: nothing of it is stored."
)
with errors_shown():
    if known := cache.known_models():
        main(known)
    else:
        show_no_gallery()
