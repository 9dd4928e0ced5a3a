"""Runs small enough to be executed for real in a test."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from invariance.spec import DatasetSpec, PretrainSpec, TransferSpec

PATIENCE_S = 180.0
"""Far more than is needed: on a machine that does something else, a child may take a minute to load torch."""


def tiny_pretrain(**changes: Any) -> PretrainSpec:
    """A run of a second: noise, two classes, 64 samples."""
    data = DatasetSpec(
        objects="noise", backgrounds="noise", classes=("noise-00", "noise-01"), num_samples=64, image_size=16
    )
    values: dict[str, Any] = {"data": data, "epochs": 1, "batch_size": 16, "num_test_samples": 16}
    return PretrainSpec(**(values | changes))


def tiny_transfer(source: str, **changes: Any) -> TransferSpec:
    """A linear probe of a second on the model of :func:`tiny_pretrain`."""
    return TransferSpec(source=source, data=tiny_pretrain().data, num_test_samples=16, **changes)


def wait_until(holds: Callable[[], object], timeout_s: float = PATIENCE_S) -> None:
    """Waits for a condition, and fails if it does not come to hold."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
