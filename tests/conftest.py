"""What all tests share: one thread each, and the way to the real photographs."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

# Networks and pictures of tests are small: threads would wait for each other longer than they compute, here and in the
# processes that tests start. What depends on their number asks for it.
os.environ["OMP_NUM_THREADS"] = "1"
import torch

from invariance.runs.threads import num_cores

ROOT = Path(__file__).parents[1]

torch.set_num_threads(1)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than cores: who waits for a browser, or for another process to get that far, computes nothing."""
    return num_cores() + 1


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Puts back what a test that asks for more may leave."""
    yield
    torch.set_num_threads(1)


@pytest.fixture
def si_score() -> Path:
    """Folder of real photographs in the SI-Score layout, kept beside the project and not in it."""
    folder = ROOT.parent / "shared" / "data" / "si-score"
    if not folder.is_dir():
        pytest.skip("no real photographs: ../shared/data/si-score is absent")
    return folder
