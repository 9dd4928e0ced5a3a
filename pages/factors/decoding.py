"""What is decoded from a network: all factors as a measurement, and one of them in detail, beside another network."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
import streamlit as st

from invariance.figures.factor_pair import COLOURS, confusion, decoded_scatter
from invariance.measures.factor_view import DecodedFactor, decode_factor
from invariance.measures.factors import FACTORS
from invariance.numbers import format_number
from invariance.runs.describe import source_title
from invariance.runs.device import choose_device
from invariance.runs.estimate import estimate_seconds
from invariance.spec import DatasetSpec, FactorSpec
from pages.shared import cache
from pages.shared.durations import in_words, roughly
from pages.shared.figures import show_figure
from pages.shared.measurements import Group
from pages.shared.networks import Networks


def factor_probes(group: Group, data: DatasetSpec) -> FactorSpec:
    """All factors of a network, each varying alone."""
    return FactorSpec(sources=group, data=data)


def say_how_long(known: Networks, todo: Iterable[Group], data: DatasetSpec) -> None:
    """A line on published networks that are still to be decoded from: they take minutes to hours on a CPU."""
    device = choose_device()
    for group in todo:
        if known[group[0]].is_published:
            seconds = estimate_seconds(factor_probes(group, data), device)
            takes = roughly(in_words(seconds), device)
            st.caption(f"Decoding from {source_title(group[0])} takes {takes}: it enlarges every image.")


def show_factor(
    table: pd.DataFrame, models: list[cache.KnownModel], names: list[str], factor: str, data: DatasetSpec
) -> None:
    """What was there against what was decoded, for both networks."""
    title = next(one.title for one in FACTORS if one.name == factor)
    st.subheader(f"Decoded: {title}", anchor=False)
    for column, model, name, colour, key in zip(st.columns(2), models, names, COLOURS, "ab", strict=True):
        rows = table[(table["model"] == model.reference) & (table["factor"] == factor)]
        if rows.empty:
            continue
        found = _decoded(model, model.key, data, factor)
        with column:
            st.markdown(f"**{name}**: {sentence(rows.iloc[0])}")
            if found.kind == "choice":
                figure = confusion(found.true, found.decoded, found.class_names)
            else:
                unit = " (degrees of the circle)" if found.kind == "circle" else ""
                figure = decoded_scatter(
                    found.true, found.decoded, axis_title=title + unit, colour=colour, circle=found.kind == "circle"
                )
            show_figure(
                figure,
                pd.DataFrame({"true": found.true, "decoded": found.decoded}),
                key=f"decoded_{key}",
                title=f"{title}, decoded from {name}",
                name=f"decoded-{factor}",
                alt=f"{title}: decoded from {name} against true",
            )


def sentence(row: pd.Series) -> str:
    """One row of the table in words."""
    kind = "balanced accuracy" if row["kind"] == "choice" else "R²"
    guessing = f", guessing {row['chance']:.0%}" if row["kind"] == "choice" else ""
    value = f"{row['score']:.0%}" if row["kind"] == "choice" else format_number(row["score"])
    error = f", mean error {row['angle_error_deg']:.0f}° (guessing 90°)" if row["kind"] == "circle" else ""
    verdict = f"**{row['verdict']}**, " if isinstance(row["verdict"], str) and row["verdict"] else ""
    return f"{verdict}{kind} {value}{guessing}{error}."


# The first argument is left out of the cache's key, which the second one holds.
@st.cache_data(max_entries=64, show_spinner="Decoding")
def _decoded(_model: cache.KnownModel, key: cache.Key, data: DatasetSpec, factor: str) -> DecodedFactor:
    usual = FactorSpec(sources=(key[0],))
    return decode_factor(
        _model.model, cache.engine(data), factor, num_images=usual.num_images, num_folds=usual.num_folds
    )
