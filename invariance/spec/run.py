"""What all kinds of run share: a canonical form and the identity that follows from it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import MISSING, dataclass, fields, replace
from typing import Any, ClassVar, Final

from invariance.spec.dataset import DatasetSpec
from invariance.spec.registrations import REGISTERED_KEY, registrations
from invariance.spec.sources import SOURCES, identity_of

SCHEMA_VERSION: Final = 2
"""Of specs; part of every run's identity. It grows when the same fields come to make other numbers: under schema 1
every split drew from all backgrounds, and some kernels had other bits."""

ALWAYS_WRITTEN: Final = {"always_written": True}
"""Marks a field whose default lists what there is: left out of the JSON it would come to mean something else, under the
same identity, on the day on which there is more."""


@dataclass(frozen=True, kw_only=True)
class BaseRunSpec:
    """What all kinds of run share: a canonical form and the identity that follows from it."""

    kind: ClassVar[str]

    @property
    def run_id(self) -> str:
        """The run's identity: the first 16 hexadecimal digits of the SHA-256 of :func:`identity_json`."""
        return hashlib.sha256(identity_json(self).encode()).hexdigest()[:16]

    @property
    def depends_on(self) -> tuple[str, ...]:
        """Identities of the runs whose weights this one needs."""
        return ()


def to_dict(spec: BaseRunSpec | DatasetSpec) -> dict[str, Any]:
    """The fields that differ from their defaults, as plain JSON values (with ``kind`` for a run).

    Those marked :data:`ALWAYS_WRITTEN` are there at their defaults too, and ``registered`` says where what is named
    was registered, if it was: see :mod:`invariance.spec.registrations`.
    """
    result: dict[str, Any] = {} if isinstance(spec, DatasetSpec) else {"kind": spec.kind}
    for field in fields(spec):
        value = getattr(spec, field.name)
        is_written = "always_written" in field.metadata or field.default is MISSING or value != field.default
        if not is_written:
            continue
        if isinstance(value, DatasetSpec):
            value = to_dict(value)
        result[field.name] = list(value) if isinstance(value, tuple) else value
    if registered := registrations(spec):
        result[REGISTERED_KEY] = registered
    return result


def canonical_json(spec: BaseRunSpec | DatasetSpec) -> str:
    """One line of JSON with sorted keys and the schema version: equal specs give equal text."""
    return json.dumps({"schema": SCHEMA_VERSION, **to_dict(spec)}, sort_keys=True, separators=(",", ":"))


def identity_json(spec: BaseRunSpec) -> str:
    """The canonical JSON, folders named by their contents alone: equal for specs that ask for the same."""
    data: Any = getattr(spec, "data", None)
    if data is None:
        return canonical_json(spec)
    return canonical_json(replace(spec, data=by_contents(data)))  # type: ignore[call-arg]


def by_contents(data: DatasetSpec) -> DatasetSpec:
    """A data set whose folders are named by their contents alone, to tell whether two are the same."""
    named: dict[str, Any] = {source: identity_of(getattr(data, source)) for source in SOURCES}
    return replace(data, **named)
