"""Views of the Data set page that show samples: a grid with one recipe, strips of draws, twins."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from invariance.data.background_split import words_of_test
from invariance.data.engine import Engine
from invariance.data.preview import Samples, describe_transforms, samples, strips, twin_samples
from invariance.data.recipe import recipe_of
from invariance.data.seen import count_seen
from invariance.figures.pictures import (
    Picture,
    fitting_factor,
    image_grid,
    outline,
    png_bytes,
    side_by_side,
    tile,
    upscale,
)
from invariance.spec import TRANSFORM_NAMES
from pages.shared.exports import offline_button
from pages.shared.fields import number
from pages.shared.glossary import meaning
from pages.shared.literal import literal
from pages.shared.origins import page_origin
from pages.shared.serving.made import show_pictures
from pages.shared.serving.once import made_of, replayed

NUM_SEEN_TRAIN, NUM_SEEN_TEST = 2_000, 500
NUM_SAMPLES, NUM_DRAWS, NUM_TWINS, NUM_FIRST = 32, 8, 12, 4
SHOWN = 6
"""The sample that is shown large at first: of those of the page's own settings one that can be recognised."""
DEPENDS = "A sample depends on the settings and on its number alone."
RECIPE = {"what": ("What", 212), "value": ("Value", 166), "law": ("Drawn", 134), "drawn": ("Name in files", 124)}
"""Columns and their widths in pixels: together the place there is in a window of 1280."""


STICKING = """<style>
.st-key-first_samples { display: none; }
@media (max-width: 640px) {
  .st-key-first_samples { display: flex; background: light-dark(LIGHT, DARK); }
  :has(> .st-key-first_samples) { position: sticky; top: 3.75rem; z-index: 9; }
}
</style>"""
"""Where the columns stand below one another, the first samples stay at the top while the controls pass under them."""


def show_first(engine: Engine) -> None:
    """On a phone, where the controls would push all pictures out of sight: the first samples, in one row."""
    light, dark = (st.get_option(f"theme.{scheme}.backgroundColor") for scheme in ("light", "dark"))
    st.html(STICKING.replace("LIGHT", light or "white").replace("DARK", dark or "black"))
    found = made_of(engine, samples, num=NUM_FIRST)
    picture = image_grid(found.images, columns=NUM_FIRST, factor=fitting_factor(engine.spec.image_size, 128), gap_px=4)
    show_pictures(picture, width="stretch", alt=f"the first {NUM_FIRST} samples: {', '.join(found.class_names)}")


def show_samples(engine: Engine) -> None:
    """A grid, and everything that was drawn for one of its images."""
    left, right = st.columns(2)
    first = number("First sample", 0, 10**9, 0, step=NUM_SAMPLES, key="first", place=left, help=DEPENDS)
    positions = range(first, first + NUM_SAMPLES)
    shown = right.select_slider(
        "Sample shown large, below", positions, positions[SHOWN], key="sample", bind="query-params"
    )
    chosen = shown - positions.start
    found = made_of(engine, samples, num=NUM_SAMPLES, start=positions.start)
    factor = fitting_factor(engine.spec.image_size, 128)
    captions = [f"{position} · {_words(name)}" for position, name in zip(positions, found.class_names, strict=True)]
    tiles = [tile(image, factor) for image in found.images]
    show_pictures(tiles, caption=captions, width=88, alt=list(found.class_names))
    table = pd.DataFrame({"sample": positions, "class": found.class_names})
    _offer(engine, dict(zip(captions, tiles, strict=True)), table, title="Samples", name="samples")
    show_recipe(engine, found, chosen, positions[chosen])
    with st.expander("What is new in the test?", icon=":material/difference:"):
        show_seen(engine)


def show_seen(engine: Engine) -> None:
    """What the splits share, and, when asked for, how many test images were seen in training."""
    st.markdown(f"Test images: {words_of_test(engine.spec)}. Backgrounds: {engine.background_words}.")
    if st.button("Count what was seen in training", key="count_seen", icon=":material/search:"):
        found = made_of(engine, count_seen, num_train=NUM_SEEN_TRAIN, num_test=NUM_SEEN_TEST)
        st.markdown(f"{found.words[0].upper()}{found.words[1:]}.")


