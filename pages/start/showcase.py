"""What the Start page shows below its text: one object changed, and one what-if from the gallery."""

import math

import pandas as pd
import streamlit as st

from invariance.attribution.compare import Comparison
from invariance.data.preview import most_changed, samples, strips
from invariance.figures.bars import accuracy_bars
from invariance.figures.pictures import fitting_factor, relevance_overlay, tile
from invariance.runs.describe import transforms_title
from invariance.spec import DatasetSpec
from pages.shared import cache
from pages.shared.conclusions import conclusion
from pages.shared.figures import show_figure
from pages.shared.networks import TRANSFERS, show_no_gallery

HERO = ("rotate", "scale", "shear", "hue", "invert", "pixelate", "elastic", "erasing")
THUMB_PX = 112
NUM_DRAWS = 8
FIRST_OBJECT = 8
FIRST_IMAGE = 13  # one on which, as on most, only the matched network is right; the slider shows the others
SAME = "No difference"


def hero() -> None:
    """One object through several transformations, rendered now, each by the one of a few draws that changes it most."""
    position = st.session_state.setdefault("hero_position", FIRST_OBJECT)
    shown = strips(cache.engine(DatasetSpec(image_size=THUMB_PX)), HERO, num=NUM_DRAWS, position=position)
    pictures = [shown[HERO[0]][0], *(most_changed(images) for images in shown.values())]
    captions = ["the object", *HERO]
    alts = [f"one object on a background, {name}" for name in captions]
    st.image([tile(picture, 2) for picture in pictures], caption=captions, width=THUMB_PX, alt=alts)


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
    st.image(pictures, caption=captions, width=176, alt=captions)
    st.caption(
        "Red pixels speak for the class that the network chose, blue ones against it, on one colour scale "
        "(integrated gradients against the blurred image)."
    )


def what_if() -> None:
    """Guess first, then see: matched against mismatched pretraining, from the gallery."""
    known = cache.known_models()
    if not {"matched", "disjoint", *TRANSFERS} <= set(known):
        show_no_gallery()
        return
    models = [known[name] for name in TRANSFERS]
    pretrained_on = [known[name].data.transforms for name in ("matched", "disjoint")]
    names = [transforms_title(transforms) for transforms in pretrained_on]
    task = models[0].data
    num_classes = len(task.classes)
    st.markdown(
        f"Two networks were pretrained alike but for **what varied** in their images: **{names[0]}** for one, "
        f"**{names[1]}** for the other. Both then got a new last layer for this task: {num_classes} objects that "
        f"neither has seen, under **{transforms_title(task.transforms)}**."
    )
    batch = samples(cache.engine(task), num=8, split="test")
    factor = fitting_factor(batch.images.shape[1], 160)
    st.image(
        [tile(image, factor) for image in batch.images],
        width=80,
        alt=[f"task image: {name}" for name in batch.class_names],
    )
    guess = st.segmented_control(
        "Your guess: which one recognises more of the unseen images?",
        [f"Pretrained on {name}" for name in names] + [SAME],
        key="guess",
        bind="query-params",
    )
    if guess is None:
        st.caption("Choose one to see what happened.")
        return
    accuracies = [model.metrics["transfer_accuracy"] for model in models]
    best = (
        SAME if abs(accuracies[0] - accuracies[1]) < 0.01 else f"Pretrained on {names[accuracies[1] > accuracies[0]]}"
    )
    st.markdown(
        f"{'You were right.' if guess == best else 'It went otherwise.'} "
        + conclusion(pretrained_on, accuracies, task.transforms)
    )
    bars, pictures = st.columns([2, 3], gap="large")
    with bars:
        figure = accuracy_bars(
            dict(zip(names, accuracies, strict=True)), axis_title="unseen images recognised", chance=1 / num_classes
        )
        show_figure(
            figure,
            pd.DataFrame({"pretrained_on": names, "transfer_accuracy": accuracies}),
            key="bars",
            title=f"Transfer to {transforms_title(task.transforms)}",
            name="transfer_accuracy",
            alt="Transfer accuracy of both networks",
        )
    with pictures:
        position = st.slider("Image", 0, 99, FIRST_IMAGE, key="image", bind="query-params")
        maps(cache.explain(models, task, position, "predicted", "blurred"), names)
