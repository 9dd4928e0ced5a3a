"""From what a user writes to a network: a run, a gallery model, one that others published, or a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from invariance.models import Classifier
from invariance.runs.added import (
    GRAMMAR,
    added_here,
    canonical,
    fetch_published,
    is_file_reference,
    is_outside,
    keep_file,
    needs_arch,
    outside_path,
    require_no_arch,
    require_outside,
    short_name,
)
from invariance.runs.gallery import entries
from invariance.runs.store import Store
from invariance.spec import DatasetSpec, PretrainSpec, RunSpec, SpecError, TransferSpec
from invariance.training.checkpoint import load_weights, require_sum, weights_spec

MIN_PREFIX = 6


def load_network(
    reference: str,
    store: Store | None = None,
    *,
    arch: str | None = None,
    device: str | torch.device = "cpu",
    code: bool = False,
) -> Classifier:
    """The network that a user means, got onto this machine first if it is not here.

    Args:
        reference: see :func:`run_id_of`.
        store: where runs are looked up; None for those that ship or come from outside.
        arch: see :func:`add_network`.
        device: where the network is put.
        code: see :func:`add_network`.

    Returns:
        In eval mode; its ``name`` is the reference, or the short name of one from outside.

    Raises:
        SpecError: it is unknown or cannot be used.
    """
    if is_file_reference(reference.strip()) or is_outside(reference.strip()):
        found = add_network(reference, store, arch=arch, code=code)
        model, name = load_weights(require_outside(found), device), short_name(found)
    else:
        path = weights_of(reference, store)
        require_no_arch(arch, reference)
        model, name = load_weights(path, device), reference.strip()
    model.name = name
    return model


def add_network(
    reference: str,
    store: Store | None,
    *,
    arch: str | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    code: bool = False,
) -> str:
    """Makes a network ready for use: what is published is fetched, what is in a file is kept.

    Args:
        reference: see :func:`run_id_of`; a path as text or as it is.
        store: where runs are looked up.
        arch: architecture of a state dictionary that says nothing of it: a declared one, ``torchvision:NAME`` or
            ``timm:NAME``.
        on_progress: told (done, in all) in bytes, from another thread, where that is known.
        code: whether ``FILE.py:function`` may be executed; never for a page.

    Returns:
        The reference that specs hold: for a file ``sha256:`` and the beginning of its contents' hash.

    Raises:
        SpecError: it is unknown or cannot be used; one line says why.
    """
    found = run_id_of(str(reference), store, arch=arch, code=code)
    if is_outside(found):
        fetch_published(found, on_progress)
    return found


def added_networks(store: Store | None = None) -> list[tuple[str, str, str]]:
    """The networks from outside that are ready for use: reference, short name, and one line about each.

    Args:
        store: they are the same for all stores of a user, kept under the data root.
    """
    return added_here()


def shipped_weights(reference: str) -> Path | None:
    """The weights of a network that no run has to make: of the gallery, or from outside and here; else None."""
    if is_outside(reference):
        path = outside_path(reference)
        return path if path.is_file() else None
    return gallery_weights(reference)


def gallery_weights(reference: str) -> Path | None:
    """The weights of the gallery model with this name or run id, or None."""
    for entry in entries():
        if reference in (entry.name, entry.run_id):
            return require_sum(entry.path, entry.sha256) if entry.path.is_file() else entry.path
    return None


def run_id_of(reference: str, store: Store | None, *, arch: str | None = None, code: bool = False) -> str:
    """The full identity of the network that a user means; what a file holds is kept, nothing is downloaded.

    Args:
        reference: a run id or at least its first 6 digits, the name or run id of a gallery model, ``torchvision:NAME``,
            ``timm:NAME``, ``hf:OWNER/NAME``, ``FILE.safetensors`` or ``FILE.py:function``.
        store: where runs are looked up; None for the gallery alone.
        arch: see :func:`add_network`.
        code: see :func:`add_network`.

    Raises:
        SpecError: nothing, or more than one run, fits; or the file cannot be used.
    """
    reference = reference.strip()
    if is_file_reference(reference):
        return keep_file(reference, arch=arch, code=code)
    found = canonical(reference) if is_outside(reference) else _run_of(reference, store)
    require_no_arch(arch, reference)
    return found


def _run_of(reference: str, store: Store | None) -> str:
    """The full identity of a run or a gallery model."""
    if store is not None and store.find(reference) is not None:
        return reference
    for entry in entries():
        if reference in (entry.name, entry.run_id):
            return entry.run_id
    known = set() if store is None else {run.id for run in store.list()}
    known |= {entry.run_id for entry in entries()}
    fitting = sorted(run_id for run_id in known if len(reference) >= MIN_PREFIX and run_id.startswith(reference))
    if not fitting:
        for bad in () if store is None or len(reference) < MIN_PREFIX else store.bad_rows():
            if bad.id.startswith(reference):
                raise SpecError(f"run {bad.id} cannot be read here: {bad.why}")
        if reference.endswith(".py"):
            raise SpecError(f"network {reference!r}: say which function of it makes the network: {reference}:FUNCTION")
        raise SpecError(f"no run or gallery model {reference!r}: give {GRAMMAR}")
    if len(fitting) > 1:
        raise SpecError(f"{reference!r} fits {len(fitting)} runs: give more digits of {' or '.join(fitting)}")
    return fitting[0]


def run_ids_of(references: Sequence[str], store: Store | None, *, arch: str | None = None) -> list[str]:
    """The full identities of several networks that a user names; code is executed.

    Args:
        references: see :func:`run_id_of`.
        store: where runs are looked up.
        arch: architecture of those that are files that do not say it, of which there is one at least.

    Raises:
        SpecError: as for :func:`run_id_of`, or no file needs the architecture.
    """
    bare = [name for name in references if arch is not None and needs_arch(name.strip())]
    if arch is not None and not bare:
        for name in references:
            if not is_file_reference(name.strip()):
                run_id_of(name, store)  # what is not known at all is said first
        require_no_arch(arch, *references)
    return [run_id_of(name, store, arch=arch if name in bare else None, code=True) for name in references]


def require_each_once(argument: str, found: Mapping[str, str]) -> None:
    """Raises SpecError where two names lead to one network, whose rows would be one row.

    Args:
        argument: that has the names, for the refusal.
        found: the full identity of each name.
    """
    first_of: dict[str, str] = {}
    for name, run_id in found.items():
        if (first := first_of.setdefault(run_id, name)) != name:
            raise SpecError(f"{argument}: {first} and {name} are the same network; name it once")


def weights_of(reference: str, store: Store | None) -> Path:
    """The file of weights that a reference stands for.

    Args:
        reference: see :func:`run_id_of`.
        store: where runs are looked up; None for the gallery alone.

    Raises:
        SpecError: it is unknown, not done, has no weights, or its file is gone or was changed since.
    """
    run_id = run_id_of(reference, store)
    if is_outside(run_id):
        return require_outside(run_id)
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
    return require_sum(path, str((run.result or {}).get("sha256")))


def task_of(references: list[str], store: Store | None) -> DatasetSpec:
    """The data that networks are looked at with, endless: of the first one's last training, as on the pages.

    What networks from outside were trained on is not here, so the first other one counts; without any it is the data of
    the gallery's ``none``.

    Args:
        references: see :func:`run_id_of`.
        store: where runs are looked up; None for the gallery alone.

    Raises:
        SpecError: weights cannot be had.
    """
    for reference in references:
        if (spec := _spec_of(reference, store)) is not None:
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
    spec = _spec_of(reference, store)
    if spec is None:
        raise SpecError(
            f"{reference.strip()} was pretrained elsewhere: what is new to it cannot be said; leave the shift out"
        )
    if isinstance(spec, TransferSpec):
        return pretraining_data(spec.source, store)
    assert isinstance(spec, PretrainSpec), spec.kind
    return spec.data


def _spec_of(reference: str, store: Store | None) -> RunSpec | None:
    """The run that made some weights, None for those from outside.

    As the store has it where it does, which knows where folders are now.
    """
    spec = weights_spec(weights_of(reference, store))
    run = None if store is None or spec is None else store.find(run_id_of(reference, store))
    return spec if run is None else run.spec
