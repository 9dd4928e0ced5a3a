"""From JSON back to specs, of today's schema and of the one before.

What was written under schema 1 is read as the settings that it stood for: every split drew from all backgrounds, so
``shared_backgrounds`` is true. The spec that results is of today, with another identity: it describes what an earlier
run was, and asked for anew it is another run.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any, Final

from invariance.spec.checks import SpecError
from invariance.spec.dataset import DatasetSpec
from invariance.spec.measuring import FactorSpec, MeasureSpec
from invariance.spec.registrations import REGISTERED_KEY, import_registered, require_registered
from invariance.spec.run import SCHEMA_VERSION
from invariance.spec.training import PretrainSpec, TransferSpec

RunSpec = PretrainSpec | TransferSpec | MeasureSpec | FactorSpec
RUN_KINDS: dict[str, type[RunSpec]] = {
    spec.kind: spec for spec in (PretrainSpec, TransferSpec, MeasureSpec, FactorSpec)
}


EARLIEST_SCHEMA: Final = 1
"""That can be read."""


def schema_of(values: dict[str, Any]) -> int:
    """The schema under which a spec was written, today's where it does not say; SpecError if it cannot be read."""
    schema = values.get("schema", SCHEMA_VERSION)
    if type(schema) is not int or not EARLIEST_SCHEMA <= schema <= SCHEMA_VERSION:
        raise SpecError(f"schema = {schema!r}: this version reads schemas {EARLIEST_SCHEMA} to {SCHEMA_VERSION}")
    return schema


def schema_remark(schema: int) -> str:
    """What to know of what was made under an earlier schema; empty for today's."""
    if schema == SCHEMA_VERSION:
        return ""
    return (
        f"Made by an earlier version (schema {schema} of specs), whose images differ; asked for again it is a new run."
    )


def dataset_from_dict(values: dict[str, Any]) -> DatasetSpec:
    """Inverse of :func:`to_dict` for a data set; raises SpecError for an unknown field, schema or a bad value."""
    known = {key: value for key, value in values.items() if key != "schema"}
    if schema_of(values) == 1:
        known["shared_backgrounds"] = True
    return construct(DatasetSpec, known)


def run_from_dict(values: dict[str, Any]) -> RunSpec:
    """Inverse of :func:`to_dict` for a run; raises SpecError for an unknown kind, field or schema, or a bad value."""
    schema, values = schema_of(values), {key: value for key, value in values.items() if key != "schema"}
    kind = values.pop("kind", None)
    if kind not in RUN_KINDS:
        raise SpecError(f"kind = {kind!r}: expected {', '.join(RUN_KINDS)}")
    has_default = next(field.default for field in dataclasses.fields(RUN_KINDS[kind]) if field.name == "data")
    data = values.get("data", {} if isinstance(has_default, DatasetSpec) else None)
    if isinstance(data, dict):
        values["data"] = dataset_from_dict({**data, "schema": schema})
    return construct(RUN_KINDS[kind], values)


def run_from_json(text: str) -> RunSpec:
    """Reads a run from its canonical JSON."""
    return run_from_dict(json.loads(text))


def job_from_json(text: str) -> RunSpec:
    """The same for a worker, which first imports the modules that register what the run needs.

    Only for what this process's parent has made: what is imported is executed.
    """
    values = json.loads(text)
    import_registered(values)
    return run_from_dict(values)


def construct(cls: Any, values: dict[str, Any]) -> Any:
    """A spec from the values of its fields; SpecError for an unknown field or a bad value."""
    values = dict(values)
    require_registered(values.pop(REGISTERED_KEY, {}))
    known = {field.name for field in dataclasses.fields(cls)}
    if unknown := sorted(set(values) - known):
        raise SpecError(f"unknown field {', '.join(unknown)}: {cls.__name__} has {', '.join(sorted(known))}")
    try:
        return cls(**values)
    except (TypeError, AttributeError) as error:
        raise SpecError(f"{cls.__name__}: {error}") from error
