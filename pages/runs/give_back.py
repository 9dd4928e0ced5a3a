"""What a run gives away: its weights with a model card, and its curves for TensorBoard and what reads its files."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from invariance.extras import has
from invariance.runs.event_files import write_event_file
from invariance.runs.give_back import as_zip, files_to_give
from invariance.runs.run import Run
from pages.shared.serving import server


def show_files(run: Run) -> None:
    """Buttons for what there is of a run; the files are made when they are asked for."""
    if run.kind not in ("pretrain", "transfer"):
        return
    offered = []
    if run.state == "done":
        words = "safetensors, README.md and config.json: what `invariance push` puts onto the Hugging Face Hub."
        offered.append(("Weights and model card", weights_zip, "weights", words))
    if has("tensorboard") and not server.store().metrics(run.id).empty:
        words = "An event file, which other trackers import."
        offered.append(("Curves for TensorBoard", curves_zip, "tensorboard", words))
    with st.container(horizontal=True):
        for label, make, name, words in offered:
            st.download_button(
                label,
                partial(make, run.id),
                f"{name}-{run.id[:8]}.zip",
                "application/zip",
                icon=":material/download:",
                key=f"{name}_{run.id}",
                on_click="ignore",
                help=words,
            )


def weights_zip(run_id: str) -> bytes:
    """Weights, model card and what a program needs to know."""
    return as_zip(files_to_give(run_id, server.store()))


def curves_zip(run_id: str) -> bytes:
    """An event file in a folder of the run's name, as TensorBoard tells runs apart."""
    store = server.store()
    with TemporaryDirectory() as folder:
        path = write_event_file(store.get(run_id), store, Path(folder))
        return as_zip({f"{run_id}/{path.name}": path.read_bytes()})
