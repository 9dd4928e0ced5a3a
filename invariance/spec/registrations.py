"""What a user's module registers at run time, as a part of what names a run, and how other processes find it again.

The JSON of a spec says of each registered transformation or architecture that it names which module registers it, in
which version, and from which stream it draws. Who reads such a spec must have imported that module; a worker, which
executes what its parent asks for, imports it by itself.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from invariance.spec.checks import SpecError, one_line
from invariance.vocabulary.architectures import ARCHITECTURES, Architecture
from invariance.vocabulary.transforms import TRANSFORMATIONS, Transformation

REGISTERED_KEY: Final = "registered"
"""Of a spec's JSON; absent where nothing registered is named."""
IMPORT_VARIABLE: Final = "INVARIANCE_IMPORT"
"""Environment variable with the modules, separated by commas, that the app and every command import first."""
NOT_IMPORTABLE: Final = ("__main__", "__mp_main__")
"""What Python calls a script or a notebook, and what a process that it spawned calls it."""

Declared = Transformation | Architecture


def caller_module(depth: int = 2) -> str:
    """The name of the module that called the function that asks; ``__main__`` for a script or a notebook."""
    name = str(sys._getframe(depth).f_globals.get("__name__", ""))
    return NOT_IMPORTABLE[0] if name in NOT_IMPORTABLE else name


def registered() -> Iterator[Declared]:
    """What modules have registered in this process."""
    for declared in (TRANSFORMATIONS, ARCHITECTURES):
        yield from (one for one in declared.values() if one.module)


def registrations(spec: Any) -> dict[str, dict[str, Any]]:
    """Of the registered ones that a spec names in its own fields: name to module, version and stream."""
    transforms = [*getattr(spec, "transforms", ()), *(name.split(".")[0] for name in getattr(spec, "factors", ()))]
    named = [TRANSFORMATIONS.get(name) for name in transforms] + [ARCHITECTURES.get(getattr(spec, "model", ""))]
    return {one.name: _record(one) for one in named if one is not None and one.module}


def _record(one: Declared) -> dict[str, Any]:
    stream = {"stream": one.stream} if isinstance(one, Transformation) else {}
    return {"module": one.module, "version": one.version, **stream}


def require_registered(written: Mapping[str, Any]) -> None:
    """Checks what a spec's JSON says of what is registered.

    Args:
        written: under :data:`REGISTERED_KEY`.

    Raises:
        SpecError: it is not registered in this process, or otherwise.
    """
    if not isinstance(written, Mapping) or not all(isinstance(one, Mapping) for one in written.values()):
        raise SpecError(f"{REGISTERED_KEY} = {written!r}: expected names with their module and version")
    for name, record in written.items():
        kind, known = ("transform", TRANSFORMATIONS) if "stream" in record else ("model", ARCHITECTURES)
        module, here = record.get("module"), known.get(name)
        told = f"{kind} {name!r} (version {record.get('version')}) is registered by module {module}"
        if here is None and module in NOT_IMPORTABLE:
            raise SpecError(f"{kind} {name!r} was registered by a script or notebook: move that to a module of its own")
        if here is None:
            raise SpecError(f"{told}: import it, or set --import {module}")
        if _record(here) != record:
            numbers = ", ".join(f"{key} {value}" for key, value in _record(here).items() if value != record.get(key))
            raise SpecError(f"{told}, and here with {numbers or 'nothing else'}: import the one that made this run")


def import_modules(names: Iterable[str]) -> None:
    """Imports modules that register something, from the working directory too.

    Args:
        names: as in ``import NAME``.

    Raises:
        SpecError: there is none of that name, or it fails.
    """
    for name in names:
        if not all(part.isidentifier() for part in name.split(".")):
            raise SpecError(f"import = {name!r}: expected the name of a module, such as my_transforms")
        if (here := os.getcwd()) not in sys.path and "" not in sys.path:
            sys.path.append(here)
        try:
            import_module(name)
        except SpecError:
            raise
        except Exception as error:  # whatever somebody's code raises
            told = one_line(error, kind=True)
            raise SpecError(
                f"module {name} cannot be imported ({told}): give one that Python finds from here"
            ) from error


def import_named() -> None:
    """Imports what :data:`IMPORT_VARIABLE` names; raises as :func:`import_modules`."""
    import_modules(filter(None, (name.strip() for name in os.environ.get(IMPORT_VARIABLE, "").split(","))))


def import_registered(values: Any) -> None:
    """Imports the modules that a spec's JSON names, also in the data set within it, unless they are there."""
    for part in (values, values.get("data")):
        if isinstance(part, dict):
            found = part.get(REGISTERED_KEY, {}).values()
            import_modules(one["module"] for one in found if one["module"] not in (*NOT_IMPORTABLE, *sys.modules))


def registered_files() -> tuple[str, ...]:
    """The files, or the folders of packages, of the modules that have registered something."""
    return tuple(str(path) for path in _paths())


def registered_folders() -> tuple[str, ...]:
    """Where Python finds those modules."""
    return tuple(dict.fromkeys(str(path.parent) for path in _paths()))


def _paths() -> Iterator[Path]:
    for name in dict.fromkeys(one.module.split(".")[0] for one in registered()):
        module = sys.modules.get(name)
        if name in NOT_IMPORTABLE or module is None or not getattr(module, "__file__", None):
            continue
        path = Path(str(module.__file__)).resolve()
        yield path.parent if hasattr(module, "__path__") else path
