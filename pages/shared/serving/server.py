"""What one server shares between its visitors: the store of runs and the manager that executes them."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from invariance.data.uploads.collection import collections_of
from invariance.runs.device import ServerDevices, server_devices
from invariance.runs.expiry import PICTURES, Housekeeper, expire, hours_ago
from invariance.runs.limits import bytes_of, limits, require_short
from invariance.runs.manager import Manager
from invariance.runs.networks import recorded_spec
from invariance.runs.run import Run
from invariance.runs.slots import Slot, slots_of
from invariance.runs.store import Store, default_root
from invariance.runs.threads import compute_with_one_thread
from invariance.spec import RunSpec, SpecError, canonical_json
from pages.shared.errors import errors_postponed, postpone, show_error
from pages.shared.serving import process, visitor

MAX_QUEUED = 18
"""Runs that one person may have waiting on a server for a class: two what-ifs of three networks and six transfers."""
_MANAGER = "manager"
_log = logging.getLogger(__name__)


@dataclass
class _AtWork:
    """A manager, and which file its store was in when it began."""

    manager: Manager
    file: tuple[int, int]

    def close(self) -> None:
        self.manager.close()


def store() -> Store:
    """The store of runs, opened once for each version of the code and each file that it is in."""
    root = default_root()
    if (file := _file_of(root)) == (0, 0):
        return Store(root)
    found: Store = process.keep("store", f"{root} {file} {id(Store)}", lambda: Store(root))
    return found


def begin() -> None:
    """Has the manager at work from the server's start; why it cannot be is said in the log, and on the pages.

    On a shared server what visitors made goes after a while, and pages compute with one thread.
    """
    try:
        manager()
        if visitor.is_shared():
            compute_with_one_thread()
            process.keep("housekeeper", str(default_root()), _keep_house)
    except SpecError as error:
        _log.warning("no run can be executed: %s", error)


def manager() -> Manager:
    """The one manager of this server.

    Raises:
        SpecError: another server manages the same folder of runs, or the folder cannot be used.
    """
    root = default_root()
    at_work: _AtWork = process.keep(_MANAGER, str(root), _manage)
    if at_work.file != _file_of(root):
        process.end(_MANAGER)
        postpone(
            f"the folder of runs {root.name!r} was removed or replaced while this server ran, and what it held is "
            "lost here: a new one is in use from now on"
        )
        at_work = process.keep(_MANAGER, str(root), _manage)
    return at_work.manager


def _manage() -> _AtWork:
    root = default_root()
    return _AtWork(Manager(root), _file_of(root))


def _keep_house() -> Housekeeper:
    return Housekeeper(default_root(), lambda: hours_ago(limits().hours), [visitor.TEACHER])


def end_class() -> None:
    """Removes what visitors made and is not under way, as the teacher says."""
    with errors_postponed():
        if visitor.is_teacher():
            expire(default_root(), hours_ago(0), [visitor.TEACHER])


def _file_of(root: Path) -> tuple[int, int]:
    with suppress(OSError):
        about = (root / "store.sqlite").stat()
        return about.st_dev, about.st_ino
    return 0, 0


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
    """Says why no run is executed, where that is so."""
    with errors_postponed():
        if trouble := manager().trouble:
            show_error(f"Runs stand still: {trouble}")


def expect() -> None:
    """Somebody is about to ask for two networks, which are to begin together."""
    with suppress(SpecError):
        manager().expect()


def submit(specs: list[RunSpec], *, is_watched: bool = False) -> list[str]:
    """Asks for runs, sources first, and returns their identities; see :meth:`Manager.submit_all`.

    Raises:
        SpecError: a spec cannot be run, it or the visitor asks too much of a shared server, or another server manages
            the folder of runs.
    """
    is_limited = not visitor.may_do_all()
    if is_limited:
        require_short(specs, store(), devices().names[0], limits().minutes)
        require_space()
    runs = manager().submit_all(
        [canonical_json(spec) for spec in specs],
        visitor.owner(),
        max_queued=MAX_QUEUED if is_limited else None,
        is_watched=is_watched,
    )
    return [run.id for run in runs]


def pictures_root() -> Path:
    """The folder of all uploaded collections."""
    return default_root().resolve() / PICTURES


def require_space() -> None:
    """Raises SpecError if what a visitor of a shared server keeps there is as much as one may have."""
    if visitor.may_do_all():
        return
    names = visitor.names()
    folders = [store().directory(run.id) for run in store().list() if not set(names).isdisjoint(run.owners)]
    used, most = bytes_of([*folders, *collections_of(pictures_root(), names)]) / 1e6, limits().megabytes
    if used >= most:
        raise SpecError(
            f"your runs and pictures take {used:,.0f} MB on this server, where {most:,.0f} MB is the most for one "
            "person: delete some of your runs on Runs, or ask the teacher"
        )


def changeable(run_ids: list[str]) -> list[str]:
    """Those runs that the visitor may stop, resume or delete; remembers to say so if there are others."""
    runs = [run for run_id in run_ids if (run := store().find(run_id)) is not None]
    own = [run.id for run in runs if visitor.may_change(run.owners)]
    if len(own) < len(runs):
        postpone(
            f"{len(runs) - len(own)} of these runs were asked for by others: only they or the teacher may change them."
        )
    return own


def _let_go(run_ids: list[str]) -> set[str]:
    """Those runs that nobody else has asked for; the visitor lets go of the others, and they are told of."""
    own = changeable(run_ids)
    if visitor.may_do_all():
        return set(own)
    given_up = {run_id for run_id in own if store().release(run_id, visitor.names())}
    if len(given_up) < len(own):
        postpone(f"{len(own) - len(given_up)} of these runs go on, since others have asked for them too.")
    return given_up


def cancel(run_ids: list[str]) -> None:
    """Stops runs, wherever they are executed; those that have ended are left, and so are those that others want too."""
    with errors_postponed():
        own = _let_go(run_ids)
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
        for run_id in _let_go(run_ids):
            store().delete(run_id)


def delete_bad() -> None:
    """Removes the runs whose record cannot be read."""
    with errors_postponed():
        for row in store().bad_rows():
            store().delete(row.id)


def source_of(run: Run, known: dict[str, Run]) -> RunSpec | None:
    """The spec of the run that a transfer starts from, in the store or the gallery."""
    if run.kind != "transfer":
        return None
    (source,) = run.spec.depends_on
    return known[source].spec if source in known else recorded_spec(source, store())
