"""Add a network: by its name or as a file of weights, so that every chooser of every page has it from then on."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from invariance.models import published_names
from invariance.runs import gallery
from invariance.runs.added import is_file_reference
from invariance.runs.locate import add_network
from invariance.spec import SpecError
from invariance.vocabulary.architectures import ARCHITECTURES
from pages.shared.download import follow_download
from pages.shared.errors import show_error
from pages.shared.literal import literal
from pages.shared.serving import server, visitor

MAX_MEGABYTES = 500
"""Of an uploaded file of weights, which is held in memory while it is checked."""
ADDED, TURN = "network_added", "add_network_turn"
AS_WRITTEN = "as the file says"
GRAMMAR = """One of:
* `torchvision:NAME`, such as `torchvision:resnet50`
* `timm:NAME`, such as `timm:vit_tiny_patch16_224`
* `hf:OWNER/NAME`, such as `hf:facebook/dinov2-small`
* the first digits of a run, or the name of a network of the gallery

The last two are in every list already."""


def add_network_control(place: DeltaGenerator | None = None, *, key: str = "add") -> None:
    """A button that unfolds the control; on a server for a class, where the teacher alone adds, nothing.

    What is added is found by :func:`take_added` in the next run of the page.

    Args:
        place: where it stands; None for here.
        key: start of the widgets' keys.
    """
    if not visitor.may_do_all():
        return
    turn = st.session_state.setdefault(TURN, 0)
    with (
        (place or st).popover("Add a network", icon=":material/add:", type="tertiary", key=key),
        st.form(f"{key}_form_{turn}", border=False),
    ):
        name = st.text_input("Its name", key=f"{key}_name_{turn}", placeholder="torchvision:resnet50", help=GRAMMAR)
        file = st.file_uploader(
            "Or its weights",
            "safetensors",
            key=f"{key}_file_{turn}",
            max_upload_size=MAX_MEGABYTES,
            help="A file that this project wrote, or a bare state dict of an architecture that is chosen below.",
        )
        arch = st.selectbox(
            "Architecture of the file",
            [AS_WRITTEN, *architectures()],
            key=f"{key}_arch_{turn}",
            accept_new_options=True,
            help="Of a bare state dict. One that is not in the list can be written: `timm:NAME`.",
        )
        if not st.form_submit_button("Add", type="primary", key=f"{key}_go"):
            return
        chosen = None if arch == AS_WRITTEN else arch
        title = name.strip() if file is None else file.name
        reference = _add_named(title) if file is None else _add_file(title, file.getvalue(), chosen)
    if reference is not None:
        st.toast(f"**{literal(title)}** is in every list of networks now.", icon=":material/check:")
        named = {entry.run_id: entry.name for entry in gallery.entries()}  # which is how pages call those that ship
        st.session_state[ADDED] = named.get(reference, reference)
        st.session_state[TURN] = turn + 1  # other keys are other, empty fields
        st.rerun()


def take_added(known: Collection[str]) -> str | None:
    """The network that was added just now, once, if it can be chosen among these."""
    added = st.session_state.pop(ADDED, None)
    return added if added in known else None


@st.cache_data(show_spinner=False)
def architectures() -> list[str]:
    """Those that a bare state dict may be of: the project's own, then torchvision's; timm's can be written."""
    return [*ARCHITECTURES, *published_names()]


def _add_named(name: str) -> str | None:
    """Gets a network that is named, with progress; None, with a line, if that does not work."""
    if problem := problem_of(name):
        show_error(problem)
        return None
    found: list[str] = []
    store = server.store()
    follow_download(name, lambda report: found.append(add_network(name, store, on_progress=report)))
    return found[0] if found else None


def problem_of(name: str) -> str | None:
    """Why a name is not looked up at all: a page never opens paths of the server, and never runs code."""
    if not name:
        return "no network: write its name, or give a file of its weights"
    if is_file_reference(name):
        return f"{name}: files of the server are not opened from here; give the file itself"
    return None


def _add_file(name: str, data: bytes, arch: str | None) -> str | None:
    """Has the library check an uploaded file and keep it; None, with a line, if it cannot be used."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, Path(name).name)
        path.write_bytes(data)
        try:
            return add_network(str(path), server.store(), arch=arch)
        except SpecError as error:
            show_error(str(error).replace(f"{folder}/", ""))
            return None
