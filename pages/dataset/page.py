"""Data set: configure a Transforms-2D variant and look at what it draws."""

from collections.abc import Callable

import streamlit as st

from invariance.data.engine import Engine
from pages.dataset.files import show_files
from pages.dataset.magnitude import show_distribution, show_magnitude
from pages.dataset.samples import show_first, show_samples, show_strips, show_twins
from pages.dataset.settings import CARRIED_WORDS, configure, for_train
from pages.shared import cache, links
from pages.shared.errors import errors_shown
from pages.shared.fields import segments
from pages.shared.navigation import PAGE_OF, link_to

VIEWS: dict[str, Callable[[Engine], None]] = {
    "Samples": show_samples,
    "One object, many draws": show_strips,
    "Twins": show_twins,
    "Magnitude": show_magnitude,
    "Distribution": show_distribution,
    "Files and code": show_files,
}
NEVER_EMPTY = ("view", "label", "file", "stickers", "sticker_place", "objects_source", "backgrounds_source")


@st.fragment
def show(view: str, engine: Engine) -> None:
    """One view; its own controls run it again without the rest of the page."""
    with errors_shown():
        VIEWS[view](engine)


links.enter("dataset", widget="view", never_empty=NEVER_EMPTY)
st.title("Data set", anchor=False)
controls, view = st.columns([2, 3], gap="large")
first = controls.container(key="first_samples")
with view:
    chosen = segments("View", VIEWS, key="view", default="Samples")
with errors_shown(view):
    with controls:
        head = st.container(horizontal=True, vertical_alignment="center")
        spec = configure(head)
    with head:
        link_to("train", "Train on this", icon=PAGE_OF["train"].icon, query=for_train(spec), help=CARRIED_WORDS)
    engine = cache.engine(spec)
    with first:
        show_first(engine)
    with view:
        show(chosen, engine)
