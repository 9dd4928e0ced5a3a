"""Controls of the Train page: what the networks are pretrained on, and a published one beside them."""

from __future__ import annotations

import streamlit as st

from invariance.models import PUBLISHED_PREFIX, published_facts
from invariance.runs.describe import transforms_title
from pages.shared.controls import choose, transform_picker
from pages.shared.plan import disjoint_from
from pages.shared.published import published_titles, show_weights


def varied(transforms: tuple[str, ...]) -> str:
    """What a network learns on, in a sentence."""
    return transforms_title(transforms) if transforms else "untransformed images"


def pretraining_controls(target: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Which transformations each network is pretrained on: one composition or two."""
    matched = st.toggle("Matched: the target's own", value=True, key="matched", bind="query-params")
    first = target if matched else transform_picker("pretrain")
    st.caption(f"One network learns on **{varied(first)}**.")
    if not st.toggle("Add a mismatched rival", value=True, key="rival", bind="query-params"):
        return [first]
    rival = disjoint_from(target)
    if not st.toggle("Choose the rival for me", value=True, key="suggested", bind="query-params"):
        rival = transform_picker("competitor")
    st.caption(f"The other learns on **{varied(rival)}**.")
    return [first, rival]


def published_picker() -> str | None:
    """A network of torchvision for the target task, or None; offers to get it while it is not on this machine.

    Returns:
        ``torchvision:<name>``; its weights may not be here yet.
    """
    if not st.toggle(
        "Add a published network",
        key="published",
        bind="query-params",
        help="A larger network that others trained on photographs: does that beat the right invariances?",
    ):
        return None
    chosen = choose(
        "Published network",
        published_titles(),
        key="network",
        help="torchvision's classifiers with their published weights.",
    )
    name = PUBLISHED_PREFIX + chosen
    facts = published_facts(name)
    cut = "" if facts.resize_size == facts.input_size else f" and looks at the central {facts.input_size}"
    st.caption(
        f"**{chosen}** was trained for the 1,000 classes of ImageNet. As there, it enlarges each image to "
        f"{facts.resize_size} px{cut}."
    )
    show_weights(name, key="get_published")
    return name
