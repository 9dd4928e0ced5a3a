"""Controls that several pages share."""

from __future__ import annotations

import streamlit as st

from invariance.spec import CATEGORIES

CATEGORY_ICONS = {
    "geometric": ":material/crop_rotate:",
    "photometric": ":material/palette:",
    "corruption": ":material/grain:",
}


def transform_picker(key: str, *, default: tuple[str, ...] = (), in_url: bool = True) -> tuple[str, ...]:
    """Pills for the 18 transformations, one row for each category.

    Args:
        key: start of the widgets' keys (``<key>_<category>``), which are also their names in the URL.
        default: what is chosen at first.
        in_url: whether the choice is part of the page's link.

    Returns:
        The chosen names, geometric before photometric before corruption, in the order of choice within each.
    """
    chosen: list[str] = []
    for category, names in CATEGORIES.items():
        chosen += st.pills(
            f"{CATEGORY_ICONS[category]} {category}",
            names,
            selection_mode="multi",
            default=[name for name in default if name in names],
            format_func=lambda name: name.replace("_", " "),
            key=f"{key}_{category}",
            wrap=True,
            bind="query-params" if in_url else None,
        )
    return tuple(chosen)


def source_picker(label: str, key: str, *, colour: bool = False) -> str:
    """Built-in pictures, noise, a folder on the server, and (for backgrounds) one colour.

    Args:
        label: what is chosen.
        key: start of the widgets' keys, which are also their names in the URL.
        colour: whether one uniform colour is offered.

    Returns:
        A value for ``DatasetSpec.objects`` or ``DatasetSpec.backgrounds``; an empty folder name is passed on as it is.
    """
    options = ["builtin", "noise", "folder", *(["colour"] if colour else [])]
    kind = st.segmented_control(
        label, options, default="builtin", required=True, key=f"{key}_source", bind="query-params"
    )
    if kind == "colour":
        return st.color_picker(f"{label}: colour", "#808080", key=f"{key}_colour", bind="query-params")
    if kind == "folder":
        layout = "a flat folder of images" if colour else "<class>/<image>.png with transparency"
        return st.text_input(
            f"{label}: folder on this machine", key=f"{key}_folder", placeholder=layout, bind="query-params"
        )
    return str(kind)
