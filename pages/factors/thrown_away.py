"""What the second of two networks threw away: the card in words and pictures, shipped or computed on a click."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from invariance.figures.thrown_away import card_html, differences_figure, strip_figure
from invariance.measures.factor_strip import PLACES, Strip
from invariance.runs.network_pair import network_pair, shipped_card
from invariance.runs.origin import Origin
from invariance.spec import DatasetSpec, FactorSpec
from invariance.studies.thrown_away import thrown_away
from invariance.studies.thrown_away_card import ThrownAway
from invariance.vocabulary.factors import OBJECTS
from invariance.vocabulary.thrown_away import DIRECTIONS, NUM_ATTRIBUTED, PARTS
from pages.shared import cache
from pages.shared.add_network import add_network_control
from pages.shared.cache import KnownModel
from pages.shared.cells import colours_of
from pages.shared.figures import draw, show_figure
from pages.shared.memoised import Bar, on_stoppable_click
from pages.shared.navigation import link_to
from pages.shared.networks import PRETRAINED, TEACHING_PAIR, Networks, choose_pair
from pages.shared.serving import server
from pages.shared.serving.once import drawn

NUM_SHOWN = 4
"""Strips that are seen at once; the rest is one click away."""
NUM_BESIDE = 2
"""Strips in a row."""


def show_thrown_away(known: Networks) -> None:
    """Two networks are chosen; what the second threw away is told.

    Args:
        known: all networks, at least one.
    """
    left, right, button = st.columns([4, 4, 2], vertical_alignment="bottom")
    titles = {name: model.label for name, model in known.items()}
    pair = choose_pair(
        titles,
        TEACHING_PAIR,
        keys=("first", "second"),
        labels=("A: it keeps", "B: it threw away"),
        places=(left, right),
    )
    add_network_control(button)
    _explain(button)
    models = known[pair[0]], known[pair[1]]
    card = shipped_card(*pair) if all(model.from_gallery for model in models) else None
    if card is None:
        card = _on_click(models)
    if card is not None:
        names = models[0].short_title, models[1].short_title
        show_card(
            replace(card, names=names), colours_of(models), f"python -m invariance thrown-away {pair[0]} {pair[1]}"
        )
    if pair == TEACHING_PAIR and all(name in known for name in PRETRAINED):
        link_to(
            "factors",
            "Next: what did the mismatched network throw away?",
            query={"view": "thrown-away", "first": PRETRAINED[0], "second": PRETRAINED[1]},
        )


def show_card(card: ThrownAway, colours: list[str], command: str) -> None:
    """Sentences with their strips, then all differences, how they are made, and the file."""
    strips = {strip.factor: strip for strip in card.strips}
    told = list(zip(card.told, card.sentences, strict=False))
    # What was thrown away most, and then the first counter-case, if there is one: it is easily overlooked.
    first_of = {direction: number for number, direction in reversed(list(enumerate(row.direction for row, _ in told)))}
    told.sort(key=lambda one: first_of[one[0].direction] != card.told.index(one[0]))
    with_strip = [(said, strips[row.name]) for row, said in told if row.name in strips]
    if not told:
        st.markdown(f"**{card.sentences[0]}**")
    for caveat in card.caveats:  # before what it is about
        st.info(caveat, icon=":material/info:")
    _show_strips(card.data, with_strip[:NUM_SHOWN], colours)
    for remark in card.remarks[len(card.caveats) :]:
        st.info(remark, icon=":material/info:")
    if without := [said for row, said in told if row.name not in strips]:
        st.markdown("\n".join(f"- {said}" for said in without))
    if more := with_strip[NUM_SHOWN:]:
        with st.expander(f"{len(more)} more strip{'s' * (len(more) > 1)}", icon=":material/image:"):
            _show_strips(card.data, more, colours)
    origin = Origin(command=command, seeds=(card.data.seed,))
    if card.rows:
        st.subheader("All differences", anchor=False)
        show_figure(
            drawn(differences_figure, card, colours=colours),
            card.table(),
            key="differences",
            title="What B keeps, less what A keeps",
            name="thrown-away",
            alt="each comparison's difference with its interval",
            origin=origin,
        )
    st.download_button(
        "The whole card as HTML",
        lambda: card_html(card, [_pictures(strip, card.data) for strip in card.strips], origin, colours=colours),
        "thrown-away.html",
        "text/html",
        icon=":material/download:",
        key="card_html",
        on_click="ignore",
    )


def _show_strips(data: DatasetSpec, told: Sequence[tuple[str, Strip]], colours: list[str]) -> None:
    """Sentences, each above its strip, beside each other."""
    for start in range(0, len(told), NUM_BESIDE):
        row = told[start : start + NUM_BESIDE]
        for column, (said, strip) in zip(st.columns(NUM_BESIDE, gap="large"), row, strict=False):
            with column:
                st.markdown(said)
                figure = drawn(strip_figure, strip, _pictures(strip, data), colours=colours)
                draw(figure, key=f"strip_{strip.factor}", alt=f"{strip.title}: five images, true and read off both")


def _explain(place: DeltaGenerator) -> None:
    with place.popover("How do I know?", icon=":material/help:", type="tertiary"):
        st.markdown(
            f"*A strip.* One picture with {len(PLACES)} values of one thing, all else as drawn; of 16 pictures the one "
            "in which the networks differ by the median. The upright mark is true, the dots are what a linear probe "
            "reads off A and B; it was fitted to other pictures. An angle's dot is fainter, the less is read of any "
            "direction. Of a choice: pictures as they are.\n\n"
            f"*Compared.* {'. '.join(f'{name}: {words}' for name, words in PARTS.items())}.\n\n"
            f"*Told.* {'. '.join(f'{name}: {words}' for name, words in DIRECTIONS.items())}. Intervals (95 %) are of "
            "the difference on the same images, over objects and backgrounds, both resampled.\n\n"
            f"*Objects.* Known: {OBJECTS['known']}.\n\n"
            "*Not said.* A line cannot read what is gone; a deeper network might. Another seed gives other networks."
        )


def _on_click(models: tuple[KnownModel, KnownModel]) -> ThrownAway | None:
    """A card that nobody has made yet."""
    keys = cache.keys_of(models)
    clicked = st.button("Compare the two", type="primary", icon=":material/compare:", key="compare")
    st.caption("Decodes every factor from both: some ten seconds for small networks, minutes for large ones.")
    return on_stoppable_click(clicked, "thrown_away", keys, lambda: _computed(models, keys))


@st.cache_data(max_entries=16, show_spinner=False)
def _computed(_models: tuple[KnownModel, KnownModel], keys: cache.Keys) -> ThrownAway:
    """The first argument is left out of the cache's key, which the second one is."""
    bar = Bar("Comparing")
    facts = network_pair([None if model.is_published else model.reference for model in _models], server.store())
    names = [model.reference for model in _models]
    names[1] += " 2" * (names[0] == names[1])
    card = thrown_away(
        dict(zip(names, (model.model for model in _models), strict=True)),
        cache.engine(facts.data),
        cache.engine(facts.task),
        FactorSpec(sources=tuple(names), data=facts.data),
        num_attributed=NUM_ATTRIBUTED,
        on_progress=bar,
    )
    bar.empty()
    return facts.added_to(card)


@st.cache_data(max_entries=256, show_spinner=False)
def _pictures(strip: Strip, data: DatasetSpec) -> NDArray[np.uint8]:
    return strip.images(cache.engine(data))
