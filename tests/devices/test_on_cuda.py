"""Everything that computes is run on an emulated CUDA device, in processes of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FILES = sorted(path.stem for path in (HERE / "on_cuda").glob("*.py"))


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", FILES)
def test_on_an_emulated_gpu(name: str) -> None:
    path = HERE / "on_cuda" / f"{name}.py"
    options = ["-p", "tests.devices.emulated_cuda", "-p", "no:cacheprovider", "-q", "--durations=5"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(path)],
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-2000:]}"
