"""What one person may ask of a server that many share, and how long it keeps what they made.

A server's owner sets them in the environment; whoever has a machine for themselves has none.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from invariance.runs.estimate import estimate_seconds
from invariance.runs.networks import networks_of, recorded_spec
from invariance.runs.store import Store
from invariance.spec import RunSpec, SpecError

TEACHER_VARIABLE: Final = "INVARIANCE_TEACHER"
"""Holds the password of who is not limited."""
_VARIABLES: Final = {
    "minutes": "INVARIANCE_MAX_MINUTES",
    "megabytes": "INVARIANCE_MAX_MB",
    "hours": "INVARIANCE_KEEP_HOURS",
}


@dataclass(frozen=True)
class Limits:
    """Of one visitor.

    Attributes:
        minutes: that a run may take, by the estimate.
        megabytes: on the server's disk, of runs and pictures together.
        hours: until runs and pictures of visitors are removed.
    """

    minutes: float = 10.0
    megabytes: float = 500.0
    hours: float = 24.0


def limits() -> Limits:
    """What ``INVARIANCE_MAX_MINUTES``, ``INVARIANCE_MAX_MB`` and ``INVARIANCE_KEEP_HOURS`` say.

    Raises:
        SpecError: one of them is no number above 0.
    """
    given = {}
    for each in fields(Limits):
        variable = _VARIABLES[each.name]
        if text := os.environ.get(variable, "").strip():
            try:
                value = float(text)
            except ValueError:
                value = math.nan
            if not (value > 0 and math.isfinite(value)):
                raise SpecError(f"{variable} = {text!r}: expected a number above 0, of {each.name}")
            given[each.name] = value
    return Limits(**given)


def require_short(specs: Sequence[RunSpec], store: Store, device: str, minutes: float) -> None:
    """Raises SpecError if one of some runs takes longer than that, by the estimate; those that are done take no time.

    Args:
        specs: the runs that are asked for together.
        store: where sources are looked up that are not among them.
        device: on which they are executed.
        minutes: that one may take.
    """
    known = {spec.run_id: spec for spec in specs}
    standings = store.standings(known)

    def spec_of(source: str) -> RunSpec | None:
        return known.get(source) or recorded_spec(source, store)

    for run_id, spec in known.items():
        if run_id in standings and standings[run_id].state == "done":
            continue
        model = next(filter(None, networks_of(spec, spec_of)), "small")
        seconds = estimate_seconds(spec, device, model)
        if seconds > 60 * minutes:
            raise SpecError(
                f"this {spec.kind} would take about {_in_words(seconds)} here, and on this server {minutes:g} minutes "
                "is the most for one run: ask for fewer images or a smaller network, or have the teacher ask for it"
            )


def bytes_of(folders: Sequence[Path]) -> int:
    """Bytes of all files under some folders; what goes while one looks counts nothing."""
    total = 0
    for folder in folders:
        for path in folder.rglob("*"):
            try:
                total += path.stat().st_size if path.is_file() else 0
            except OSError:
                continue
    return total


def _in_words(seconds: float) -> str:
    return f"{seconds / 60:,.0f} minutes" if seconds < 7200 else f"{seconds / 3600:,.0f} hours"
