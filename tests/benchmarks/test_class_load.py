"""What the load test says of waits is what was waited."""

from __future__ import annotations

import math
import os

from benchmarks.class_load import cpu_ms, megabytes, summary


def test_waits_are_summed_up_by_action() -> None:
    found = summary({"slider": [0.1 * number for number in range(1, 11)], "page": [2.0], "panel": []})
    assert found == {"page": {"p50": 2.0, "p95": 2.0, "n": 1}, "slider": {"p50": 0.55, "p95": 0.955, "n": 10}}


def test_memory_and_time_of_a_process_that_is_gone_are_not_made_up() -> None:
    assert megabytes(os.getpid()) > 1 and math.isnan(megabytes(2**30))
    assert cpu_ms(os.getpid()) > 10 and math.isnan(cpu_ms(2**30))
