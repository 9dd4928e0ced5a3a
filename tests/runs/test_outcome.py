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
    Failure,
    ends_worker,
    error_line,
    failed_message,
    failure_of,
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
        (torch.AcceleratorError("CUDA error: no kernel image is available"), "unexpected", "AcceleratorError: ", True),
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


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity"),
        torch.AcceleratorError("CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"),
        RuntimeError("FIND was unable to find an engine to execute this computation"),
        RuntimeError("GET was unable to find an engine to execute this computation"),
        RuntimeError("cusolver error: CUSOLVER_STATUS_ALLOC_FAILED, when calling `cusolverDnCreate(handle)`"),
        RuntimeError("cuFFT error: CUFFT_ALLOC_FAILED"),
        RuntimeError("CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`"),
        RuntimeError("cusolver error: CUSOLVER_STATUS_INTERNAL_ERROR, when calling `cusolverDnCreate(handle)`"),
        RuntimeError("cuDNN error: CUDNN_STATUS_NOT_INITIALIZED"),
        OSError(12, "Cannot allocate memory"),
        RuntimeError("CUDA driver error: out of memory"),
        RuntimeError("CUDA ran out of memory outside PyTorch's allocator."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:127] . DefaultCPUAllocator: can't allocate memory: you tried to"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:80] . DefaultCPUAllocator: not enough memory: you tried"),
        MemoryError(),
    ],
    ids=lambda error: f"{type(error).__name__} {str(error)[:60]}",
)
def test_what_lacks_memory_is_told_whoever_says_so(error: Exception) -> None:
    assert failure_of(error) == Failure.OUT_OF_MEMORY


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("CUDA error: an illegal memory access was encountered"),
        RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
        RuntimeError("CUDA error: CUBLAS_STATUS_NOT_SUPPORTED when calling `cublasGemmEx`"),
        OSError(13, "Permission denied"),
        SpecError("objects = 'out of memory': there is no such folder"),
    ],
)
def test_what_fails_otherwise_does_not_lack_memory(error: Exception) -> None:
    assert failure_of(error) != Failure.OUT_OF_MEMORY


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
