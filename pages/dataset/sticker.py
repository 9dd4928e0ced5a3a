"""The sticker of a data set: where it comes from, where it is pasted, and what it follows."""

from __future__ import annotations

from typing import Any

import streamlit as st

from invariance.data.catalogue import class_names
from invariance.data.picture_contents import resolve_source
from invariance.spec import STICKER_PLACES
from pages.shared.fields import segments, share
from pages.shared.glossary import meaning
from pages.shared.sources import folder_picker, tell_what_was_read

SOURCES = ("none", "builtin", "noise", "folder", "hub")
PLACES = {"corner": "upper right corner", "anywhere": "anywhere"}


def choose_sticker() -> dict[str, Any]:
    """The fields of a data set that make its sticker; none where there is none."""
    with st.expander("Sticker", icon=":material/add_photo_alternate:"):
        st.caption("A second, small object on the finished image: another feature that a label may ask for.")
        source = str(
            st.pills(
                "Stickers",
                SOURCES,
                default="none",
                required=True,
                key="stickers",
                wrap=True,
                bind="query-params",
                help=meaning("Stickers"),
            )
        )
        if source == "none":
            return {}
        if source == "folder":
            source = folder_picker("Stickers", "stickers")
            if not source:
                st.caption("Until there is a folder `<class>/<image>.png` there is no sticker.")
                return {}
        source = resolve_source(source)
        tell_what_was_read(source, "stickers")
        names = st.multiselect(
            "Its classes", class_names(source), key="sticker_names", placeholder="All", bind="query-params"
        )
        place = segments("Place", STICKER_PLACES, key="sticker_place", default="corner", format_func=PLACES.__getitem__)
        correlation = share(
            "Stickers follow objects",
            0.0,
            key="sticker_correlation",
            help="Probability that the sticker is paired with the object's class.",
        )
        availability = share(
            "Stickers present", 1.0, key="sticker_availability", help="Probability that there is a sticker at all."
        )
    return {
        "stickers": source,
        "sticker_classes": tuple(names),
        "sticker_place": place,
        "sticker_correlation": correlation,
        "sticker_availability": availability,
    }
