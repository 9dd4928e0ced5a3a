"""One line for what a user can do something about."""

from __future__ import annotations

from invariance.commands.errors import RunFailed, explain


def test_a_failed_run_s_reason_is_told_as_it_is_whatever_it_speaks_of() -> None:
    said = "run aaaa failed: training diverged; run bbbb failed: out of memory on cuda: choose a smaller batch"
    assert explain(RunFailed(said)) == (said, 1)
    assert explain(MemoryError()) == (
        "out of memory on this device: choose a smaller batch, a smaller image size or a smaller model",
        1,
    )
    assert explain(ZeroDivisionError()) is None
