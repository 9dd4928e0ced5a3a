"""What the Start page shows below its text: one object changed, and one what-if from the gallery."""

import math
from typing import Any

import streamlit as st

from invariance.attribution.compare import Comparison
from invariance.data.background_split import words_of_test
from invariance.data.preview import most_changed, samples, strips
from invariance.figures.pictures import fitting_factor, relevance_overlay, tile
from invariance.runs import gallery
from invariance.runs.describe import transforms_title
from invariance.spec import DatasetSpec
from pages.shared import cache
from pages.shared.made import show_pictures
from pages.shared.navigation import link_to
from pages.shared.networks import TRANSFERS, show_no_gallery
from pages.shared.once import made_of
from pages.shared.two_by_two import show_two_by_two

HERO = ("rotate", "scale", "shear", "hue", "invert", "pixelate", "elastic", "erasing")
THUMB_PX = 112
NUM_DRAWS = 8
FIRST_OBJECT = 8
FIRST_IMAGE = 13  # one on which, as on most, only the matched network is right; the slider shows the others
SAME = "No difference"


def hero() -> None:
    """One object through several transformations, rendered now, each by the one of a few draws that changes it most."""
    position = st.session_state.setdefault("hero_position", FIRST_OBJECT)
    shown = made_of(cache.engine(DatasetSpec(image_size=THUMB_PX)), strips, HERO, num=NUM_DRAWS, position=position)
    pictures = [shown[HERO[0]][0], *(most_changed(images) for images in shown.values())]
    captions = ["the object", *HERO]
    alts = [f"one object on a background, {name}" for name in captions]
    show_pictures([tile(picture, 2) for picture in pictures], caption=captions, width=THUMB_PX, alt=alts)


def next_object() -> None:
    """Another object and background for the picture."""
    st.session_state["hero_position"] = st.session_state.get("hero_position", FIRST_OBJECT) + 1


def maps(found: Comparison, names: list[str]) -> None:
    """The image and what each network sees in it."""
    factor = fitting_factor(found.image.shape[0], 256)
    pictures, captions = [tile(found.image, factor)], [f"the image: {found.true_class}"]
    for name, view in zip(names, found.explanations, strict=True):
        pictures.append(tile(relevance_overlay(found.image, view.relevance, limit=found.limit), factor))
        label, probability = view.top(1)[0]
        verdict = "right" if label == found.true_class else "wrong"
        share = f"; {view.mass:.0%} of its evidence lies on the object, {view.null:.0%} on those of other images"
        share = "" if math.isnan(view.mass) else share
        captions.append(f"**{name}** says {label} ({probability:.0%}), {verdict}{share}")
    show_pictures(pictures, caption=captions, width=176, alt=captions)
    st.caption(
        "Red pixels speak for the class that the network chose, blue ones against it, on one colour scale "
        "(integrated gradients against the blurred image)."
    )


def what_if() -> None:
    """Guess first, then see: two compositions as sources and as targets, from the gallery."""
    known, found = cache.known_models(), gallery.what_if()
    if found is None or not {"matched", "disjoint", *TRANSFERS} <= set(known):
        show_no_gallery()
        return
    models = [known[name] for name in TRANSFERS]
    names = [transforms_title(known[name].data.transforms) for name in ("matched", "disjoint")]
    task = models[0].data
    num_classes = len(task.classes)
    st.markdown(
        f"Two networks were pretrained alike but for **what varied** in their images: **{names[0]}** for one, "
        f"**{names[1]}** for the other. Both then got a new last layer for this task: {num_classes} objects that "
        f"neither was pretrained on, under **{transforms_title(task.transforms)}**. It is tested on "
        f"images of its own: {words_of_test(task)}."
    )
    batch = made_of(cache.engine(task), samples, num=8, split="test")
    factor = fitting_factor(batch.images.shape[1], 160)
    show_pictures(
        [tile(image, factor) for image in batch.images],
        width=80,
        alt=[f"task image: {name}" for name in batch.class_names],
    )
    guess = st.segmented_control(
        "Your guess: which one recognises more of the test images?",
        [f"Pretrained on {name}" for name in names] + [SAME],
        key="guess",
        bind="query-params",
    )
    if guess is None:
        st.caption("Choose one to see what happened.")
        return
    st.markdown(_answer(found["simple_effects"][0], names, guess))
    show_two_by_two(found, key="what_if")
    pair = {"view": "thrown-away", "first": "matched", "second": "disjoint"}
    link_to("factors", "What did the mismatched network throw away, and how do I know?", query=pair)
    position = st.slider("Image", 0, 99, FIRST_IMAGE, key="image", bind="query-params")
    maps(cache.explain(models, task, position, "predicted", "blurred"), names)


def _answer(effect: dict[str, Any], names: list[str], guess: str) -> str:
    """Whether the guess was right, where the test images tell; on them alone, and of these two networks."""
    low, high = effect["low"], effect["high"]
    if low is None or low <= 0 <= high:
        return "These test images cannot tell: **no difference** that is sure." + " You were right." * (guess == SAME)
    better = names[high < 0]
    verdict = "You were right." if guess == f"Pretrained on {better}" else "It went otherwise."
    return f"{verdict} The network pretrained on **{better}** recognises more of the images of this task."
