"""Which networks a run computes with, told from what is recorded: no weights are read, and none need be there yet."""

from __future__ import annotations

from collections.abc import Callable

from invariance.runs.gallery import entries
from invariance.runs.store import Store
from invariance.spec import PretrainSpec, RunSpec
from invariance.vocabulary.architectures import OUTSIDE_PREFIXES


def networks_of(spec: RunSpec, spec_of: Callable[[str], RunSpec | None]) -> tuple[str | None, ...]:
    """The architectures of a run's networks, those of its sources in their order.

    Args:
        spec: the run.
        spec_of: from the identity of a source to how it was made, or None; see :func:`recorded_spec`.

    Returns:
        Names of architectures; the reference of a network from outside, None of one that is not known.
    """
    if isinstance(spec, PretrainSpec):
        return (spec.model,)
    found: list[str | None] = []
    for source in spec.depends_on:
        if source.startswith(OUTSIDE_PREFIXES):
            found.append(source)
        else:
            made = spec_of(source)
            found += [None] if made is None else networks_of(made, spec_of)
    return tuple(found)


def recorded_spec(reference: str, store: Store) -> RunSpec | None:
    """The run that made a network: of the store, by its identity, or of the gallery, also by its name; else None."""
    if (run := store.find(reference)) is not None:
        return run.spec
    return next((entry.spec for entry in entries() if reference in (entry.run_id, entry.name)), None)
