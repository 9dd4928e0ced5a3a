"""Everything that computes is run on an emulated CUDA device, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_on_an_emulated_gpu() -> None:
    files = [str(path) for path in sorted((HERE / "on_cuda").glob("*.py"))]
    options = ["-p", "tests.devices.emulated_cuda", "-p", "no:cacheprovider", "-q", "--durations=5"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *files],
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-2000:]}"
