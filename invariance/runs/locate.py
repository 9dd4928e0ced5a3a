"""From what a user writes (a run, the beginning of its identity, a gallery model) to a file of weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from filelock import FileLock

from invariance.models import PUBLISHED_PREFIX, download_published, published_path
from invariance.runs.gallery import entries
from invariance.runs.store import Store
from invariance.spec import DatasetSpec, PretrainSpec, RunSpec, SpecError, TransferSpec
from invariance.training.checkpoint import save_weights, weights_spec

MIN_PREFIX = 6


def fetch_published(name: str, on_progress: Callable[[int, int], None] | None = None) -> Path:
    """Gets a published network onto this machine, unless it is here: the file of its weights.

    Args:
        name: ``torchvision:<name>``.
        on_progress: told (done, in all) in bytes, from another thread.

    Raises:
        SpecError: there is no such network, or it cannot be downloaded or written.
    """
    path = published_path(name)
    if path.is_file():
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):  # who asks meanwhile, in another window, waits for the same file
            if not path.is_file():
                model = download_published(name, on_progress)
                save_weights(path, model, class_names=model.class_names, spec=None)
    except OSError as error:
        raise SpecError(f"{path}: cannot be written ({error.strerror}); set INVARIANCE_DATA") from error
    return path


def require_published(name: str) -> Path:
    """The file of a published network's weights; raises SpecError that says how to get it if it is not here."""
    path = published_path(name)
    if not path.is_file():
        raise SpecError(f"{name} is not here: get it with python -m invariance download {name}")
    return path


def shipped_weights(reference: str) -> Path | None:
    """The weights of a network that no run has to make: of the gallery, or published and downloaded; else None."""
    if reference.startswith(PUBLISHED_PREFIX):
        path = published_path(reference)
        return path if path.is_file() else None
    return gallery_weights(reference)


def gallery_weights(reference: str) -> Path | None:
    """The weights of the gallery model with this name or run id, or None."""
    for entry in entries():
        if reference in (entry.name, entry.run_id):
            return entry.path
    return None


def run_id_of(reference: str, store: Store | None) -> str:
    """The full identity of the run that a user means.

    Args:
        reference: a run id or at least its first 6 digits, the name or run id of a gallery model, or
            ``torchvision:<name>``.
        store: where runs are looked up; None for the gallery alone.

    Raises:
        SpecError: nothing, or more than one run, fits.
    """
    reference = reference.strip()
    if reference.startswith(PUBLISHED_PREFIX):
        published_path(reference)
        return reference
    if store is not None and store.find(reference) is not None:
        return reference
    for entry in entries():
        if reference in (entry.name, entry.run_id):
            return entry.run_id
    known = set() if store is None else {run.id for run in store.list()}
    known |= {entry.run_id for entry in entries()}
    fitting = sorted(run_id for run_id in known if len(reference) >= MIN_PREFIX and run_id.startswith(reference))
    if not fitting:
        raise SpecError(
            f"no run or gallery model {reference!r}: give a run id (at least its first {MIN_PREFIX} digits) or the "
            "name of a gallery model"
        )
    if len(fitting) > 1:
        raise SpecError(f"{reference!r} fits {len(fitting)} runs: give more digits of {' or '.join(fitting)}")
    return fitting[0]


def weights_of(reference: str, store: Store | None) -> Path:
    """The file of weights that a reference stands for.

    Args:
        reference: see :func:`run_id_of`.
        store: where runs are looked up; None for the gallery alone.

    Raises:
        SpecError: it is unknown, not done, has no weights, or its file is gone.
    """
    run_id = run_id_of(reference, store)
    if run_id.startswith(PUBLISHED_PREFIX):
        return require_published(run_id)
    run = None if store is None else store.find(run_id)
    if (run is None or run.state != "done") and (path := gallery_weights(run_id)) is not None:
        return path
    assert run is not None and store is not None
    if run.state != "done":
        remedy = "wait for it to end" if run.is_active else "resume it first"
        raise SpecError(f"run {run_id} is {run.state}, so it has no weights yet: {remedy}")
    checkpoint = (run.result or {}).get("checkpoint")
    if not checkpoint:
        raise SpecError(f"run {run_id} is a {run.kind} and has no weights: give a pretrain or transfer run")
    path = store.directory(run_id) / Path(checkpoint).name  # by name: the folder of runs may have been moved
    if not path.is_file():
        raise SpecError(f"the weights of run {run_id} are gone ({path.name}): delete the run and ask for it again")
    return path


def task_of(references: list[str], store: Store | None) -> DatasetSpec:
    """The data that networks are looked at with, endless: of the first one's last training, as on the pages.

    What published networks were trained on is not here, so the first other one counts; without any it is the data of
    the gallery's ``none``.

    Args:
        references: see :func:`run_id_of`.
        store: where runs are looked up; None for the gallery alone.

    Raises:
        SpecError: weights cannot be had.
    """
    for reference in references:
        if not run_id_of(reference, store).startswith(PUBLISHED_PREFIX):
            spec = _spec_of(reference, store)
            assert isinstance(spec, PretrainSpec | TransferSpec), f"a {spec.kind} has no weights"
            return replace(spec.data, num_samples=None)
    shipped = next((entry.spec.data for entry in entries() if entry.name == "none"), DatasetSpec())
    return replace(shipped, num_samples=None)


def pretraining_data(reference: str, store: Store | None) -> DatasetSpec:
    """What a network was pretrained on; of a transfer, what the network it started from was.

    Args:
        reference: see :func:`run_id_of`.
        store: where runs are looked up; None for the gallery alone.

    Raises:
        SpecError: its weights cannot be had, or it was pretrained elsewhere.
    """
    if run_id_of(reference, store).startswith(PUBLISHED_PREFIX):
        raise SpecError(
            f"{reference.strip()} was pretrained elsewhere: what is new to it cannot be said; leave the shift out"
        )
    spec = _spec_of(reference, store)
    if isinstance(spec, TransferSpec):
        return pretraining_data(spec.source, store)
    assert isinstance(spec, PretrainSpec), spec.kind
    return spec.data


def _spec_of(reference: str, store: Store | None) -> RunSpec:
    """The run that made some weights; as the store has it where it does, which knows where folders are now."""
    spec = weights_spec(weights_of(reference, store))
    run = None if store is None else store.find(run_id_of(reference, store))
    return spec if run is None else run.spec