def show_recipe(engine: Engine, found: Samples, chosen: int, position: int) -> None:
    """One sample, large, with the border of its object, the numbers behind it, and how to make it again."""
    image, mask = found.images[chosen], found.masks[chosen]
    name = found.class_names[chosen]
    recipe = made_of(engine, recipe_of, position=position)
    st.subheader(f"Sample {position}: {_words(name)}", anchor=False)
    picture = side_by_side(
        [upscale(image, factor := fitting_factor(image.shape[0], 256)), outline(image, mask, factor)]
    )
    show_pictures(picture, width=560, alt=f"{name}, and the same with the border of the object drawn in")
    rows = pd.DataFrame(recipe.rows(), columns=["drawn", "what", "value", "law"])
    replayed(lambda: _show_rows(rows), "recipe", rows)
    st.download_button(
        "Download PNG",
        lambda: png_bytes(upscale(image, factor)),
        f"{name}-{position}.png",
        icon=":material/download:",
        key="sample_png",
        on_click="ignore",
    )
    with st.expander("As JSON: spec and index make this sample again", icon=":material/data_object:"):
        st.code(recipe.to_json(), language="json", height=320)


def _show_rows(rows: pd.DataFrame) -> None:
    st.dataframe(
        rows,
        hide_index=True,
        width="stretch",
        height="content",
        column_order=list(RECIPE),
        column_config={
            name: st.column_config.TextColumn(title, width=width_px) for name, (title, width_px) in RECIPE.items()
        },
    )


def show_strips(engine: Engine) -> None:
    """The same object on the same background through several draws of each transformation, applied alone."""
    chosen = engine.spec.transforms
    label = f"All {len(TRANSFORM_NAMES)} transformations"
    everything = st.toggle(label, value=not chosen, disabled=not chosen, key=f"all_{bool(chosen)}", help=meaning(label))
    position = number(
        "Object and background of sample",
        0,
        10**9,
        SHOWN,
        key="object",
        help="Through several draws of each transformation, each applied alone; the first image of a strip is without.",
    )
    names = TRANSFORM_NAMES if everything else chosen
    summaries = describe_transforms()
    factor = fitting_factor(engine.spec.image_size, 64)
    shown = made_of(engine, strips, names, num=NUM_DRAWS, position=position)
    grids = {}
    for name, images in shown.items():
        st.caption(f"**{_words(name)}** {summaries[name]}")
        # A caption of the image itself would keep it from shrinking to the width of a phone.
        grids[name] = image_grid(images, columns=NUM_DRAWS, factor=factor, gap_px=2)
        show_pictures(grids[name], width=560, alt=f"{NUM_DRAWS} draws of {name}")
    table = pd.DataFrame({"transform": list(shown), "what": [summaries[name] for name in shown], "sample": position})
    _offer(engine, grids, table, title="One object, many draws", name="draws")


def show_twins(engine: Engine) -> None:
    """Pairs that differ in the draws of the transformations alone."""
    st.markdown(
        "Twins share object and background; the transformations are drawn twice. A network that is invariant "
        "to them represents both the same."
    )
    if not engine.spec.transforms:
        st.info("Without a transformation the two images of a pair are the same: choose one.")
    first, second = made_of(engine, twin_samples, num=NUM_TWINS)
    factor = fitting_factor(engine.spec.image_size, 128)
    pictures = [
        side_by_side([upscale(image, factor) for image in pair])
        for pair in zip(first.images, second.images, strict=True)
    ]
    names = first.class_names
    alts = [f"twins of {name}" for name in names]
    show_pictures(pictures, caption=[_words(name) for name in names], width=176, alt=alts)
    captions = [f"{position} · {name}" for position, name in enumerate(names)]
    table = pd.DataFrame({"sample": range(len(names)), "class": names})
    _offer(engine, dict(zip(captions, pictures, strict=True)), table, title="Twins", name="twins")


def _offer(engine: Engine, pictures: Mapping[str, Picture], table: pd.DataFrame, *, title: str, name: str) -> None:
    offline_button(pictures, table, title=title, name=name, origin=page_origin(engine.spec))


def _words(name: str) -> str:
    return literal(name.replace("_", " "))
