"""Controls that several pages share."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import nullcontext

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from invariance.spec import ALL_CATEGORIES, BEYOND_2D, order_transforms
from pages.shared import links
from pages.shared.glossary import meaning

CATEGORY_ICONS = {
    "geometric": ":material/crop_rotate:",
    "photometric": ":material/palette:",
    "corruption": ":material/grain:",
    "beyond 2-D": ":material/view_in_ar:",
    "registered": ":material/extension:",
}

MAX_IN_ORDER = 6
"""Transformations that the line of an order names."""


def choose(
    label: str,
    titles: Mapping[str, str],
    *,
    key: str,
    default: str | None = None,
    kind: str = "box",
    place: DeltaGenerator | None = None,
    help: str | None = None,
) -> str:
    """One of several things that have names and titles; the page's link carries the name.

    A link may have the title instead, as older ones do; one that has neither is told of, and gets the default. A
    widget that Streamlit binds to the link puts its title there, so that a better title would break old links, and the
    title of a run, which has spaces and brackets, would fill it.

    Args:
        label: what is chosen.
        titles: name to what people read, at least one.
        key: of the widget, and its name in the link.
        default: a name; None for the first one. It is left out of the link.
        kind: ``box`` or ``segments``.
        place: where the widget stands; None for here.
        help: about the choice; None for what the terms in the label mean.

    Returns:
        A name.
    """
    help = help or meaning(label)
    names = list(titles)
    default = names[0] if default is None else default
    if st.session_state.get(key) not in titles:
        linked = st.query_params.get(key) or default
        named = {title: name for name, title in titles.items()} | {name: name for name in names}
        if linked not in named and key not in st.session_state:
            links.missed(key, linked, default)
        st.session_state[key] = named.get(linked, default)
    _tell_again(key)
    title_of = titles.__getitem__
    with place or nullcontext():
        if kind == "segments":
            chosen = str(
                st.segmented_control(label, names, required=True, wrap=True, format_func=title_of, key=key, help=help)
            )
        else:
            chosen = st.selectbox(label, names, format_func=title_of, key=key, help=help)
        links.choice(key, None if chosen == default else chosen)
        links.show_missed(key, label, chosen, titles[chosen])
    return chosen


def _tell_again(key: str) -> None:
    """Has the browser told what is chosen in this run too.

    What stands in a popover is made when that is opened for the first time, and then has what the last run said of it;
    without a word it would begin with its first choice, and take that for the visitor's.
    """
    st.session_state[key] = st.session_state[key]


def choose_several(
    label: str,
    titles: Mapping[str, str],
    *,
    key: str,
    default: Collection[str] = (),
    kind: str = "pills",
    placeholder: str | None = None,
    help: str | None = None,
) -> tuple[str, ...]:
    """Some of several things that have names and titles; the page's link carries the names, with commas.

    Args:
        label: what is chosen.
        titles: name to what people read.
        key: of the widget, and its name in the link.
        default: names. They are left out of the link.
        kind: ``pills`` or, of many things, ``box``.
        placeholder: of an empty box.
        help: about the choice; None for what the terms in the label mean.

    Returns:
        Names in the order of the titles, perhaps none.
    """
    help = help or meaning(label)
    if st.session_state.get(key) is None:
        linked = [name for name in st.query_params.get(key, "").split(",") if name in titles]
        st.session_state[key] = list(dict.fromkeys(linked)) or [name for name in default if name in titles]
    _tell_again(key)
    names, title_of = list(titles), titles.__getitem__
    if kind == "box":
        chosen = st.multiselect(label, names, format_func=title_of, key=key, help=help, placeholder=placeholder)
    else:
        chosen = st.pills(label, names, selection_mode="multi", format_func=title_of, key=key, help=help)
    ordered = tuple(name for name in titles if name in chosen)
    links.choice(key, None if not ordered or set(ordered) == set(default) else ",".join(ordered))
    return ordered


def transform_picker(key: str, *, default: tuple[str, ...] = (), in_url: bool = True) -> tuple[str, ...]:
    """Pills for the transformations, one row for each category.

    Args:
        key: start of the widgets' keys (``<key>_<category>``), which are also their names in the URL.
        default: what is chosen at first.
        in_url: whether the choice is part of the page's link.

    Returns:
        The chosen names in the order in which they act: the usual one, geometric before photometric before corruption
        and in the order of choice within each, unless another is set.
    """
    chosen: list[str] = []
    for category, names in ALL_CATEGORIES.items():
        chosen += st.pills(
            f"{CATEGORY_ICONS[category]} {category}",
            names,
            selection_mode="multi",
            default=[name for name in default if name in names],
            format_func=_spaced,
            key=f"{key}_{category}",
            help="Not in the paper: another viewpoint, and another object in front." if names == BEYOND_2D else None,
            wrap=True,
            bind="query-params" if in_url else None,
        )
    return _ordered(tuple(chosen), f"{key}_order", in_url=in_url)


def _ordered(chosen: tuple[str, ...], key: str, *, in_url: bool) -> tuple[str, ...]:
    """A composition in the order that is set for it, if any.

    Set apart from the choice: clicks in whatever order mean the usual order, so that a class which is told what to
    choose asks for one run, and those who care about the order see it.
    """
    movable = [name for name in chosen if name not in BEYOND_2D]
    if len(movable) < 2:
        return chosen
    line = st.container(horizontal=True, vertical_alignment="center")
    first = line.popover("Order", icon=":material/swap_vert:").multiselect(
        "What comes first, one after the other",
        movable,
        format_func=_spaced,
        key=key,
        placeholder="As usual",
        help="The rest follows in the usual order: geometric, photometric, corruption. It matters, for instance, "
        "whether a turned object is made coarse or a coarse one is turned.",
        bind="query-params" if in_url else None,
    )
    ordered = order_transforms((*first, *(name for name in chosen if name not in first)))
    shown = ordered if len(ordered) <= MAX_IN_ORDER else (*ordered[: MAX_IN_ORDER - 2], "…", ordered[-1])
    line.caption(" → ".join(_spaced(name) for name in shown))
    return ordered


def _spaced(name: str) -> str:
    return name.replace("_", " ")
