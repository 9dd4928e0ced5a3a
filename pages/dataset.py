"""Data set: configure a Transforms-2D variant and look at what it draws."""

import pandas as pd
import streamlit as st

from invariance.data.catalogue import class_names, resolve_source
from invariance.data.engine import Engine
from invariance.data.preview import Samples, describe_transforms, samples, strips, twin_samples
from invariance.figures.pictures import fitting_factor, image_grid, outline, png_bytes, side_by_side, tile, upscale
from invariance.spec import RESAMPLINGS, TRANSFORM_NAMES, DatasetSpec, SpecError
from pages.parts import cache
from pages.parts.controls import source_picker, transform_picker

VIEWS = ("Samples", "One object, many draws", "Twins")
NUM_SAMPLES, NUM_DRAWS, NUM_TWINS = 32, 8, 12
IMAGE_SIZES = (16, 32, 48, 64, 96, 128)


def configure() -> DatasetSpec:
    """The controls.

    Raises:
        SpecError: a value cannot be used.
    """
    transforms = transform_picker("transforms", default=("rotate", "hue"))
    strength = st.slider("Strength", 0.0, 1.0, 1.0, 0.05, key="strength", bind="query-params",
                         help="Scales every range: 1 is the paper's, 0 leaves the object alone.")  # fmt: skip
    objects = _folder(source_picker("Objects", "objects"), "objects")
    backgrounds = _folder(source_picker("Backgrounds", "backgrounds", colour=True), "backgrounds")
    more = st.expander("Classes, size, seed", icon=":material/tune:")
    classes = more.multiselect("Classes", class_names(objects), key="names", bind="query-params", placeholder="All")
    left, right = more.columns(2)
    size = left.selectbox("Image size", IMAGE_SIZES, index=1, format_func=lambda size: f"{size} px", key="size",
                          bind="query-params")  # fmt: skip
    seed = right.number_input("Seed", 0, 2**31, 0, key="seed", bind="query-params")
    prototypes = left.number_input("Pictures of each class", 1, 100, 1, key="prototypes", bind="query-params")
    resampling = right.selectbox("Resampling", RESAMPLINGS, key="resampling", bind="query-params")
    return DatasetSpec(
        objects=objects,
        backgrounds=backgrounds,
        classes=tuple(classes),
        transforms=transforms,
        strength=strength,
        seed=int(seed),
        image_size=int(size),
        num_prototypes=int(prototypes),
        resampling=resampling,
    )


def _folder(source: str, name: str) -> str:
    if not source.strip():
        raise SpecError(f"{name}: write the path of a folder, or choose builtin")
    return resolve_source(source.strip())


def show_samples(engine: Engine) -> None:
    """A grid, and everything that was drawn for one of its images."""
    left, right = st.columns(2)
    first = left.number_input("First sample", 0, 10**9, 0, NUM_SAMPLES, key="first", bind="query-params",
                            help="A sample depends on the settings and its number alone.")  # fmt: skip
    chosen = right.slider("Look at one, below", 0, NUM_SAMPLES - 1, 0, key="sample", bind="query-params")
    found = samples(engine, num=NUM_SAMPLES, start=int(first))
    factor = fitting_factor(engine.spec.image_size, 128)
    captions = [f"{position} · {name.replace('_', ' ')}" for position, name in enumerate(found.class_names)]
    st.image([tile(image, factor) for image in found.images], caption=captions, width=88, alt=captions)
    show_recipe(found, chosen)


def show_recipe(found: Samples, chosen: int) -> None:
    """One sample, large, with the border of its object and the numbers behind it."""
    image, mask = found.images[chosen], found.masks[chosen]
    factor = fitting_factor(image.shape[0], 256)
    left, right = st.columns(2, vertical_alignment="center")
    picture = side_by_side([upscale(image, factor), outline(image, mask, factor)])
    name = found.class_names[chosen]
    left.image(picture, width="stretch", alt=f"{name}, and the same with the border of the object drawn in")
    left.download_button("Download PNG", png_bytes(upscale(image, factor)), f"{name}.png", key="sample_png")
    recipe = {
        key: f"{value:.3f}" if isinstance(value, float) else str(value) for key, value in found.recipe(chosen).items()
    }
    right.dataframe(pd.DataFrame({"drawn": recipe.keys(), "value": recipe.values()}), hide_index=True, width="stretch")


def show_strips(engine: Engine) -> None:
    """The same object on the same background through several draws of each transformation, applied alone."""
    chosen = engine.spec.transforms
    everything = st.toggle("All 18 transformations", value=not chosen, disabled=not chosen, key=f"all_{bool(chosen)}")
    position = st.number_input("Object and background of sample", 0, 10**9, 0, key="object", bind="query-params")
    names = TRANSFORM_NAMES if everything else chosen
    summaries = describe_transforms()
    factor = fitting_factor(engine.spec.image_size, 64)
    shown = strips(engine, names, num=NUM_DRAWS, position=int(position))
    pictures = [image_grid(images, columns=NUM_DRAWS, factor=factor, gap_px=2) for images in shown.values()]
    captions = [f"**{name.replace('_', ' ')}** {summaries[name]}" for name in shown]
    st.image(pictures, caption=captions, width=560, alt=[f"{NUM_DRAWS} draws of {name}" for name in shown])
    st.caption("The first image of each strip is the object without any transformation.")


def show_twins(engine: Engine) -> None:
    """Pairs that differ in the draws of the transformations alone."""
    st.markdown("Twins share object and background; the transformations are drawn twice. A network that is invariant "
                "to them represents both the same.")  # fmt: skip
    if not engine.spec.transforms:
        st.info("Without a transformation the two images of a pair are the same: choose one.")
    first, second = twin_samples(engine, num=NUM_TWINS)
    factor = fitting_factor(engine.spec.image_size, 128)
    pictures = [
        side_by_side([upscale(image, factor) for image in pair])
        for pair in zip(first.images, second.images, strict=True)
    ]
    names = first.class_names
    st.image(pictures, caption=list(names), width=176, alt=[f"twins of {name}" for name in names])


st.title("Data set", anchor=False)
st.markdown("Each image is an object, changed by transformations whose parameters are drawn at random, on a random "
            "background. The class is the object.")  # fmt: skip
controls, view = st.columns([2, 3], gap="large")
with view:
    kind = st.segmented_control("View", VIEWS, default=VIEWS[0], required=True, key="view", bind="query-params")
try:
    with controls:
        spec = configure()
    engine = cache.engine(spec)
    with view:
        {VIEWS[0]: show_samples, VIEWS[1]: show_strips, VIEWS[2]: show_twins}[str(kind)](engine)
except SpecError as error:
    view.error(str(error), icon=":material/error:")
