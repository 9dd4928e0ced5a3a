"""Views of the Data set page that show magnitudes: one transformation on a slider, and what is drawn."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import streamlit as st

from invariance.data.engine import Engine
from invariance.data.laws import Law, laws
from invariance.data.magnitudes import AtMagnitude, Magnitude, at_magnitude, magnitudes
from invariance.data.preview import describe_transforms, drawn_parameters
from invariance.figures.distributions import drawn_and_law, shares_table
from invariance.figures.pictures import fitting_factor, side_by_side, tile, upscale
from invariance.spec import KNOWN_TRANSFORMS
from pages.dataset.samples import SHOWN
from pages.shared import cache
from pages.shared.fields import number
from pages.shared.figures import show_figure
from pages.shared.glossary import meaning, show_rows
from pages.shared.literal import literal
from pages.shared.magnitude_sliders import magnitude_sliders
from pages.shared.origins import page_origin
from pages.shared.serving.made import show_pictures
from pages.shared.serving.once import drawn, made, made_of

NUM_DRAWN = 2_000


def show_magnitude(engine: Engine) -> None:
    """One transformation of one object, its magnitudes on sliders."""
    left, right = st.columns([3, 2])
    names = tuple(KNOWN_TRANSFORMS)
    transform = left.selectbox(
        "Transformation",
        names,
        names.index("rotate"),
        format_func=_words,
        key="magnitude_of",
        bind="query-params",
        help=meaning("Transformation"),
    )
    position = number("Object of sample", 0, 10**9, SHOWN, key="object", place=right)
    values, draw = magnitude_sliders(transform)
    alone = cache.engine(replace(engine.spec, transforms=(transform,)))
    shown = made_of(alone, at_magnitude, transform, values, position=position, draw=draw)
    factor = fitting_factor(shown.original.shape[0], 256)
    pair = side_by_side([upscale(shown.original, factor), upscale(shown.changed, factor)])
    show_pictures(pair, width=560, alt=f"{shown.class_name}, and the same after {_words(transform)}")
    st.caption(
        f"{literal(_words(shown.class_name))}: without {_words(transform)}, and with it. "
        f"{describe_transforms()[transform]}"
    )
    for magnitude in magnitudes(transform):
        _show_row(magnitude, shown, alone=len(values) == 1)
    _show_histograms(engine, (transform,), marked={f"{transform}.{name}": value for name, value in values.items()})


def _show_row(magnitude: Magnitude, shown: AtMagnitude, *, alone: bool) -> None:
    """The same object at equally spaced values of one magnitude."""
    law, pictures = magnitude.law, shown.rows[magnitude.law.name]
    factor = fitting_factor(pictures.shape[1], 128)
    captions = [law.format_value(step) if law.kind == "switch" else _short(law, step) for step in magnitude.steps]
    st.caption(f"**{law.title}** from one end to the other" + ("" if alone else ", the rest as set above"))
    show_pictures(
        [tile(picture, factor) for picture in pictures],
        caption=captions,
        width=84,
        alt=[f"{law.title} {caption}" for caption in captions],
    )


def _short(law: Law, value: float) -> str:
    """A value that fits below a small picture; the neutral one stands out."""
    digits = f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) < 1 else f"{value:.3g}"
    text = digits.replace("-", "−") + ("°" if law.unit == "°" else "")
    return f"**{text}**" if law.neutral is not None and math.isclose(value, law.neutral, abs_tol=1e-9) else text


def show_distribution(engine: Engine) -> None:
    """What is drawn for many samples, and the laws it follows."""
    st.markdown(f"What is drawn for the first {NUM_DRAWN:,} samples (bars), and the law that it follows (line).")
    spec = engine.spec
    if not spec.transforms:
        st.info("Nothing is drawn without a transformation: choose one.", icon=":material/info:")
        return
    _show_histograms(engine, spec.transforms)
    found = [law for name in spec.transforms for law in laws(name, spec.strength)]
    table = pd.DataFrame(
        [(_words(law.transform), law.title, law.words, law.key) for law in found],
        columns=["Transformation", "Parameter", "Drawn", "Name in files"],
    )
    show_rows(table)


def _show_histograms(engine: Engine, transforms: tuple[str, ...], *, marked: dict[str, float] | None = None) -> None:
    """Histograms of a data set's draws for some transformations, on the paper's range."""
    spec = replace(engine.spec, transforms=transforms)
    counted = [law for name in transforms for law in laws(name, spec.strength) if law.kind in ("uniform", "switch")]
    full = {law.key: (law.low, law.high) for name in transforms for law in laws(name)}
    found = made(drawn_parameters, spec, num=NUM_DRAWN)
    figure = drawn(drawn_and_law, counted, found, marked=marked, full=full, columns=min(2, len(counted)))
    names = ", ".join(_words(name) for name in transforms)
    show_figure(
        figure,
        shares_table(counted, found),
        key=f"draws_{'_'.join(transforms)}",
        title=f"{NUM_DRAWN:,} draws (bars) and their law (line)",
        name="draws",
        alt=f"histograms of what is drawn for {names}",
        origin=page_origin(spec),
    )


def _words(name: str) -> str:
    return name.replace("_", " ")
