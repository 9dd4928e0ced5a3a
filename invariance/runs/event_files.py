"""A run's curves as an event file of TensorBoard, which the trackers that import those read as well."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from invariance.extras import require_extra
from invariance.runs.describe import title
from invariance.runs.origin import settings_of
from invariance.runs.store import Run, Store
from invariance.spec import PretrainSpec, SpecError, TransferSpec, canonical_json


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
    settings = settings_of(run.spec)
    before = set(folder.glob("*"))
    with closing(SummaryWriter(str(folder), filename_suffix=f".{run.id}")) as writer:
        writer.add_text("run", title(run.spec), 0, walltime=start)
        writer.add_text("spec", f"    {canonical_json(run.spec)}", 0, walltime=start)
        for row in values.itertuples(index=False):
            writer.add_scalar(row.name, row.value, row.step, walltime=start + row.seconds)
        for name, value in run.metrics.items():
            writer.add_scalar(f"final/{name}", value, int(values["step"].max()), walltime=end)
        # Not add_hparams, which would put them into a folder of their own, as another run.
        finals = {f"final/{name}": value for name, value in run.metrics.items()}
        for summary in hparams(settings, finals):
            writer.file_writer.add_summary(summary, walltime=end)
    (written,) = set(folder.glob("*")) - before
    return written
