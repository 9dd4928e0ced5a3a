"""Try a picture: one picture of somebody's own, a transformation on a slider, and what two networks make of it."""

import streamlit as st

from invariance.attribution.one_picture import MAPS
from invariance.data.preview import describe_transforms
from invariance.data.uploads.one_picture import OnePicture
from invariance.spec import FLAT_TRANSFORMS
from pages.own.answers import look, show_views
from pages.own.live import ways
from pages.own.picture import choose_background, choose_picture
from pages.shared import cache, links
from pages.shared.controls import choose
from pages.shared.errors import errors_shown
from pages.shared.layout import controls_row, pairs_on_phones
from pages.shared.magnitude_sliders import magnitude_sliders
from pages.shared.networks import Networks, choose_models, show_no_gallery

FIRST_TRANSFORM = "rotate"
WHAT_IT_DOES = "What the slider changes. One of the two networks was trained to ignore some of these, the other others."

STYLE = """<style>
[data-testid=stColumn][data-moving] :is([data-testid=stImage], [data-testid=stMarkdown]) { opacity: 0.3; }
</style>"""
"""A map is of the picture where the slider was let go: while it moves, it steps back."""


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
    file_place, transform_place, slider_place, more, below = controls_row([3, 2.4, 3])
    below = below.container(horizontal=True)
    titles = {name: name.replace("_", " ") for name in FLAT_TRANSFORMS}
    transform = choose(
        "Transformation",
        titles,
        key="transform",
        default=FIRST_TRANSFORM,
        place=transform_place,
        help=WHAT_IT_DOES,
    )
    values, draw = magnitude_sliders(transform, slider_place)
    models = choose_models(known, places=(more, more, below))
    with more:
        st.caption(describe_transforms()[transform])
        shown = choose("Map", MAPS, key="map", kind="segments")
        backgrounds, position = choose_background(models[0].data.image_size)
    views = pairs_on_phones("views").columns(4, gap="medium")
    with views[0]:
        first, examples_place = st.container(), st.container()
    chosen, is_object = choose_picture(file_place, examples_place, below, more)
    picture = OnePicture(chosen, is_object, backgrounds, position)
    with below, st.spinner("Asking both networks"):
        found = look(models, picture, transform, values, draw, shown)
        followed = ways(models, picture, transform, values, draw)
    show_views(found, models, titles[transform], shown, [first, *views[1:]], followed)


links.enter("own", widget="left")
st.title("Try a picture", anchor=False)
st.html(STYLE)
with errors_shown():
    if known := cache.known_models():
        main(known)
    else:
        show_no_gallery()
