"""From JSON back to specs."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from invariance.spec.checks import SpecError
from invariance.spec.dataset import DatasetSpec
from invariance.spec.measuring import FactorSpec, MeasureSpec
from invariance.spec.run import SCHEMA_VERSION
from invariance.spec.training import PretrainSpec, TransferSpec

RunSpec = PretrainSpec | TransferSpec | MeasureSpec | FactorSpec
RUN_KINDS: dict[str, type[RunSpec]] = {
    spec.kind: spec for spec in (PretrainSpec, TransferSpec, MeasureSpec, FactorSpec)
}


def dataset_from_dict(values: dict[str, Any]) -> DatasetSpec:
    """Inverse of :func:`to_dict` for a data set; raises SpecError for an unknown field or a bad value."""
    return _construct(DatasetSpec, {key: value for key, value in values.items() if key != "schema"})


def run_from_dict(values: dict[str, Any]) -> RunSpec:
    """Inverse of :func:`to_dict` for a run; raises SpecError for an unknown kind or field, or a bad value."""
    values = dict(values)
    if (schema := values.pop("schema", SCHEMA_VERSION)) != SCHEMA_VERSION:
        raise SpecError(f"schema = {schema!r}: this version reads schema {SCHEMA_VERSION}")
    kind = values.pop("kind", None)
    if kind not in RUN_KINDS:
        raise SpecError(f"kind = {kind!r}: expected {', '.join(RUN_KINDS)}")
    if isinstance(values.get("data"), dict):
        values["data"] = dataset_from_dict(values["data"])
    return _construct(RUN_KINDS[kind], values)


def run_from_json(text: str) -> RunSpec:
    """Reads a run from its canonical JSON."""
    return run_from_dict(json.loads(text))


def _construct(cls: Any, values: dict[str, Any]) -> Any:
    known = {field.name for field in dataclasses.fields(cls)}
    if unknown := sorted(set(values) - known):
        raise SpecError(f"unknown field {', '.join(unknown)}: {cls.__name__} has {', '.join(sorted(known))}")
    try:
        return cls(**values)
    except (TypeError, AttributeError) as error:
        raise SpecError(f"{cls.__name__}: {error}") from error
