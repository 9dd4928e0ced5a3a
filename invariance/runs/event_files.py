"""A run's curves as an event file of TensorBoard, which the trackers that import those read as well."""

from __future__ import annotations

from contextlib import closing
from dataclasses import fields
from pathlib import Path
from typing import Any

from invariance.extras import require_extra
from invariance.runs.describe import title
from invariance.runs.origin import settings_of, without_paths
from invariance.runs.run import Run
from invariance.runs.store import Store
from invariance.spec import DatasetSpec, PretrainSpec, RunSpec, SpecError, TransferSpec, canonical_json
from invariance.vocabulary.target_probe import is_answer


def write_event_file(run: Run, store: Store, folder: Path) -> Path:
    """Writes what a run measured, its settings and what it came to.

    Args:
        run: a pretraining or transfer, done or not.
        store: that holds its measured values.
        folder: receives one event file more; made if it is absent.

    Returns:
        The file: a scalar for each measured value under its step, such as ``train_loss`` and ``validation_accuracy``,
        at the time of the clock at which it was measured, pauses left out; the spec and the command as texts; settings
        and final metrics for the tab HParams.

    Raises:
        SpecError: nothing was measured, or TensorBoard is not installed.
    """
    values = store.metrics(run.id)
    if values.empty or not isinstance(run.spec, PretrainSpec | TransferSpec):
        raise SpecError(
            f"run {run.id} ({run.kind}, {run.state}) has no curves: name a pretraining or transfer with some"
        )
    require_extra("tensorboard", "an event file")
    from torch.utils.tensorboard import SummaryWriter
    from torch.utils.tensorboard.summary import hparams

    start = run.started or run.created
    end = start + float(values["seconds"].max())
    settings = settings_of(run.spec) | _numbers(run.spec) | _numbers(run.spec.data, "data: ")
    before = set(folder.glob("*"))
    with closing(SummaryWriter(str(folder), filename_suffix=f".{run.id}")) as writer:
        writer.add_text("run", title(run.spec), 0, walltime=start)
        writer.add_text("spec", f"    {canonical_json(without_paths(run.spec))}", 0, walltime=start)
        for step, name, value, seconds in values.to_numpy().tolist():
            if not is_answer(name):
                writer.add_scalar(name, value, step, walltime=start + seconds)
        finals = {f"final/{name}": value for name, value in run.metrics.items()}
        for name, value in finals.items():
            writer.add_scalar(name, value, int(values["step"].max()), walltime=end)
        file: Any = writer.file_writer
        for summary in hparams(
            settings, finals
        ):  # not add_hparams, which makes another run of them, in a folder of its own
            file.add_summary(summary, walltime=end)
    (written,) = set(folder.glob("*")) - before
    return written


def _numbers(spec: RunSpec | DatasetSpec, prefix: str = "") -> dict[str, float]:
    """The settings that are numbers, under their names in :func:`settings_of`: HParams draws axes of them."""
    values = {each.name: getattr(spec, each.name) for each in fields(spec)}
    return {prefix + name.replace("_", " "): value for name, value in values.items() if type(value) in (int, float)}
