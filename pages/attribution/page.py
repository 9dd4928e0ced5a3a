"""Attribution: two networks on one image, and three questions about them."""

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from invariance.data.preview import positions_of
from invariance.spec import DatasetSpec
from pages.attribution.distance import show_distance
from pages.attribution.of_class import show_class
from pages.attribution.shapley import show_evidence
from pages.shared import cache, links
from pages.shared.controls import choose
from pages.shared.errors import errors_shown
from pages.shared.layout import controls_row
from pages.shared.networks import TRANSFERS, Models, choose_models, linked_models, show_no_gallery

NUM_IMAGES = 100
FIRST_IMAGE = 17
"""A sailboat on a meadow, which of the two networks at first only the one knows that was trained for its task."""
ANY = "any"
WHAT = "Two networks look at one image: what does each decide by, and what does each still feel?"
QUESTIONS: dict[str, tuple[str, Callable[[Models, DatasetSpec, int, DeltaGenerator], None]]] = {
    "class": ("Where does it look?", show_class),
    "evidence": ("Whose evidence?", show_evidence),
    "distance": ("What does it still feel?", show_distance),
}
"""Name in links, title, and what shows it: (both networks, the task, position of the image, place of more controls)."""


def choose_image(data: DatasetSpec, left: DeltaGenerator, right: DeltaGenerator) -> int:
    """Position of an image in the test split of a data set, which no network was trained on."""
    names = {name: name.replace("_", " ") for name in (ANY, *cache.engine(data).class_names)}
    wanted = choose("Object", names, key="object", place=left)
    number = right.slider(
        "Image",
        0,
        NUM_IMAGES - 1,
        FIRST_IMAGE,
        key="image",
        bind="query-params",
        help="Images of the test split, which no network was trained on.",
    )
    if wanted == ANY:
        return int(number)
    return positions_of(cache.engine(data), wanted, num=NUM_IMAGES)[int(number)]


links.enter("attribution", widget="left")
st.title("Attribution", anchor=False)
with errors_shown():
    if known := cache.known_models():
        question_place, object_place, image_place, more, below = controls_row([3, 2, 2.4])
        titles = {name: title for name, (title, _) in QUESTIONS.items()}
        question = choose("Question", titles, key="question", place=question_place, help=WHAT)
        linked = linked_models(known)
        models = choose_models(known, linked if len(linked) > 1 else TRANSFERS, places=(more, more, below))
        task = next((model.data for model in models if not model.is_published), models[0].data)
        position = choose_image(task, object_place, image_place)
        QUESTIONS[question][1](models, task, position, more)
    else:
        show_no_gallery()
