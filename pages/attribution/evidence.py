"""Shares of the evidence over many images, among equally right ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from invariance.attribution.coalitions import PLAYERS
from invariance.attribution.evidence_groups import evidence_differences, evidence_means
from invariance.attribution.shapley import Evidence
from invariance.figures.beside_null import scores_beside_null
from invariance.vocabulary.attribution import ALL_CLASSES, ALL_IMAGES, ALL_RIGHT, ALL_WRONG, HIGHER, UNDECIDED
from pages.attribution.asked import Row, percent, points
from pages.shared.figures import show_figure
from pages.shared.glossary import show_rows
from pages.shared.literal import literal

Found = Mapping[str, Evidence]


def show_shares(found: Found, colours: Sequence[str]) -> None:
    """What two networks' decisions rest on, over all images and over those on which they are equally right.

    Args:
        found: of both on the same images, by their names.
        colours: ``#rrggbb`` of both.
    """
    table, differences = evidence_means(found, by_class=True), evidence_differences(found)
    overall = table[table["class"] == ALL_CLASSES]
    titles = _titles(overall, list(found))
    for player in [name for name in overall["player"].unique() if name != "background"]:
        figure = scores_beside_null(
            overall[overall["player"] == player],
            {group: title.replace(" ", "<br>") for group, title in titles.items()},
            at="images",
            score="share",
            ends=("share_low", "share_high"),
            axis_title=f"share of the {player}",
            colours=colours,
        )
        show_figure(
            figure, overall, key=f"evidence_{player}", title=f"Share of the {player} in the evidence", name="evidence"
        )
    compared = differences[(differences["images"] == ALL_RIGHT) & (differences["player"] != "background")]
    for row in compared.to_dict("records"):
        st.markdown(_conclusion(row, found))
    if ALL_RIGHT not in titles:
        st.markdown("There is no image that both networks name rightly, so their shares cannot be compared.")
    st.caption(
        "Over all images a part of the difference can be accuracy, since a network often rests more on the object "
        "where it is right: two networks are compared where both are, and the rest is told beside it. Bars: 95 % "
        "intervals over images, which share objects and backgrounds."
    )
    show_rows(_shares(overall, titles))
    with st.expander("Each class", icon=":material/category:"):
        show_rows(_shares(table[table["class"] != ALL_CLASSES], titles))


def _titles(overall: pd.DataFrame, names: list[str]) -> dict[str, str]:
    """Groups of images that there are, and what they are called: with how many there are."""
    numbers = overall.groupby("images", sort=False)["num"].max()
    called = {
        ALL_IMAGES: "all images",
        ALL_RIGHT: "both right",
        f"only {names[0]}": "first alone right",
        f"only {names[1]}": "second alone right",
        ALL_WRONG: "both wrong",
    }
    return {group: f"{title}: {numbers[group]}" for group, title in called.items() if group in numbers}


def _conclusion(row: Row, found: Found) -> str:
    """One sentence on a part of the images that both networks name rightly."""
    accuracies = [float(one.correct.double().mean()) for one in found.values()]
    first, second = literal(row["first"]), literal(row["second"])
    right = f"**{first}** is right on {accuracies[0]:.0%} of the images, **{second}** on {accuracies[1]:.0%}."
    num, player = row["num"], row["player"]
    images = f"the {num} images that both name rightly" if num > 1 else "the one image that both name rightly"
    difference = f"{points(row, 'difference', ('low', 'high'))} points"
    if row["verdict"] == UNDECIDED:
        return f"{right} On {images} no difference in the share of the {player} is shown: {difference}."
    more = "more" if row["verdict"] == HIGHER else "less"
    return f"{right} On {images} the first rests **{more}** on the {player} than the second: {difference}."


def _shares(table: pd.DataFrame, titles: Mapping[str, str]) -> pd.DataFrame:
    """For people: a row for each group or class and network, a column for the share of each part."""
    shown = table.assign(
        Images=table["images"].map(titles),
        text=[percent(row, "share", ("share_low", "share_high")) for row in table.to_dict("records")],
    )
    by_class = shown["class"].iloc[0] != ALL_CLASSES
    index = ["class" if by_class else "Images", "model"]
    wide = shown.pivot_table(index=index, columns="player", values="text", aggfunc="first", sort=False)
    wide = wide[[player for player in PLAYERS if player in wide]].rename(columns=lambda name: f"Share of the {name}")
    return wide.reset_index().rename(columns={"model": "Network", "class": "Class"})
