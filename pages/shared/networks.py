"""Choosing among the networks that are here, and how long they take to answer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from invariance.models import PUBLISHED_PREFIX
from invariance.runs.estimate import seconds_of_passes
from pages.shared import links
from pages.shared.add_network import add_network_control, take_added
from pages.shared.cache import KnownModel
from pages.shared.controls import choose
from pages.shared.durations import in_words, roughly
from pages.shared.navigation import go_to

Networks = dict[str, KnownModel]
"""By reference."""

Models = tuple[KnownModel, KnownModel]
TEACHING_PAIR = ("none", "hue")
"""Of the gallery, the network that keeps, and the one that may have thrown away, where people first ask."""
PRETRAINED = ("matched", "disjoint")
"""Of the gallery, trained on what a target task varies and on what it does not."""
TRANSFERS = ("matched-transfer", "disjoint-transfer")
"""The gallery's two networks that are compared unless somebody chooses others."""

WORTH_SAYING_S = 10.0


def choose_pair(
    titles: Mapping[str, str],
    wanted: Iterable[str],
    *,
    keys: tuple[str, str] = ("left", "right"),
    labels: tuple[str, str] = ("Network", "Beside it"),
    places: tuple[DeltaGenerator | None, DeltaGenerator | None] = (None, None),
) -> tuple[str, str]:
    """Two networks that are compared.

    Args:
        titles: of all that there are, by reference.
        wanted: those to begin with, the most wanted first; names that are not here are passed over.
        keys: of the two boxes, and their names in the link.
        labels: above them.
        places: where the boxes stand; None for here.
    """
    names = list(dict.fromkeys([*(name for name in wanted if name in titles), *titles])) * 2
    if (added := take_added(titles)) is not None:
        st.session_state[keys[0]] = added
    return (
        choose(labels[0], titles, key=keys[0], default=names[0], place=places[0]),
        choose(labels[1], titles, key=keys[1], default=names[1], place=places[1]),
    )


def choose_models(
    known: Networks,
    wanted: Iterable[str] = TRANSFERS,
    *,
    places: tuple[DeltaGenerator, DeltaGenerator, DeltaGenerator] | None = None,
) -> Models:
    """Two networks that are compared, see :func:`choose_pair`, and in a third place what adds others."""
    titles = {reference: model.label for reference, model in known.items()}
    left, right, button = places or (None, None, None)
    first, second = choose_pair(titles, wanted, places=(left, right))
    add_network_control(button)
    return known[first], known[second]


def linked_models(known: Collection[str]) -> list[str]:
    """The networks that the link names (``models``), of those that are here; says which are not."""
    wanted = _linked()
    if absent := [name for name in wanted if name not in known]:
        named = ", ".join(links.quoted(name) for name in absent[:2]) + (", and others" if len(absent) > 2 else "")
        st.caption(f":material/info: The link names networks that are not here: {named}. *Add a network* gets others.")
    return [name for name in wanted if name in known]


def choose_others(known: Networks, fits: Callable[[KnownModel], bool]) -> list[str]:
    """Which networks are looked at besides the gallery's: at first those that the link names, of all that are known.

    The link names them from then on. Names of it that are not here stay in it, and are told of, until another choice
    is made; those of the gallery, which are rows anyway, do not. Beside the box others can be added.

    Args:
        known: all networks.
        fits: whether a network that is not the gallery's is offered.
    """
    titles = {name: model.label for name, model in known.items() if not model.from_gallery and fits(model)}
    before = [name for name in linked_models(known) if name in titles]
    absent = [name for name in _linked() if name not in known]
    chosen: list[str] = st.session_state.setdefault("own", before) if titles else []
    if (added := take_added(titles)) is not None and added not in chosen:
        st.session_state["own"] = chosen = [*chosen, added]
    box, button = st.columns([5, 2], vertical_alignment="bottom") if titles else (st, st.container())
    if titles:
        chosen = box.multiselect(
            "Other networks",
            list(titles),
            format_func=titles.__getitem__,
            key="own",
            placeholder="Your runs, and networks that others trained",
        )
    add_network_control(button)
    absent = absent if chosen == before else []
    links.choice("networks", None)
    links.choice("models", ",".join([*chosen, *absent]) or None, widget="own")
    return chosen


def _linked() -> list[str]:
    """References that the link names; earlier ones have torchvision's networks apart, by their short names."""
    named = st.query_params.get("models", "").split(",")
    named += [PUBLISHED_PREFIX + name for name in st.query_params.get("networks", "").split(",") if name]
    return [name for name in dict.fromkeys(named) if name]


def say_how_long(models: Models, passes: float, image_size: int, *, can_stop: bool) -> None:
    """A line on what an answer takes; nothing where that is a few seconds.

    Args:
        models: networks that are asked.
        passes: forward passes that each makes.
        image_size: side in pixels of the images.
        can_stop: whether the answer is one that a button asks for, with another to stop it.
    """
    names = [model.reference if model.is_published else model.model.architecture for model in models]
    seconds = sum(seconds_of_passes(name, passes, image_size=image_size) for name in names)
    if seconds < WORTH_SAYING_S:
        return
    end = "Stop, or a change of anything on this page, ends it." if can_stop else "A change of the image asks anew."
    st.caption(f":material/schedule: Takes {roughly(in_words(seconds))}. {end}")


def show_no_gallery() -> None:
    """The empty view of a page that needs trained networks."""
    st.markdown(
        "There are no trained networks here yet: the gallery that ships with the project is missing, and no run has "
        "finished. Train two, or look at the images that they learn from; "
        "`python -m invariance gallery build` makes the gallery again."
    )
    if st.button("Look at the data set", type="primary", icon=":material/image:", key="to_dataset"):
        go_to("dataset")
