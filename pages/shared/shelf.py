"""The pictures that a visitor has brought."""

from __future__ import annotations

import streamlit as st

from invariance.data.uploads.shelf import Shelf

TYPES = ("png", "jpg", "jpeg", "jfif", "webp")
"""Endings of the files that are taken."""


def current() -> Shelf:
    """This visitor's pictures; they stay while other pages are visited."""
    shelf: Shelf = st.session_state.setdefault("shelf", Shelf())
    return shelf
