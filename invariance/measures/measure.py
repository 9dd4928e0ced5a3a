"""The one way in which networks are measured: spec and weights in, progress on the way, a table at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from invariance.data.engine import Engine
from invariance.events import CancelFlag, Event, Finished, never
from invariance.files import sweep_temporaries, write_atomically
from invariance.measures.equivariance_table import measure_equivariance
from invariance.measures.factor_table import probe_factors
from invariance.measures.feature_table import measure_features
from invariance.measures.task import TableWork, Task
from invariance.measures.transform_table import measure_transforms
from invariance.spec import FactorSpec, MeasureSpec
from invariance.spec.checks import require, require_kind
from invariance.training.checkpoint import load_weights
from invariance.training.precision import FULL
from invariance.training.threads import in_threads_of
from invariance.vocabulary.attach import attach
from invariance.vocabulary.measures import MEASUREMENTS, TABLE

_MEASUREMENTS: Final[dict[str, Callable[[Any, Task], TableWork]]] = attach(
    "measurement",
    MEASUREMENTS,
    {
        "sens": measure_transforms,
        "features": measure_features,
        "equivariance": measure_equivariance,
        "factors": probe_factors,
    },
)


def measure(
    spec: MeasureSpec | FactorSpec,
    sources: dict[str, Path],
    directory: Path,
    *,
    device: str = "cpu",
    cancelled: CancelFlag = never,
) -> Iterator[Event]:
    """Measures models on samples of the test split, which none of them was trained on.

    Args:
        spec: what is measured, on which objects and backgrounds.
        sources: name of each model, as it appears in the table, and its weights.
        directory: of the run; receives ``table.csv``.
        device: a torch device.
        cancelled: asked before every batch; nothing is kept, the run is short.

    Yields:
        Progress after each model and each thing that it is measured on; then Finished with the path of the table, whose
        columns are those that :data:`~invariance.vocabulary.measures.MEASUREMENTS` declares.

    Raises:
        Cancelled: the flag was set.
        SpecError: a model or the data set cannot be used.
    """
    require(isinstance(spec, MeasureSpec | FactorSpec), "spec", spec, "a MeasureSpec or a FactorSpec")
    require_kind(Mapping, "sources", sources, "the file of weights of each model, by the model's name")
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    sweep_temporaries(directory)
    started = time.monotonic()
    engine = Engine(spec.data, device)
    models = {name: load_weights(path, device) for name, path in sources.items()}
    task = Task(engine, models, sources, cancelled, started)
    events = _measured(spec, task, directory, device)
    yield from in_threads_of([model.architecture for model in models.values()], device, events)


def _measured(spec: MeasureSpec | FactorSpec, task: Task, directory: Path, device: str) -> Generator[Event, None, None]:
    make = _MEASUREMENTS[spec.measure if isinstance(spec, MeasureSpec) else spec.kind]
    table, metrics = yield from make(spec, task)
    content = table.to_csv(index=False).encode()
    write_atomically(directory / TABLE, lambda stream: stream.write(content))
    yield Finished(
        metrics=dict(metrics),
        checkpoint=None,
        sha256=None,
        seconds=task.seconds,
        device=device,
        precision=FULL.name,
        table=str(directory / TABLE),
    )
