"""What one server shares between its visitors: the store of runs and the manager that executes them."""

from __future__ import annotations

import atexit

import streamlit as st

from invariance.runs.device import ServerDevices, server_devices
from invariance.runs.manager import Manager
from invariance.runs.networks import recorded_spec
from invariance.runs.slots import Slot, slots_of
from invariance.runs.store import Run, Store, default_root
from invariance.spec import RunSpec, SpecError, canonical_json
from pages.shared import visitor
from pages.shared.errors import errors_postponed, postpone

MAX_QUEUED = 18
"""Runs that one person may have waiting on a server for a class: two what-ifs of three networks and six transfers."""


def store() -> Store:
    """The store of runs; a new object each time, so that it always is of the code's current version."""
    return Store(default_root())


@st.cache_resource(show_spinner="Starting the worker", on_release=Manager.close)
def _manager(root: str) -> Manager:
    manager = Manager(root, max_queued=MAX_QUEUED if visitor.is_shared() else None)
    atexit.register(manager.close)
    return manager


def manager() -> Manager:
    """The one manager of this server.

    Raises:
        SpecError: another server manages the same folder of runs.
    """
    return _manager(str(default_root()))


def devices() -> ServerDevices:
    """What this server's runs are executed on, which decides how long they take."""
    try:
        return server_devices()
    except SpecError:  # which the manager says, that has not begun
        return ServerDevices()


def slots() -> tuple[Slot, ...]:
    """The workers of this server."""
    return slots_of(devices().names)


def start() -> None:
    """Has the manager at work: its worker is warm when a run is asked for, and what a killed server left is settled."""
    visitor.remember()
    with errors_postponed():
        manager()


def submit(specs: list[RunSpec]) -> list[str]:
    """Asks for runs, sources first, and returns their identities.

    Raises:
        SpecError: a spec cannot be run, too many of the visitor's runs are waiting, or another server manages the
            folder of runs.
    """
    return [run.id for run in manager().submit_all([canonical_json(spec) for spec in specs], visitor.owner())]


def changeable(run_ids: list[str]) -> list[str]:
    """Those runs that the visitor may stop, resume or delete; remembers to say so if there are others."""
    runs = [run for run_id in run_ids if (run := store().find(run_id)) is not None]
    own = [run.id for run in runs if visitor.may_change(run.owner)]
    if len(own) < len(runs):
        postpone(
            f"{len(runs) - len(own)} of these runs were asked for by others: only they or the teacher may change them."
        )
    return own


def cancel(run_ids: list[str]) -> None:
    """Stops runs, wherever they are executed; those that have ended are left."""
    own = set(changeable(run_ids))
    for run in reversed(store().list()):  # what builds on another first: it would fail for want of that one
        if run.id in own:
            store().request_cancel(run.id)


def resume(run_ids: list[str]) -> None:
    """Queues runs again that failed or were stopped; shows why where that is not possible."""
    with errors_postponed():
        for run_id in changeable(run_ids):
            manager().resume(run_id)


def delete(run_ids: list[str]) -> None:
    """Removes runs with everything they made; shows why where that is not possible."""
    with errors_postponed():
        for run_id in changeable(run_ids):
            store().delete(run_id)


def source_of(run: Run, known: dict[str, Run]) -> RunSpec | None:
    """The spec of the run that a transfer starts from, in the store or the gallery."""
    if run.kind != "transfer":
        return None
    (source,) = run.spec.depends_on
    return known[source].spec if source in known else recorded_spec(source, store())
