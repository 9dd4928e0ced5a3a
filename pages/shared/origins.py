"""Where what a page shows comes from, for the files that it gives."""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from invariance.runs.origin import Origin, source_name, words_of
from invariance.spec import DatasetSpec

OPENS = "python -m invariance app"


def page_origin(data: DatasetSpec | None = None) -> Origin:
    """The page with all that is set on it.

    Args:
        data: what the view was made of, where that is one data set.
    """
    page = (st.context.url or "").rpartition("/")[2]
    given = [(key, value) for key in sorted(st.query_params) for value in st.query_params.get_all(key)]
    # What is before a folder's name is this machine's alone.
    shown = [(key, source_name(value) if key.endswith("_folder") else value) for key, value in given]
    address = f"/{page}{'?' * bool(shown)}{urlencode(shown)}"
    command = f"{OPENS}  # then open {address}"
    return (
        Origin(command=command)
        if data is None
        else Origin(command=command, seeds=(data.seed,), settings=words_of(data))
    )
