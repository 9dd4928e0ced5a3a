"""Controls of the Data set page: from them to a spec."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from invariance.data.catalogue import class_names, is_picture_source
from invariance.spec import ALL_CATEGORIES, CATEGORIES, RESAMPLINGS, TRANSFORM_NAMES, DatasetSpec
from pages.dataset.sticker import choose_sticker
from pages.shared.controls import transform_picker
from pages.shared.fields import number, segments, share
from pages.shared.sources import named_source, source_picker

IMAGE_SIZES = (16, 32, 48, 64, 96, 128)
CARRIED = (
    *(f"{role}_{part}" for role in ("objects", "backgrounds") for part in ("source", "folder", "colour")),
    "prototypes",
    "seed",
)
"""Names in links that mean the same on Train."""
CARRIED_WORDS = "Opens with these transformations as the target task, these pictures and this seed."
PRESETS: dict[str, tuple[str, ...]] = {
    "None": (),
    "One of each kind": ("rotate", "hue", "blur"),
    **{f"All {category}": names for category, names in CATEGORIES.items()},
    f"All {len(TRANSFORM_NAMES)}": TRANSFORM_NAMES,
}


def configure(head: DeltaGenerator) -> DatasetSpec:
    """The controls.

    Args:
        head: place of the presets, above the others.

    Raises:
        SpecError: a value cannot be used.
    """
    with head.popover("Presets", icon=":material/bolt:", help="Sets of transformations"):
        for name, names in PRESETS.items():
            st.button(name, on_click=_choose, args=(names,), type="tertiary", key=f"preset_{name}")
    transforms = transform_picker("transforms", default=("rotate", "hue"))
    strength = share(
        "Strength", 1.0, key="strength", help="Scales every range: 1 is the paper's, 0 leaves the object alone."
    )
    objects = named_source(source_picker("Objects", "objects"), "objects")
    backgrounds = named_source(source_picker("Backgrounds", "backgrounds", colour=True), "backgrounds")
    dependence = _dependence() if is_picture_source(backgrounds) else {}
    sticker = choose_sticker()
    label = _label(has_classes=is_picture_source(backgrounds), has_stickers=bool(sticker))
    more = st.expander("Classes, size, seed", icon=":material/tune:")
    classes = more.multiselect("Classes", class_names(objects), key="names", bind="query-params", placeholder="All")
    left, right = more.columns(2)
    size = left.selectbox(
        "Image size", IMAGE_SIZES, index=1, format_func=lambda size: f"{size} px", key="size", bind="query-params"
    )
    seed = number("Seed", 0, 2**31, 0, key="seed", place=right)
    has_new = backgrounds != "noise" and not backgrounds.startswith("#") and not is_picture_source(backgrounds)
    shared = has_new and more.toggle(
        "Backgrounds shared by all splits",
        key="shared_backgrounds",
        bind="query-params",
        help="As in the paper, where a test shows the backgrounds of training. Otherwise they are divided: five of "
        "every eight to train on, one for validation, two that are new in the test.",
    )
    prototypes = number("Pictures of each class", 1, 100, 1, key="prototypes", place=left)
    resampling = right.selectbox("Resampling", RESAMPLINGS, key="resampling", bind="query-params")
    return DatasetSpec(
        objects=objects,
        backgrounds=backgrounds,
        shared_backgrounds=shared,
        classes=tuple(classes),
        transforms=transforms,
        strength=strength,
        seed=seed,
        image_size=int(size),
        num_prototypes=prototypes,
        resampling=resampling,
        label=label,
        **dependence,
        **sticker,
    )


def for_train(spec: DatasetSpec) -> dict[str, str | list[str]]:
    """The query by which Train opens with this data set's transformations as target, and with its pictures."""
    carried = {key: st.query_params[key] for key in CARRIED if key in st.query_params}
    chosen = {
        category: [name for name in names if name in spec.transforms] for category, names in ALL_CATEGORIES.items()
    }
    # An empty row says so, since Train's own target has something in it.
    target = {f"target_{category}": names or "" for category, names in chosen.items()}
    order = {"target_order": found} if (found := st.query_params.get_all("transforms_order")) else {}
    return carried | target | order


def _choose(names: tuple[str, ...]) -> None:
    for category, members in ALL_CATEGORIES.items():
        st.session_state[f"transforms_{category}"] = [name for name in members if name in names]
    st.session_state["transforms_order"] = []


def _dependence() -> dict[str, Any]:
    """How objects and the classes of backgrounds depend on each other, where backgrounds have classes."""
    correlation = share(
        "Objects follow backgrounds",
        0.0,
        key="correlation",
        help="Probability that the object is paired with the background's class.",
    )
    availability = share("Objects present", 1.0, key="availability", help="Probability that there is an object at all.")
    return {"fg_bg_correlation": correlation, "fg_availability": availability}


def _label(*, has_classes: bool, has_stickers: bool) -> str:
    """What the class of an image is, where there is a choice."""
    options = ["object", *["background"] * has_classes, *["sticker"] * has_stickers]
    if len(options) == 1:
        return "object"
    return segments("The class is that of the", options, key="label", default="object")
