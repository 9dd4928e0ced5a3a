"""How a run ended, on disk and in words."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest
import torch

from invariance.events import Diverged
from invariance.runs.outcome import (
    RESULT_FILE,
    ends_worker,
    error_line,
    failed_message,
    is_expected,
    read_history,
    read_result,
    write_result,
)
from invariance.spec import SpecError

RESULT = {"event": "finished", "metrics": {"test_accuracy": 0.5}, "checkpoint": "weights.safetensors", "table": None}
MEASURED = [{"event": "progress", "step": 1, "metrics": {"train_loss": 1.0}}]


class Worse(Diverged):
    """A kind of divergence."""


@pytest.mark.parametrize(
    ("error", "kind", "line", "ends"),
    [
        (SpecError("epochs = 0: expected 1"), "spec", "epochs = 0: expected 1", False),
        (Diverged("loss is nan"), "diverged", "loss is nan", False),
        (Worse("loss is inf"), "diverged", "loss is inf", False),
        (MemoryError("4 GB"), "out of memory", "out of memory on cpu: choose a smaller batch", True),
        (torch.OutOfMemoryError("CUDA"), "out of memory", "out of memory on cpu", True),
        (OSError(errno.ENOSPC, "No space left on device"), "disk full", "the disk is full: delete runs", False),
        (RuntimeError("I/O error: No space left on device (os error 28)"), "disk full", "the disk is full", False),
        (KeyError("x"), "unexpected", "KeyError: 'x'", True),
    ],
)
def test_what_failed_is_told_by_its_kind(error: Exception, kind: str, line: str, ends: bool) -> None:
    message = json.loads(json.dumps(failed_message(error, "cpu")))
    assert (message["type"], message["kind"], ends_worker(message)) == ("failed", kind, ends)
    assert message["error"] == error_line(error, "cpu") and message["error"].startswith(line)
    assert is_expected(error) == (kind in ("spec", "diverged"))


def test_another_class_of_the_same_name_is_no_divergence() -> None:
    namesake = type("Diverged", (ValueError,), {})
    assert not is_expected(namesake("not ours"))


def test_a_result_is_read_with_its_history_and_its_files_where_they_are_now(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    assert read_result(folder) is None and read_history(folder) == []
    write_result(folder, {**RESULT, "checkpoint": "/elsewhere/weights.safetensors"}, MEASURED)
    assert [path.name for path in folder.iterdir()] == [RESULT_FILE]
    assert read_result(folder) is None, "its weights are gone"
    (folder / "weights.safetensors").touch()
    assert read_result(folder) == {**RESULT, "checkpoint": str(folder / "weights.safetensors")}
    assert read_history(folder) == MEASURED


def test_what_a_former_version_left_is_read_too(tmp_path: Path) -> None:
    (tmp_path / RESULT_FILE).write_text(json.dumps({**RESULT, "checkpoint": None, "told": MEASURED}))
    assert read_result(tmp_path) == {**RESULT, "checkpoint": None}
    assert read_history(tmp_path) == MEASURED
